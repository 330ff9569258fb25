"""Journals on their way into the index, many at a time: read and checked ahead of whoever loads them."""

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from agentctl.trace.index.links import Links
from agentctl.trace.journals.journal_files import JournalFile, lines_of

_BYTES = 48 << 20
"""How much is loaded in one go: enough that the work that each go costs does not count, and little enough to be held twice."""


class Taken(Struct, frozen=True):
    """A journal of which so many complete lines were taken, None where it could not be read; `torn`: bytes follow them."""

    journal: JournalFile
    lines: int | None
    torn: bool = False


class Batch(Struct, frozen=True):
    """Journals that are loaded in one go, and all their links."""

    taken: list[Taken] = field(default_factory=list)
    links: Links = field(default_factory=Links)

    @property
    def runs(self) -> list[str]:
        """The runs whose journals these are."""
        return [taken.journal.run for taken in self.taken]


def batches_of(journals: Iterable[JournalFile]) -> Iterator[Batch]:
    """Yield all journals, batch by batch; each is made while the caller works with the one before.

    DuckDB needs no Python while it loads, and Python no DuckDB while it reads and checks: so a thread is all it takes.
    """
    groups = _groups(journals)
    first = next(groups, None)
    if first is None:
        return
    second = next(groups, None)
    if second is None:  # most of the time: a few journals are new
        yield _batch(first)
    else:
        yield from _made_ahead(first, second, *groups)


def _made_ahead(*groups: list[JournalFile]) -> Iterator[Batch]:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - slow to load, and seldom needed

    with ThreadPoolExecutor(max_workers=1) as worker:
        coming = worker.submit(_batch, groups[0])
        for group in groups[1:]:
            batch, coming = coming.result(), worker.submit(_batch, group)
            yield batch
        yield coming.result()


def _groups(journals: Iterable[JournalFile]) -> Iterator[list[JournalFile]]:
    group: list[JournalFile] = []
    size = 0
    for journal in journals:
        group.append(journal)
        size += journal.size
        if size > _BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _batch(group: list[JournalFile]) -> Batch:
    batch = Batch()
    for journal in group:
        try:
            lines, torn = lines_of(journal.path)
        except OSError:
            batch.taken.append(Taken(journal, None))
            continue
        batch.taken.append(Taken(journal, len(lines), bool(torn)))
        batch.links.take(journal.run, lines)
    return batch
