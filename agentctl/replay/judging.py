"""How far a replay went the same way as its run, and where and why they part. Pure."""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from agentctl.events.replay import Cause, Fidelity, ReplayJudged
from agentctl.events.run import ReplayMode
from agentctl.replay.causes import SENTENCES, Sides, cause_of, request_partings
from agentctl.replay.recorded.answers import Count
from agentctl.replay.recorded.findings import Finding

MOST_DIFFERENCES: Final = 100
"""As many are recorded."""

_LIFE: Final = {"run.started", "run.resumed"}


class Replayed(Struct, frozen=True):
    """A replay that is over. `from_tape` are the authorities that were not asked again."""

    mode: ReplayMode
    sides: Sides
    count: Count
    from_tape: tuple[str, ...]


def judged(replayed: Replayed) -> ReplayJudged:
    """Return what is to be said of a replay."""
    found = replayed.sides.findings.in_order()
    first = _first(found, replayed)
    if first is None:
        return _said(replayed, "exact", None, None)
    fidelity: Fidelity = "drift" if _is_drift(found, replayed) else "diverged"
    return _said(replayed, fidelity, first, cause_of(first, replayed.sides))


def _first(found: tuple[Finding, ...], replayed: Replayed) -> Finding | None:
    """Return the first place that matters most: where something came of it, else where something was asked otherwise.

    That a run begins under another version is a difference by itself only where nothing else is.
    """
    if not _may_drift(replayed):
        return next(iter(found), None)
    ranked = (
        [finding for finding in found if not finding.parting.asked],
        [finding for finding in found if finding.event.type not in _LIFE],
        list(found),
    )
    return next((group[0] for group in ranked if group), None)


def _is_drift(found: tuple[Finding, ...], replayed: Replayed) -> bool:
    return _may_drift(replayed) and all(finding.parting.asked for finding in found)


def _may_drift(replayed: Replayed) -> bool:
    """Return whether anything may be asked otherwise: not where version and model are those of the run."""
    sides = replayed.sides
    return sides.then.version != sides.now.version or replayed.mode == "tools-taped"


def _said(replayed: Replayed, fidelity: Fidelity, first: Finding | None, cause: Cause | None) -> ReplayJudged:
    count, shown = replayed.count, _shown(replayed, first)
    return ReplayJudged(
        fidelity=fidelity,
        step=None if first is None else first.step,
        cause=cause,
        detail=_sentence(first, cause),
        exact=count.exact,
        drift=count.drift,
        missed=count.missed,
        differences=tuple(finding.as_difference() for finding in shown[:MOST_DIFFERENCES]),
        from_tape=replayed.from_tape,
    )


def _shown(replayed: Replayed, first: Finding | None) -> tuple[Finding, ...]:
    """Return what is shown: the first of all first, where it is a request the parts in which it differs, then the others."""
    found = replayed.sides.findings.in_order()
    if first is None:
        return found
    parts = request_partings(first, replayed.sides)
    in_parts = (replace(first, parting=part) for part in parts)
    return (*in_parts, first, *(finding for finding in found if finding is not first))


def _sentence(first: Finding | None, cause: Cause | None) -> str:
    if first is None or cause is None:
        return "the replay is the run, event by event"
    difference = first.as_difference()
    where = f"step {first.step}" if difference.call is None else f"call {difference.call}"
    return f"{where}: {_what(first)}; {SENTENCES[cause]}"


def _what(first: Finding) -> str:
    kind = first.event.type
    if first.before is None:
        return f"`{kind}` came, which the run does not have"
    if first.after is None:
        return f"`{kind}` did not come"
    return f"`{first.parting.field.removeprefix('/') or kind}` of `{kind}` differs"
