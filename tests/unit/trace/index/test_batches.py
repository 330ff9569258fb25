"""Journals come in batches, in their order, none twice and none left out, whoever makes them."""

import threading
from pathlib import Path

import pytest

from agentctl.trace.index import batches
from agentctl.trace.index.batches import Handful, batches_of
from agentctl.trace.journals.journal_files import JournalFile, journals_in
from tests.fakes.journals import refund_story, run_id, write_journal

STORY = len(refund_story())


@pytest.fixture
def journals(tmp_path: Path) -> list[JournalFile]:
    """Five journals, the third of which cannot be read, and the last is torn."""
    for number in range(5):
        torn = b"torn" if number == 4 else b""
        write_journal(tmp_path, run_id(number), refund_story(run_id(number)), torn=torn)
    found = list(journals_in(tmp_path).values())
    found[2].path.unlink()
    found[2].path.mkdir()
    return found


@pytest.mark.parametrize(("size", "counts"), [(1, [1, 1, 1, 1, 1]), (30_000, [2, 2, 1]), (10_000_000, [5])])
def test_every_journal_is_in_one_batch(
    journals: list[JournalFile], monkeypatch: pytest.MonkeyPatch, size: int, counts: list[int]
) -> None:
    """Of whatever size; one that cannot be read is named, and hides no other."""
    monkeypatch.setattr(batches, "_BYTES", size)
    monkeypatch.setattr(batches, "_HANDFUL_BYTES", 20_000)
    found = [(batch.journals, list(batch.handfuls)) for batch in batches_of(journals)]
    taken = [[one for few in handfuls for one in few.taken] for _, handfuls in found]
    assert [len(of_batch) for of_batch, _ in found] == counts
    assert [[one.journal for one in of_batch] for of_batch in taken] == [of_batch for of_batch, _ in found]
    assert [(one.lines, one.torn) for of_batch in taken for one in of_batch] == [
        (STORY, False),
        (STORY, False),
        (None, False),
        (STORY, False),
        (STORY, True),
    ]
    for _, handfuls in found:
        for few in handfuls:
            assert len(few.links.data) == STORY * sum(one.lines is not None for one in few.taken)


def test_a_batch_comes_in_handfuls(journals: list[JournalFile], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its journals stay in their order."""
    monkeypatch.setattr(batches, "_HANDFUL_BYTES", 1)
    (batch,) = batches_of(journals)
    assert [[one.journal for one in few.taken] for few in batch.handfuls] == [[one] for one in journals]


def test_of_nothing_there_is_no_batch() -> None:
    """And no thread."""
    assert list(batches_of([])) == []


def test_a_batch_is_made_while_the_one_before_is_loaded(
    journals: list[JournalFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another thread; a single handful needs none."""
    made: list[tuple[int, threading.Thread]] = []
    begun = threading.Semaphore(0)
    real = batches._handful

    def watched(group: list[JournalFile]) -> Handful:
        made.append((len(group), threading.current_thread()))
        begun.release()
        return real(group)

    monkeypatch.setattr(batches, "_handful", watched)
    assert [len(list(batch.handfuls)) for batch in batches_of(journals)] == [1]
    assert made.pop() == (5, threading.current_thread())
    _make_small(monkeypatch)
    begun = threading.Semaphore(0)
    coming = batches_of(journals)
    list(next(coming).handfuls)
    assert begun.acquire(timeout=60)
    assert begun.acquire(timeout=60)  # the second, although nobody asked for it yet
    assert [len(list(batch.handfuls)) for batch in coming] == [1, 1, 1, 1]
    assert len(made) == 5
    assert threading.current_thread() not in {thread for _, thread in made}


def test_whoever_stops_in_the_middle_leaves_no_thread(
    journals: list[JournalFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed load ends the reading ahead of it too."""
    _make_small(monkeypatch)
    before = threading.active_count()
    coming = batches_of(journals)
    next(coming)
    coming.close()  # type: ignore[attr-defined]  # it is a generator
    assert threading.active_count() == before


def _make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a journal be a batch, and a handful."""
    for name in ("_BYTES", "_HANDFUL_BYTES"):
        monkeypatch.setattr(batches, name, 1)
