"""Which journals an index has not taken in as they are, and which are gone."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from agentctl.foundation.clock import Clock
from agentctl.trace.index.query_texts import query_text
from agentctl.trace.journals.journal_files import (
    JournalFile,
    Mark,
    dates_in,
    inventories,
    is_as_it_was,
    journals_among,
    journals_in,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DATE = len("2026-03-14")
_QUIET_SECONDS = 2.0
"""As coarse as the moments of some file systems are: within it a folder may change twice, and seem to have changed once."""


class Seen(Struct, frozen=True):
    """What differs from an index: journals that it does not hold as they are, and the runs whose journals are gone."""

    changed: tuple[JournalFile, ...]
    gone: frozenset[str] = frozenset()

    @property
    def outdated(self) -> list[str]:
        """The runs of which the index holds something that does not count any more, or nothing yet."""
        return [*self.gone, *(journal.run for journal in self.changed)]


def look(connection: "DuckDBPyConnection", where: str, folder: Path) -> Seen:
    """Look at every file; no change is missed.

    A folder in which everything is as it was taken in is compared as a whole; nothing is made of its journals one by one.
    """
    kept = _unchanged(connection, where, folder)
    known, found = _known_marks(connection, where, but=kept), journals_in(folder, kept)
    changed = _differing(found, known)
    if kept and known_runs(connection, where, [journal for journal in changed if journal.run not in known]):
        known, found = (
            _known_marks(connection, where),
            journals_in(folder),
        )  # one of two journals: the older counts
        changed = _differing(found, known)
    return Seen(changed, frozenset(known.keys() - found.keys()))


def glance(connection: "DuckDBPyConnection", where: str, folder: Path) -> Seen:
    """Look past what nobody writes to: journals that are closed, of dates at which no file came or went since.

    What somebody changed in such a journal by hand is missed here, and found by whoever looks at every file.
    """
    kept = _kept(connection, where, folder)
    open_journals = query_text("open_journals").format(where=where)
    rows = connection.execute(open_journals, {"kept": list(kept)}).fetchall()
    known: dict[str, Mark] = {}
    grown: list[Mark] = []
    for run, name, size, changed in rows:
        mark = (name, size, changed)
        if name[:_DATE] not in kept:
            known[run] = mark
        elif not is_as_it_was(folder, mark):
            grown.append(mark)
    again = journals_among(folder / name for name, _, _ in grown)
    found = journals_in(folder, kept)
    seen = Seen((*again.values(), *_differing(found, known)), frozenset(known.keys() - found.keys()))
    new = [journal for journal in seen.changed if journal.run not in known and journal.run not in again]
    if seen.gone or len(again) < len(grown) or known_runs(connection, where, new):
        return look(connection, where, folder)  # files went or were moved: a run may have another one
    return seen


def _kept(connection: "DuckDBPyConnection", where: str, folder: Path) -> set[str]:
    """Return the dates whose folders are as they were when everything in them had been taken in."""
    dates = dates_in(folder)
    noted = connection.execute(f"SELECT name, changed FROM {where}.folders").fetchall()  # noqa: S608 - our own word
    return {name for name, changed in noted if dates.get(name) == changed}


def _unchanged(connection: "DuckDBPyConnection", where: str, folder: Path) -> list[str]:
    """Return the folders in which lies exactly what was taken in from them."""
    taken = dict(connection.execute(query_text("inventories").format(where=where)).fetchall())
    return [name for name, told in inventories(folder).items() if taken.get(name) == told]


def _known_marks(connection: "DuckDBPyConnection", where: str, but: Sequence[str] = ()) -> dict[str, Mark]:
    """Return the mark of every journal that was taken in, but for those in some folders."""
    rows = connection.execute(query_text("known_marks").format(where=where), {"but": list(but)}).fetchall()
    return {run: (path, size, changed) for run, path, size, changed in rows}


def known_runs(
    connection: "DuckDBPyConnection", where: str, journals: Iterable[JournalFile]
) -> frozenset[str]:
    """Return the runs among those of some journals of which something was taken in."""
    runs = [journal.run for journal in journals]
    if not runs:
        return frozenset()
    sql = f"SELECT run FROM {where}.journals WHERE run IN (SELECT unnest($runs::VARCHAR[]))"  # noqa: S608 - our own word
    return frozenset(run for (run,) in connection.execute(sql, {"runs": runs}).fetchall())


def quiet_dates(folder: Path, clock: Clock) -> dict[str, int]:
    """Return the dates whose folders did not change for a while: what changes in them from now on can be seen."""
    then = (clock.now().timestamp() - _QUIET_SECONDS) * 1e9
    dates = dates_in(folder).items()
    return {name: changed for name, changed in dates if changed < then and len(name) == _DATE}


def _differing(found: Mapping[str, JournalFile], known: Mapping[str, Mark]) -> tuple[JournalFile, ...]:
    return tuple(journal for run, journal in found.items() if known.get(run) != journal.mark)
