"""Two runs, or two versions, as a person compares them: what is the same in a line, what differs side by side."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from agentctl.cli.screen.side_by_side import Mark, Piece, SideRow
from agentctl.cli.screen.terminal import Line, Terminal, Tone, capped
from agentctl.cli.screen.words import counted, length, usd
from agentctl.composition.contracts.diffs import VersionComparison
from agentctl.composition.contracts.policy_diffs import PolicyTrial
from agentctl.composition.contracts.versions import FoundVersion
from agentctl.replay.side_by_side.rows import Row, StepRows, story_rows
from agentctl.replay.side_by_side.runs import RunComparison, RunSide
from agentctl.review.differences.change import WEIGHTS, Change, Direction, Weight
from agentctl.review.differences.text_diff import Stretch, TextLine, text_diff, word_diff

_CAP: Final = 400
_MOST_ROWS: Final = 150
_MOST_LINES: Final = 60
_MOST_AMOUNTS: Final = 6
_SHORT: Final = 32
_OF_A_DIGEST: Final = len("sha256:") + 12
_TONES: dict[Direction, Tone] = {"wider": "warn", "narrower": "good", "other": "plain"}
_WEIGHS: dict[Weight, str] = {"high": "weighs much", "medium": "weighs something", "low": "weighs little"}
_TEXT_TONES: dict[str, Tone] = {"-": "bad", "+": "good", " ": "quiet", "~": "quiet"}


def show_runs(terminal: Terminal, found: RunComparison, *, full: bool) -> None:
    """Print two runs side by side."""
    verdict = "the same, but for times and ids" if found.same else _verdict(found)
    terminal.line(verdict, tone="good" if found.same else "title")
    terminal.line()
    terminal.side_by_side(_figures(found.before, found.after))
    rows, hidden = _cut(tuple(_rows(story_rows(found.alignment), full=full)), full=full)
    terminal.side_by_side(rows)
    if hidden:
        terminal.line(f"… {counted(hidden, 'more row')} (`--full`)", tone="quiet")


def show_versions(terminal: Terminal, found: VersionComparison, *, full: bool) -> None:
    """Print in what two versions differ, what weighs most first."""
    terminal.line(_effect(found), tone="good" if found.diff.same else "title")
    terminal.fields([("before", _named(found.before)), ("after", _named(found.after))])
    for weight in WEIGHTS:
        changes = [change for change in found.diff.changes if change.weight == weight]
        if changes:
            terminal.line()
            terminal.line(_WEIGHS[weight], tone="title")
        for change in changes:
            _show_change(terminal, change, full=full)
    _show_instructions(terminal, found.diff.instructions, full=full)
    notes = [*_trial(found), *map(_held, found.diff.without_effect)]
    if notes:
        terminal.line()
        terminal.lines(Line(note, tone="quiet") for note in notes)


def _verdict(found: RunComparison) -> str:
    parts = ", ".join(f"{aspect} ({count:,})" for aspect, count in found.aspects.items())
    return f"{counted(len(found.differences), 'difference')}: {parts}"


class _Figure(Struct, frozen=True):
    """A figure of two runs; one that differs between any two runs is never marked."""

    label: str
    before: str
    after: str
    always_differs: bool = False


def _figures(before: RunSide, after: RunSide) -> Iterator[SideRow]:
    yield SideRow("", [(before.run, True)], [(after.run, True)], "same", head=True)
    yield from map(_figure, _told(before, after))


def _figure(figure: _Figure) -> SideRow:
    same = figure.before == figure.after
    mark: Mark = "same" if same or figure.always_differs else "differs"
    unmarked = same or figure.always_differs
    return SideRow(figure.label, [(figure.before, unmarked)], [(figure.after, unmarked)], mark, 1)


def _told(before: RunSide, after: RunSide) -> Iterator[_Figure]:
    for label, field in (
        ("kind", "kind"),
        ("agent", "agent"),
        ("version", "version"),
        ("environment", "environment"),
    ):
        yield _Figure(label, _value(before, field), _value(after, field))
    yield _Figure("for", before.principal, after.principal)
    yield _Figure("ended", before.status, after.status)
    yield _Figure("steps, calls", _work(before), _work(after))
    yield _Figure("tokens", _tokens(before), _tokens(after))
    yield _Figure("cost", usd(before.cost_usd), usd(after.cost_usd))
    yield _Figure("time", _times(before), _times(after), always_differs=True)


def _value(side: RunSide, field: str) -> str:
    return (side.tag or side.version[:_OF_A_DIGEST]) if field == "version" else str(getattr(side, field))


def _work(side: RunSide) -> str:
    refused = f" ({side.refused} refused)" if side.refused else ""
    return f"{counted(side.steps, 'step')}, {counted(side.tool_calls, 'call')}{refused}"


def _tokens(side: RunSide) -> str:
    return f"{side.input_tokens:,} in, {side.output_tokens:,} out"


def _times(side: RunSide) -> str:
    models, tools = length(side.model_ms / 1_000), length(side.tool_ms / 1_000)
    return f"{length(side.duration_ms / 1_000)}: models {models}, tools {tools}"


def _rows(steps: Iterable[StepRows], *, full: bool) -> Iterator[SideRow]:
    """Yield the rows of all steps; of one that is the same a line, unless everything is wanted."""
    apart = True
    for step in steps:
        is_told = step.differs or full
        if is_told or (step.rows and step.head.label == "the step"):
            if is_told or apart:
                yield SideRow("", (), (), "same")
            apart = is_told
        if is_told:
            yield _head(step.head, step.head.before or "", step.head.after or "")
            yield from _within(step.rows, full=full)
        elif step.rows and step.head.label == "the step":
            summary = _summary(step)
            texts = [f"{head}: {summary}" for head in (step.head.before, step.head.after)]
            yield SideRow("", [(texts[0], True)], [(texts[1], True)], "same")


def _summary(step: StepRows) -> str:
    """Return what a step that is the same did, in a line."""
    tools = [row.before or "" for row in step.rows if row.kind == "head"]
    return f"{', '.join(tools) or 'the answer'}, the same"


def _within(rows: Sequence[Row], *, full: bool) -> Iterator[SideRow]:
    """Yield rows; unless all are wanted, those that tell a difference, each below the call that it belongs to."""
    call: Row | None = None  # whose head is not told yet
    told: set[tuple[str | None, str | None]] = set()
    for row in rows:
        if row.kind == "head":
            call, told = row, set()
        if not full and (not row.is_telling or (row.is_fact and (row.before, row.after) in told)):
            continue
        if call is not None:
            yield _head(call, call.before or "", call.after or "")
            call = None
        if row.kind != "head":
            told.add((row.before, row.after))
            yield _side(row, full=full)


def _head(row: Row, before: str, after: str) -> SideRow:
    same = row.before == row.after
    mark: Mark = (
        "same" if same else "after" if row.before is None else "before" if row.after is None else "differs"
    )
    return SideRow("", [(before, same)], [(after, same)], mark, row.depth, head=True)


def _side(row: Row, *, full: bool) -> SideRow:
    if row.before is None or row.after is None:
        mark: Mark = "after" if row.before is None else "before"
        texts = [capped(text or "", _CAP, full=full) for text in (row.before, row.after)]
        return SideRow(row.label, [(texts[0], False)], [(texts[1], False)], mark, row.depth)
    one, other = (
        capped(text, _CAP, full=full) for text in _from_the_difference(row.before, row.after, full=full)
    )
    before, after = word_diff(one, other)
    mark = "differs" if row.differs else "same"
    return SideRow(row.label, _pieces(before, row), _pieces(after, row), mark, row.depth)


def _pieces(stretches: Iterable[Stretch], row: Row) -> list[Piece]:
    return [(stretch.text, stretch.same or row.kind == "figure") for stretch in stretches]


def _from_the_difference(before: str, after: str, *, full: bool) -> tuple[str, str]:
    """Return two long texts from shortly before where they part: a cut that hides what differs would be of no use."""
    pairs = enumerate(zip(before, after, strict=False))
    parting = next((at for at, (one, other) in pairs if one != other), min(len(before), len(after)))
    start = 0 if full or parting < _CAP // 2 else parting - _CAP // 4
    head = f"… {start:,} characters that are the same … " if start else ""
    return head + before[start:], head + after[start:]


def _cut(rows: Sequence[SideRow], *, full: bool) -> tuple[Sequence[SideRow], int]:
    hidden = 0 if full else max(0, len(rows) - _MOST_ROWS)
    return rows[: len(rows) - hidden], hidden


def _effect(found: VersionComparison) -> str:
    if found.diff.same_bytes:
        return "the same version"
    if found.diff.same:
        return "the same in effect"
    counts = {
        direction: sum(change.direction == direction for change in found.diff.changes)
        for direction in ("wider", "narrower", "other")
    }
    parts = ", ".join(f"{count} {direction}" for direction, count in counts.items() if count)
    return f"{counted(len(found.diff.changes), 'difference')} in effect: {parts}"


def _named(found: FoundVersion) -> str:
    how = {"file": "file", "tag": "tag", "digest": "digest", "agent": "the files of"}[found.named]
    tag = f", tagged {found.tag}" if found.tag and found.named != "tag" else ""
    said = f"{how} {found.text}{tag}" if found.named != "digest" else f"of {found.agent}{tag}"
    return f"{found.version.digest[:_OF_A_DIGEST]} ({said})"


def _show_change(terminal: Terminal, change: Change, *, full: bool) -> None:
    """Print a change: in a line where that is enough, a text of several lines line by line, else side by side."""
    tone = "bad" if change.direction == "wider" and change.weight == "high" else _TONES[change.direction]
    head, both = f"{change.direction:<9} {change.path}: {change.what}", change.before + change.after
    if "\n" in both:
        terminal.lines([Line(head, 1, tone)])
        _show_text(terminal, text_diff(change.before, change.after), 2, full=full)
    elif max(len(change.before), len(change.after)) <= _SHORT:
        values = f"{change.before or 'nothing'} -> {change.after or 'nothing'}"
        terminal.lines([Line(f"{head}: {values}", 1, tone)])
    else:
        terminal.lines([Line(head, 1, tone)])
        terminal.side_by_side([_values(change, full=full)])


def _values(change: Change, *, full: bool) -> SideRow:
    mark: Mark = "after" if not change.before else "before" if not change.after else "differs"
    texts = [capped(text, _CAP, full=full) for text in (change.before, change.after)]
    before, after = word_diff(*texts)
    pieces = [[(stretch.text, stretch.same) for stretch in side] for side in (before, after)]
    return SideRow("", pieces[0], pieces[1], mark, 1)


def _show_instructions(terminal: Terminal, lines: Sequence[TextLine], *, full: bool) -> None:
    if lines:
        terminal.line()
        terminal.line("instructions", tone="title")
        _show_text(terminal, lines, 1, full=full)


def _show_text(terminal: Terminal, lines: Sequence[TextLine], depth: int, *, full: bool) -> None:
    shown = lines if full else lines[:_MOST_LINES]
    terminal.lines(_text_line(line, depth) for line in shown)
    if len(shown) < len(lines):
        rest = f"… {counted(len(lines) - len(shown), 'more line')} (`--full`)"
        terminal.lines([Line(rest, depth, "quiet")])


def _text_line(line: TextLine, depth: int) -> Line:
    if line.mark != "~":
        return Line(f"{line.mark} {line.text}", depth, _TEXT_TONES[line.mark], hang=2)
    count = int(line.text)
    return Line(f"… {counted(count, 'line')} {'is' if count == 1 else 'are'} the same", depth, "quiet")


def _trial(found: VersionComparison) -> Iterator[str]:
    """Return what came of asking both versions' policies, where they differ."""
    trial = found.trial
    if trial.why_not:
        yield f"the policies were not asked: {trial.why_not}"
    if trial.asked:
        flips = len(trial.flips)
        differ = (
            "no answer differs"
            if not flips
            else f"{counted(flips, 'answer')} {'differs' if flips == 1 else 'differ'}"
        )
        yield f"the policies of both were asked {_of_how_many(trial)}: {differ}"
    if trial.left_out:
        yield f"left out: the same calls with other amounts, {_some_of(trial.left_out)}"


def _of_how_many(trial: PolicyTrial) -> str:
    every = trial.asked + sum(trial.left_out.values())
    return f"{trial.asked} of {counted(every, 'question')}" if trial.left_out else counted(every, "question")


def _some_of(amounts: Iterable[int]) -> str:
    """Return some amounts, and how many more there are."""
    every = list(map(str, amounts))
    more = f" and {len(every) - _MOST_AMOUNTS} more" if len(every) > _MOST_AMOUNTS else ""
    return ", ".join(every[:_MOST_AMOUNTS]) + more


def _held(change: Change) -> str:
    return f"without effect: {change.path} {change.before} -> {change.after}; {change.what}"
