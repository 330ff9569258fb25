"""Runs as a list shows them: a line each, whether it has a process, what was said of it last; quickly, however many there are."""

from pathlib import Path

from msgspec import Struct

from agentctl.trace.index.last_labels import LastLabel, labels_are_whole, last_labels
from agentctl.trace.index.reading import Damage, Reader
from agentctl.trace.index.run_rows import Choice, RunRow, list_runs, query
from agentctl.trace.index.store import Index
from agentctl.trace.journals.holding import Standing, standing_of
from agentctl.trace.journals.journal_files import Mark, is_as_it_was


class Listed(Struct, frozen=True):
    """A run, whether it has a process, and what was said of it last."""

    row: RunRow
    standing: Standing
    label: LastLabel | None


class Listing(Struct, frozen=True):
    """The runs, the journals that are damaged, and whether what the index knows of labels is all there is."""

    runs: tuple[Listed, ...]
    damaged: tuple[Damage, ...]
    labels_are_whole: bool


def listing(index: Index, folder: Path, labels_mark: Path, choice: Choice, limit: int) -> Listing:
    """Return the newest runs that are looked for, newest first; at most so many.

    Only journals that may have been written to are looked at, and those of the runs that are shown. If one of these is not
    what was taken in, somebody changed it by hand: then all are looked at.

    Args:
        index: the index over all journals.
        folder: where the journals lie.
        labels_mark: the file outside the project that says how far their journal had got.
        choice: which runs.
        limit: how many.
    """
    listed = _Lister(folder, labels_mark, choice, limit)
    with index.glance() as reader:
        found, marks = listed.seen_by(reader)
        if all(is_as_it_was(folder, mark) for mark in marks):
            return found
    with index.reader() as reader:
        return listed.seen_by(reader)[0]


class _Lister(Struct, frozen=True):
    """See `listing`."""

    folder: Path
    labels_mark: Path
    choice: Choice
    limit: int

    def seen_by(self, reader: Reader) -> tuple[Listing, list[Mark]]:
        """Return what a reader shows, and the marks of those journals among it that nobody should write to any more."""
        rows = list_runs(reader, self.choice, limit=self.limit)
        runs, damaged = [row.run for row in rows], reader.damaged()
        marks = {run: (mark, closed) for run, *mark, closed in query(reader, "marks", runs=runs)}
        labels = last_labels(reader, runs)
        doubtful = {harm.run for harm in damaged}
        listed = tuple(
            Listed(
                row,
                "unknown" if row.run in doubtful else self._standing(row, *marks[row.run][0]),
                labels.get(row.run),
            )
            for row in rows
        )
        closed = [(path, size, changed) for (path, size, changed), is_closed in marks.values() if is_closed]
        return Listing(listed, damaged, labels_are_whole(reader, self.labels_mark)), closed

    def _standing(self, row: RunRow, path: str, size: int, _changed: int) -> Standing:
        return standing_of(self.folder / path, size) if row.status == "running" else "unknown"
