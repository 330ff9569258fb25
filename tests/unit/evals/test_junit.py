"""JUnit: what every CI reads says the same as the verdict, in XML that every reader takes."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agentctl.evals.junit import junit
from agentctl.evals.report import EvalReport
from agentctl.events.evals import TrialOutcome
from tests.fakes.evals import (
    AGENT,
    EVAL,
    GOLDEN_SET,
    baseline_of,
    blessed_case,
    digest,
    golden,
    judged,
    report_of,
    result_of,
    score,
)

# Which attributes and which children, in which order, readers of JUnit know.
_KNOWN: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, ("testsuite",)),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time"},
        ("properties", "testcase", "system-out", "system-err"),
    ),
    "properties": (set(), ("property",)),
    "property": ({"name", "value"}, ()),
    "testcase": (
        {"classname", "name", "time", "file", "line"},
        ("skipped", "error", "failure", "system-out", "system-err"),
    ),
    "failure": ({"message", "type"}, ()),
    "error": ({"message", "type"}, ()),
    "skipped": ({"message"}, ()),
    "system-out": (set(), ()),
}


def read(report: EvalReport) -> ET.Element:
    """Return the XML of a report, of which every part is known and in its place, and every sum is right."""
    root = ET.fromstring(junit(report).encode())  # noqa: S314 - what is read here was written here
    for element in root.iter():
        attributes, children = _KNOWN[element.tag]
        assert set(element.attrib) <= attributes
        order = [children.index(child.tag) for child in element]
        assert order == sorted(order)
    for suite in (root, *root.iter("testsuite")):
        assert int(suite.get("tests", "")) == len(list(suite.iter("testcase")))
        assert int(suite.get("failures", "")) == len(list(suite.iter("failure")))
        assert int(suite.get("errors", "")) == len(list(suite.iter("error")))
    return root


def test_a_failure_says_all_its_hard_assertions_and_stands_where_its_case_stands() -> None:
    """Name, file, line, time, every hard assertion, and the run to look at."""
    trial = judged("a", 1, "failed", score("expected x; found y"), score("expected z; found w", kind="regex"))
    case = read(report_of(result_of(golden("a"), trial), tag="v1.2")).find(".//testcase")
    assert case is not None
    assert case.attrib == {
        "classname": GOLDEN_SET,
        "name": "a",
        "time": "0.250",
        "file": GOLDEN_SET,
        "line": "10",
    }
    failure = case.find("failure")
    assert failure is not None
    assert failure.attrib == {"message": "contains: expected x; found y", "type": "assertion"}
    text = failure.text or ""
    assert "regex: expected z; found w" in text
    assert "agentctl runs show run-a-1" in text


def test_the_suite_says_what_was_tried() -> None:
    """Version, environment, baseline, eval, runs and cost are properties."""
    baseline = baseline_of({"a": blessed_case()})
    report = report_of(result_of(golden("a"), judged("a"), baseline=baseline), baseline=baseline, tag="v1.2")
    root = read(report)
    said = {item.get("name"): item.get("value") for item in root.iter("property")}
    assert said == {
        "eval": EVAL,
        "version": digest("a"),
        "version_tag": "v1.2",
        "environment": "sandbox",
        "golden_set": GOLDEN_SET,
        "baseline": digest("b"),
        "verdict": "passed",
        "cost_usd": "0.01",
        "run of a, trial 1": "run-a-1",
    }
    suite = root.find("testsuite")
    assert suite is not None
    assert suite.get("name") == f"{AGENT}@v1.2"


@pytest.mark.parametrize(
    ("outcome", "kind"), [("error", "unjudged"), ("provider_failed", "provider_failed"), (None, "not_tried")]
)
def test_what_was_not_judged_is_an_error(outcome: TrialOutcome | None, kind: str) -> None:
    """No judgement is no failure of the agent, and no pass."""
    trials = () if outcome is None else (judged("a", 1, outcome, detail="no model answered"),)
    (error,) = read(report_of(result_of(golden("a"), *trials))).iter("error")
    assert error.get("type") == kind
    assert error.get("message") == ("1 of 1 trials were not made" if outcome is None else "no model answered")


def test_a_skipped_case_says_why() -> None:
    """With the reason, and counted."""
    root = read(report_of(result_of(golden("a", skip="waits for the new tool"))))
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == "waits for the new tool"
    assert [suite.get("skipped") for suite in root.iter("testsuite")] == ["1"]


def test_what_cannot_be_compared_is_not_green() -> None:
    """All cases passed, and still the file has an error: the verdict is not `passed`."""
    root = read(report_of(result_of(golden("a"), judged("a")), obstacles=["`b` is gone"]))
    assert [error.get("message") for error in root.iter("error")] == ["`b` is gone"]


def test_remarks_and_lost_trials_are_told_beside_a_pass() -> None:
    """A case that passed twice of three times says what it lost, and its soft assertions."""
    trials = (
        judged("a", 1, "passed", score("too long", hard=False)),
        judged("a", 2, "failed", score("wrong")),
        judged("a", 3),
    )
    root = read(report_of(result_of(golden("a", repeats=3, min_pass=2), *trials)))
    assert not list(root.iter("failure"))
    (out,) = root.iter("system-out")
    assert out.text == "trial 1: contains: too long\ntrial 2: contains: wrong"


def test_a_case_that_stands_nowhere_is_told_all_the_same() -> None:
    """Neither a place nor a line is needed."""
    report = report_of(result_of(golden("a"), judged("a")), file=GOLDEN_SET)
    bare = replace(report, places={})
    case = read(bare).find(".//testcase")
    assert case is not None
    assert not {"file", "line"} & set(case.attrib)


@given(st.text(st.characters(), max_size=40))
def test_any_text_gives_xml(text: str) -> None:
    """Controls, surrogates, non-characters, markup: what XML cannot hold is escaped, the rest comes back."""
    trial = judged("a", 1, "failed", score(f"x{text}"))
    (failure,) = read(report_of(result_of(golden("a", skip=None), trial))).iter("failure")
    assert (failure.get("message") or "").startswith("contains: x")
