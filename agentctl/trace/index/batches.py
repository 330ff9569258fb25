"""Journals on their way into the index, many at a time: read and checked ahead of whoever loads them."""

from collections import deque
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from agentctl.trace.index.links import Links
from agentctl.trace.journals.journal_files import JournalFile

_BYTES = 48 << 20
"""How much is loaded in one go: enough that the work that each go costs does not count, and little enough to be held twice."""

_HANDFUL_BYTES = 4 << 20
"""How much of it is handed over at once: little enough to begin soon, and to find the memory of the one before still warm."""


class Taken(Struct, frozen=True):
    """A journal of which so many complete lines were taken, None where it could not be read; `torn`: bytes follow them."""

    journal: JournalFile
    lines: int | None
    torn: bool = False


class Handful(Struct, frozen=True):
    """A few journals that were read and checked, and all their links."""

    taken: list[Taken] = field(default_factory=list)
    links: Links = field(default_factory=Links)


class Batch(Struct, frozen=True):
    """Journals that are loaded in one go, and what was read of them, in handfuls."""

    journals: list[JournalFile]
    handfuls: Iterator[Handful]


def batches_of(journals: Iterable[JournalFile]) -> Iterator[Batch]:
    """Yield all journals, batch by batch; handfuls, and the whole next batch, are made while the caller works with those before.

    DuckDB needs no Python while it loads, and Python no DuckDB while it reads and checks: so a thread is all it takes.
    """
    groups = list(_groups(journals, _BYTES))
    if sum(journal.size for group in groups for journal in group) > _HANDFUL_BYTES:
        yield from _made_ahead(groups)
    else:  # most of the time: a few journals are new
        yield from (Batch(group, iter([_handful(group)])) for group in groups)


def _made_ahead(groups: list[list[JournalFile]]) -> Iterator[Batch]:
    from concurrent.futures import Future, ThreadPoolExecutor  # noqa: PLC0415 - slow to load, and seldom needed

    def given_out(coming: deque[Future[Handful]]) -> Iterator[Handful]:
        while coming:
            yield coming.popleft().result()

    with ThreadPoolExecutor(max_workers=1) as worker:
        ahead = (
            deque(worker.submit(_handful, few) for few in _groups(group, _HANDFUL_BYTES)) for group in groups
        )
        coming = next(ahead)
        for group in groups:
            now, coming = coming, next(ahead, deque())
            yield Batch(group, given_out(now))


def _groups(journals: Iterable[JournalFile], limit: int) -> Iterator[list[JournalFile]]:
    """Yield all journals in groups, each of which goes beyond so many bytes by its last journal at most."""
    group: list[JournalFile] = []
    size = 0
    for journal in journals:
        group.append(journal)
        size += journal.size
        if size > limit:
            yield group
            group, size = [], 0
    if group:
        yield group


def _handful(journals: Iterable[JournalFile]) -> Handful:
    few = Handful()
    for journal in journals:
        try:
            content = journal.path.read_bytes()
        except OSError:
            few.taken.append(Taken(journal, None))
            continue
        lines = content.count(b"\n")
        few.taken.append(Taken(journal, lines, torn=bool(content) and not content.endswith(b"\n")))
        few.links.take(journal.run, content)
    return few
