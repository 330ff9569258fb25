"""What `agentctl doctor` says of the evidence: journals, index, letters, time. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from agentctl.events.run import TOLERATED_BEHIND_SECONDS
from agentctl.review.doctor.observation import NOT_YOURS, Observation, counted, listed, note, ok, problem

_REMEDIES = 3


class Damaged(Struct, frozen=True):
    """A journal of which only the first `records` hold; None lines where it could not be read at all.

    `version`: that of the first record that does not hold, where nobody here knows it.
    """

    run: str
    path: str
    records: int
    lines: int | None
    version: int | None = None


class Waiting(Struct, frozen=True):
    """A run that has not ended, and what waits for it.

    `letters`: messages that it has not taken in; `unreadable`: files in its inbox that are none; `overdue`: whether time did
    something to its approval requests that is not on record yet; `problem`: why nobody can tell.
    """

    run: str
    letters: int = 0
    unreadable: tuple[str, ...] = ()
    overdue: bool = False
    problem: str = ""


def control(records: int, wrong: str) -> Observation:
    """Return whether the journal of acts outside runs is what was written; `wrong` says why not."""
    if wrong:
        return problem(f"the control journal: {wrong}", "put the file back as it was, from a copy")
    return ok(f"the control journal is whole: {counted(records, 'record')}")


def journals(number: int, damaged: Iterable[Damaged]) -> tuple[Observation, ...]:
    """Return whether every journal is what was written."""
    found = tuple(damaged)
    whole = number - len(found)
    well = (ok(f"{whole:,} of {counted(number, 'journal')} whole"),) if whole else ()
    return (*well, *(_damaged(item) for item in found))


def index(duckdb: str | None, *, behind: bool, brought_from: int | None = None) -> Observation:
    """Return whether the index can be used; it is never more than a copy. `brought_from`: of which older version it was."""
    made_by = f"DuckDB {duckdb}" if duckdb else "DuckDB"
    if brought_from is not None:
        made_by += f", brought forward from version {brought_from} just now"
    if behind:
        return note(
            f"the index ({made_by}) lacked some of the journals: they were read themselves, and it is brought up to date "
            "where it can be written"
        )
    return ok(f"the index ({made_by}) holds every journal")


def set_aside(names: Sequence[str]) -> tuple[Observation, ...]:
    """Return which indexes were put aside, as damaged or of a version from which no steps lead to ours; nothing reads them."""
    if not names:
        return ()
    return (
        note(
            "an index that was put aside when another was made: nothing reads it",
            *(f"rm {name}" for name in names),
        ),
    )


def inboxes(waiting: Iterable[Waiting]) -> tuple[Observation, ...]:
    """Return for which runs messages lie in the inbox, and what in it is none."""
    found = tuple(waiting)
    unread = [item for item in found if item.letters]
    total = sum(item.letters for item in unread)
    letters = note(
        f"{counted(total, 'letter')} not taken in yet, of {counted(len(unread), 'run')}",
        *_some(f"agentctl resume {item.run}" for item in unread),
    )
    return (
        *((letters,) if unread else ()),
        *(_unreadable(item) for item in found if item.unreadable),
        *(
            problem(f"run {item.run}: {item.problem}", f"agentctl runs show {item.run}")
            for item in found
            if item.problem
        ),
    )


def approvals(waiting: Iterable[Waiting]) -> tuple[Observation, ...]:
    """Return where time ran out for an approval request, or a step of its escalation is due."""
    late = [item.run for item in waiting if item.overdue]
    if not late:
        return ()
    what = f"approvals are overdue in {counted(len(late), 'run')}: {listed(late)}"
    return (problem(what, "agentctl approvals sweep", "better: let a timer type that every minute"),)


def sealed(left: Sequence[str]) -> tuple[Observation, ...]:
    """Return which runs are over and have left sealed values behind, as one does whose process is killed at its very end."""
    if not left:
        return ()
    what = f"values are still sealed of {counted(len(left), 'run')} that ended: {listed(left)}"
    return (problem(what, "agentctl approvals sweep", "which destroys them"),)


def clock(now: datetime, last: datetime | None) -> Observation:
    """Return whether the clock stands before what is already on record."""
    behind = (last - now).total_seconds() if last is not None else 0.0
    if behind > TOLERATED_BEHIND_SECONDS:
        return problem(
            f"the clock is {behind:,.0f} s behind the last record; terms of approvals are counted by it",
            "set the clock: timedatectl set-ntp true",
        )
    return ok("the clock is not behind the last record")


def _damaged(item: Damaged) -> Observation:
    if item.version is not None:
        return problem(
            f"traces/journal/{item.path} is of journal version {item.version}, which is not known here",
            "use the agentctl that wrote it, or a newer one",
        )
    if item.lines is None:
        return problem(
            f"traces/journal/{item.path} cannot be read",
            f"{NOT_YOURS}; if it is yours, put the file back from a copy",
        )
    return problem(
        f"traces/journal/{item.path} is not what was written: only its first {item.records:,} of {item.lines:,} lines hold",
        "put the file back from a copy; what of it holds is shown by",
        f"agentctl runs show {item.run}",
    )


def _unreadable(item: Waiting) -> Observation:
    names = listed(f"{name}.json" for name in item.unreadable)
    return note(f"traces/inbox/{item.run} holds what is no message: {names}", "look at it, and remove it")


def _some(lines: Iterable[str]) -> tuple[str, ...]:
    known = tuple(lines)
    more = (f"and for {len(known) - _REMEDIES:,} more",) if len(known) > _REMEDIES else ()
    return (*known[:_REMEDIES], *more)
