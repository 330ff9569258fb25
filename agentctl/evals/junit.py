"""An eval as JUnit XML, the form that every CI reads. Pure.

A case that failed is a `failure`; one without a judgement is an `error`, and so is a baseline that it cannot be compared
with: where the verdict is not `passed`, no reader of this file sees only green.
"""

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from agentctl.evals.report import EvalReport
from agentctl.evals.results import CaseResult
from agentctl.evals.telling import reasons_of, remarks_of, trials_shown, version_shown
from agentctl.foundation.money import plain
from agentctl.foundation.visible import visible

_COMPARISON: Final = "comparison with the baseline"


def junit(report: EvalReport) -> str:
    """Return the XML of an eval: one suite, one test case for each golden case."""
    cases = [_case(result, report) for result in report.results]
    if report.verdict.kind == "incomparable":
        cases.append(_comparison(report))
    root = _element("testsuites", name="agentctl eval", **_sums(cases, report))
    suite = _below(
        root, "testsuite", name=f"{report.started.agent}@{version_shown(report)}", **_sums(cases, report)
    )
    suite.set("skipped", str(_count(cases, "skipped")))
    properties = _below(suite, "properties")
    for name, value in _properties(report):
        _below(properties, "property", name=name, value=value)
    suite.extend(cases)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _sums(cases: list[Element], report: EvalReport) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(_count(cases, "failure")),
        "errors": str(_count(cases, "error")),
        "time": _seconds(report.duration_ms),
    }


def _count(cases: list[Element], tag: str) -> int:
    return sum(case.find(tag) is not None for case in cases)


def _properties(report: EvalReport) -> Iterator[tuple[str, str]]:
    """Yield what was tried, where, and which runs to look at."""
    started, baseline = report.started, report.baseline
    yield "eval", report.eval
    yield "version", started.version
    if started.version_tag is not None:
        yield "version_tag", started.version_tag
    yield "environment", started.environment
    yield "golden_set", report.golden_set
    yield "baseline", "none" if baseline is None else baseline.version
    yield "verdict", report.verdict.kind
    yield "cost_usd", plain(report.cost_usd)
    for result in report.results:
        for trial in result.trials:
            yield f"run of {result.case.id}, trial {trial.trial}", trial.run


def _case(result: CaseResult, report: EvalReport) -> Element:
    place = report.places.get(result.case.id)
    case = _element(
        "testcase",
        classname=report.golden_set,
        name=result.case.id,
        time=_seconds(result.duration_ms),
    )
    if place is not None:
        case.set("file", visible(place.file))
    if place is not None and place.line:
        case.set("line", str(place.line))
    _add_end(case, result)
    remarks = remarks_of(result)
    if remarks:
        _below(case, "system-out").text = _lines(remarks)
    return case


def _add_end(case: Element, result: CaseResult) -> None:
    match result.outcome:
        case "passed":
            return
        case "skipped":
            _below(case, "skipped", message=result.case.skip or "skipped")
        case "failed":
            _add_reasons(case, "failure", result, "assertion")
        case "unjudged" | "not_tried" as outcome:
            failed = any(trial.outcome == "provider_failed" for trial in result.trials)
            kind = "provider_failed" if outcome == "unjudged" and failed else outcome
            _add_reasons(case, "error", result, kind)


def _add_reasons(case: Element, tag: str, result: CaseResult, kind: str) -> None:
    reasons = reasons_of(result)
    runs = tuple(f"agentctl runs show {trial.run}" for trial in result.trials if trial.outcome != "passed")
    first = reasons[0] if reasons else trials_shown(result)
    said = _below(case, tag, message=first, type=kind)
    said.text = _lines((trials_shown(result), *reasons, *runs))


def _comparison(report: EvalReport) -> Element:
    case = _element("testcase", classname=report.golden_set, name=_COMPARISON, time=_seconds(0))
    said = _below(case, "error", message=report.verdict.reasons[0], type="incomparable")
    said.text = _lines(report.verdict.reasons)
    return case


def _element(tag: str, **attributes: str) -> Element:
    return Element(tag, {name: visible(value) for name, value in attributes.items()})


def _below(parent: Element, tag: str, **attributes: str) -> Element:
    return SubElement(parent, tag, {name: visible(value) for name, value in attributes.items()})


def _lines(sentences: tuple[str, ...]) -> str:
    """Return sentences as lines; what XML 1.0 does not take is written as an escape."""
    return "\n".join(visible(sentence, keep_newlines=True) for sentence in sentences)


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1_000:.3f}"
