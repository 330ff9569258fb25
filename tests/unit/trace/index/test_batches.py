"""Journals come in batches, in their order, none twice and none left out, whoever makes them."""

import threading
from pathlib import Path

import pytest

from agentctl.trace.index import batches
from agentctl.trace.index.batches import Batch, batches_of
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
    found = list(batches_of(journals))
    taken = [one for batch in found for one in batch.taken]
    assert [len(batch.taken) for batch in found] == counts
    assert [one.journal for one in taken] == journals
    assert [(one.lines, one.torn) for one in taken] == [
        (STORY, False),
        (STORY, False),
        (None, False),
        (STORY, False),
        (STORY, True),
    ]
    assert [len(batch.links.data) for batch in found] == [
        STORY * sum(one.lines is not None for one in batch.taken) for batch in found
    ]


def test_of_nothing_there_is_no_batch() -> None:
    """And no thread."""
    assert list(batches_of([])) == []


def test_a_batch_is_made_while_the_one_before_is_loaded(
    journals: list[JournalFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another thread; a single one needs none."""
    made: list[tuple[int, threading.Thread]] = []
    begun = threading.Semaphore(0)
    real = batches._batch

    def watched(group: list[JournalFile]) -> Batch:
        made.append((len(group), threading.current_thread()))
        begun.release()
        return real(group)

    monkeypatch.setattr(batches, "_batch", watched)
    list(batches_of(journals))
    assert made.pop() == (5, threading.current_thread())
    monkeypatch.setattr(batches, "_BYTES", 1)
    begun = threading.Semaphore(0)
    coming = batches_of(journals)
    next(coming)
    assert begun.acquire(timeout=60)
    assert begun.acquire(timeout=60)  # the second, although nobody asked for it yet
    list(coming)
    assert len(made) == 5
    assert threading.current_thread() not in {thread for _, thread in made}


def test_whoever_stops_in_the_middle_leaves_no_thread(
    journals: list[JournalFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed load ends the reading ahead of it too."""
    monkeypatch.setattr(batches, "_BYTES", 1)
    before = threading.active_count()
    coming = batches_of(journals)
    next(coming)
    coming.close()  # type: ignore[attr-defined]  # it is a generator
    assert threading.active_count() == before
