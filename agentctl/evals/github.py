"""An eval as GitHub shows it: annotations beside the golden cases, and a page of Markdown for the step's summary. Pure.

What models, tools and cases wrote may stand in both. It is made visible and escaped: it starts no command of its own,
breaks no table, and is neither HTML nor a link.
"""

import re
from collections.abc import Iterator, Sequence
from posixpath import join
from typing import Final

from msgspec.structs import replace

from agentctl.evals.report import EvalReport
from agentctl.evals.results import CaseResult
from agentctl.evals.telling import (
    reasons_of,
    remarks_of,
    short,
    trials_shown,
    version_shown,
    wanting,
    word_for,
)
from agentctl.evals.wording import cut
from agentctl.foundation.errors import Place
from agentctl.foundation.money import plain
from agentctl.foundation.visible import visible

MOST_OF_A_KIND: Final = 10
"""GitHub shows no more errors and no more warnings of one step."""
MOST_BYTES: Final = 1 << 20
"""GitHub drops a longer summary as a whole."""

_LONGEST_MESSAGE: Final = 4_000
_ROOM_FOR_THE_REST: Final = 400
# Without signs that Markdown or GitHub would take for more than themselves; a stop stands only before a space or in a number.
_PLAIN: Final = re.compile(r"(?:[A-Za-z0-9 ,;:'%-]|(?<=[0-9])\.(?=[0-9])|\.(?= |$))*")


def annotations(report: EvalReport, folder: str = "") -> tuple[str, ...]:
    """Return the workflow commands of an eval: errors for what is wanting, the gravest first, and warnings for remarks.

    `folder` is where in its repository the project lies: GitHub looks for files from the repository's root.
    """
    report = _seen_from_the_root(report, folder)
    errors = [_of_case("error", result, reasons_of(result), report) for result in wanting(report)]
    if report.verdict.kind == "incomparable":
        errors += [_of_verdict(report)]
    warnings = [
        _of_case("warning", result, remarks, report)
        for result in report.results
        if (remarks := remarks_of(result))
    ]
    return (*_capped("error", errors), *_capped("warning", warnings))


def _seen_from_the_root(report: EvalReport, folder: str) -> EvalReport:
    places = {case: replace(place, file=join(folder, place.file)) for case, place in report.places.items()}
    started = report.started.model_copy(update={"golden_set": join(folder, report.golden_set)})
    return replace(report, places=places, started=started)


def _of_case(kind: str, result: CaseResult, sentences: Sequence[str], report: EvalReport) -> str:
    title = f"{result.case.id}: {word_for(result) if kind == 'error' else 'remark'}"
    text = "\n".join(sentences) or trials_shown(result)
    return _command(kind, report.places.get(result.case.id), title, text)


def _of_verdict(report: EvalReport) -> str:
    return _command("error", Place(report.golden_set), "incomparable", "\n".join(report.verdict.reasons))


def _capped(kind: str, commands: list[str]) -> list[str]:
    """Return commands, or those that GitHub shows, of which the last says how many more there are."""
    if len(commands) <= MOST_OF_A_KIND:
        return commands
    kept = commands[: MOST_OF_A_KIND - 1]
    rest = f"{len(commands) - len(kept)} more {kind}s are not shown here; the step's summary has them"
    return [*kept, _command(kind, None, "agentctl eval", rest)]


def _command(kind: str, place: Place | None, title: str, text: str) -> str:
    where = "" if place is None else f"file={_property(place.file)},"
    line = f"line={place.line}," if place is not None and place.line else ""
    told = _data(cut(visible(text, keep_newlines=True), _LONGEST_MESSAGE))
    return f"::{kind} {where}{line}title={_property(title)}::{told}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")


def summary(report: EvalReport, taken: int = 0) -> str:
    """Return the page of an eval in Markdown, at most as long as GitHub takes; `taken` bytes stand there already."""
    return _fitting(list(_page(report)), MOST_BYTES - taken)


def _fitting(lines: list[str], most: int) -> str:
    """Return the lines that fit, and how much is missing; nothing where there is no room even for that."""
    sizes = [len(line.encode()) + 1 for line in lines]
    kept, used = 0, 0
    room = most if sum(sizes) <= most else most - _ROOM_FOR_THE_REST
    if room < 0:
        return ""
    while kept < len(lines) and used + sizes[kept] <= room:
        used += sizes[kept]
        kept += 1
    missing = len(lines) - kept
    rest = f"\n{missing} more lines, {sum(sizes[kept:])} bytes, are missing: GitHub takes no longer page.\n"
    return "".join(f"{line}\n" for line in lines[:kept]) + (rest if missing else "")


def _page(report: EvalReport) -> Iterator[str]:
    first, *others = report.verdict.reasons
    yield f"## agentctl eval: {report.verdict.kind.replace('_', ' ')}"
    yield ""
    yield f"**{_code(report.started.agent)} {_code(version_shown(report))}**: {_prose(first)}"
    yield ""
    yield from (f"- {_prose(other)}" for other in others)
    yield f"- {_sums(report)}"
    yield ""
    yield from _table(report)
    for result in wanting(report):
        yield from _section(result)
    yield from _remarks(report)
    yield from _changes(report)
    yield from _next(report)


def _sums(report: EvalReport) -> str:
    trials = sum(len(result.trials) for result in report.results)
    seconds = report.duration_ms / 1_000
    return (
        f"cases: {len(report.results)}, trials: {trials}, in {_code(report.started.environment)}, "
        f"{plain(report.cost_usd)} USD, {seconds:.1f} s of trials"
    )


def _table(report: EvalReport) -> Iterator[str]:
    """Yield the cases that matter: those that are wanting first, then what is new, fixed, changed or skipped."""
    grave = wanting(report)
    quiet = [result for result in report.results if result not in grave and _is_told(result)]
    if not grave and not quiet:
        return
    yield "| Case | Came to | Against the baseline | Trials passed | Place |"
    yield "|---|---|---|---|---|"
    for result in (*grave, *quiet):
        place = report.places.get(result.case.id)
        yield (
            f"| {_code(result.case.id)} | {word_for(result)} | {result.change or 'not compared'} | "
            f"{result.passes} of {result.planned} | {_code('' if place is None else str(place))} |"
        )
    yield ""


def _is_told(result: CaseResult) -> bool:
    return result.outcome == "skipped" or result.change in {"new", "fixed", "changed"}


def _section(result: CaseResult) -> Iterator[str]:
    yield f"### {_code(result.case.id)} {word_for(result)}"
    yield ""
    yield from (f"- {_code(sentence)}" for sentence in reasons_of(result))
    yield from (
        f"- next: {_code(f'agentctl runs show {trial.run}')}"
        for trial in result.trials
        if trial.outcome != "passed"
    )
    yield ""


def _remarks(report: EvalReport) -> Iterator[str]:
    found = [(result, remark) for result in report.results for remark in remarks_of(result)]
    skipped = [(result, result.case.skip) for result in report.results if result.case.skip]
    if not found and not skipped:
        return
    yield "### Remarks"
    yield ""
    yield from (f"- {_code(result.case.id)}: {_code(remark)}" for result, remark in found)
    yield from (f"- {_code(result.case.id)} is skipped: {_code(reason)}" for result, reason in skipped)
    yield ""


def _changes(report: EvalReport) -> Iterator[str]:
    if report.baseline is None or not report.changes:
        return
    yield "### Changed since the baseline"
    yield ""
    yield from (f"- {_prose(change)}" for change in report.changes)
    yield ""


def _next(report: EvalReport) -> Iterator[str]:
    """Yield what to type to see the same at home."""
    ids = [result.case.id for result in wanting(report)]
    lines = [f"agentctl eval {report.started.agent} --cases {ids[0]}"] if ids else []
    if report.baseline is not None and report.baseline.version != report.started.version:
        lines.append(f"agentctl diff {short(report.baseline.version)} {short(report.started.version)}")
    if report.verdict.kind == "passed" and any(result.change != "same" for result in report.results):
        lines.append(f"agentctl eval {report.started.agent} --bless")
    if lines:
        yield "### What to type next"
        yield ""
        yield from (f"- {_code(line)}" for line in lines)
        yield ""


def _code(text: str) -> str:
    """Return a text as code: GitHub looks for no HTML, link or mention there. A bar would end the cell of a table."""
    shown = visible(text).replace("|", r"\x7c")
    if not shown.strip():
        return ""
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if len(fence) > 1 else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _prose(text: str) -> str:
    """Return a sentence of ours with its names in backticks; as code as a whole where anything else stands in it."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0 or not all(_PLAIN.fullmatch(piece) for piece in pieces[::2]):
        return _code(text)
    return "".join(_code(piece) if index % 2 else piece for index, piece in enumerate(pieces))
