"""What a person sees of a replay: how far it is the same first, then counts, and where it parts side by side; pure."""

from collections.abc import Iterator

from agentctl.cli.screen.terminal import Line, Tone
from agentctl.cli.screen.words import counted
from agentctl.composition.replays.replaying import ReplayOutcome
from agentctl.events.replay import Difference, Fidelity, ReplayJudged

_TONES: dict[Fidelity, Tone] = {"exact": "good", "drift": "warn", "bounded": "bad", "diverged": "bad"}
_MOST_SHOWN = 5
_MOST_OF_THE_OTHERS = 160
_NOTHING = "(nothing)"


def replay_lines(outcome: ReplayOutcome) -> Iterator[Line]:
    """Return everything about a replay."""
    judged = outcome.judged
    yield Line(f"{_fidelity(judged)}: {judged.detail}", tone=_TONES[judged.fidelity])
    yield Line(_counts(outcome), 1)
    if judged.differences:
        yield Line("")
        yield from _parting(judged)
    if judged.from_tape:
        yield Line(f"not asked again, answered from the journal: {', '.join(judged.from_tape)}", 1, "quiet")
    for note in outcome.notes:
        yield Line(note, 1, "quiet")
    yield Line("")
    yield Line(f"replay {outcome.run} of run {outcome.of.run} ({outcome.of.mode})", tone="quiet")


def _fidelity(judged: ReplayJudged) -> str:
    return judged.fidelity if judged.step is None else f"{judged.fidelity}@{judged.step}"


def _counts(outcome: ReplayOutcome) -> str:
    judged = outcome.judged
    if outcome.of.mode == "policy":
        changed = len(judged.differences)
        return f"{counted(judged.exact + changed, 'judgement')}: {judged.exact} as they were, {changed} otherwise"
    answered = counted(judged.exact + judged.drift + judged.missed, "request")
    from_journal = (
        f"{judged.exact} as they were, {judged.drift} though they differ, {judged.missed} not at all"
    )
    return f"{answered} answered from the journal: {from_journal}"


def _parting(judged: ReplayJudged) -> Iterator[Line]:
    """Show the first places side by side, the first of all in full."""
    for number, difference in enumerate(judged.differences[:_MOST_SHOWN]):
        most = _MOST_OF_THE_OTHERS if number else None
        yield Line(_where(difference), 1, "title")
        yield from _side("in the run", difference.before, most)
        yield from _side("in the replay", difference.after, most)
    more = len(judged.differences) - _MOST_SHOWN
    if more > 0:
        yield Line(f"and {counted(more, 'more difference')}; `--json` has them", 1, "quiet")


def _where(difference: Difference) -> str:
    place = f"step {difference.step}" if difference.call is None else f"call {difference.call}"
    field = difference.field.removeprefix("/")
    return f"{place}  {difference.event}" + (f"  {field}" if field else "")


def _side(name: str, whole: str, most: int | None) -> Iterator[Line]:
    text = whole if most is None or len(whole) <= most else f"{whole[:most]}…"
    first, *rest = text.splitlines() or [_NOTHING]
    yield Line(f"{name:<14}{first}", 2, hang=14)
    yield from (Line(f"{'':<14}{line}", 2, hang=14) for line in rest)
