"""Tests of durability: what a sync promises, and what becomes of a journal whose disk fails."""

import asyncio
import os
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typing_extensions import override

from agentctl.events.run import JournalRecovered
from agentctl.foundation.errors import JournalUnavailable
from agentctl.trace.disk import SystemDisk
from agentctl.trace.journals.chain import scan
from agentctl.trace.journals.journal import FileJournal, FileJournals
from agentctl.trace.pace import Pace
from tests.fakes.clock import StandingClock
from tests.fakes.events import proposed
from tests.fakes.place import EVENTS, OTHER, RUN, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an empty place."""
    return Place(tmp_path / "journal")


async def test_a_sync_covers_all_that_was_appended(place: Place) -> None:
    """What was appended before is durable; a sync with nothing new asks the disk for nothing."""
    with closing(place.journals.create(RUN)) as journal:
        await journal.sync()
        assert place.disk.count("sync") == 0
        journal.append(EVENTS)
        await journal.sync()
        await journal.sync()
    assert place.disk.count("sync") == 1
    assert place.disk.durable_bytes == place.file.stat().st_size


async def test_callers_share_syncs_and_none_returns_early(place: Place) -> None:
    """While the first of a hundred syncs, the others gather behind it; each returns when its own record is durable."""
    with closing(place.journals.create(RUN)) as journal:

        async def write(number: int) -> None:
            journal.append([proposed(f"{RUN}/1/{number}")])
            mine = place.file.stat().st_size
            await journal.sync()
            assert place.disk.durable_bytes >= mine

        await asyncio.gather(*(write(number) for number in range(100)))
    assert place.disk.count("sync") == 2
    assert len(place.journals.read(RUN)) == 100


async def test_callers_who_come_and_go_never_return_early(place: Place) -> None:
    """However appends and syncs fall together, a caller's record is durable when its sync returns."""
    with closing(place.journals.create(RUN)) as journal:

        async def write(number: int) -> None:
            for _ in range(5):
                await asyncio.sleep(number % 7 * 0.0003)
                journal.append([proposed(f"{RUN}/1/{number}")])
                mine = place.file.stat().st_size
                await journal.sync()
                assert place.disk.durable_bytes >= mine

        await asyncio.gather(*(write(number) for number in range(30)))
    assert len(place.journals.read(RUN)) == 150
    assert place.disk.count("sync") < 150


@dataclass
class _DiskInThreads(SystemDisk):
    """A disk that remembers which threads waited for it, and takes its time on the clock."""

    clock: StandingClock
    seconds: float = 0.0
    threads: list[int] = field(default_factory=list)

    @override
    def sync(self, descriptor: int) -> None:
        self.threads.append(threading.get_ident())
        self.clock.move(self.seconds)

    async def waited_here(self, journal: FileJournal) -> bool:
        """Return whether one more record of a journal is synced on the event loop's own thread."""
        journal.append([proposed(f"{RUN}/1/{len(self.threads)}")])
        await journal.sync()
        return self.threads[-1] == threading.get_ident()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> _DiskInThreads:
    """Return a quick disk, in a process in which no journal is open."""
    monkeypatch.setattr(Pace, "open", 0)
    return _DiskInThreads(StandingClock())


async def test_a_quick_disk_is_waited_for_where_nobody_is_kept_waiting(
    tmp_path: Path, disk: _DiskInThreads
) -> None:
    """A run that is alone spares itself the trip to a thread, once the disk is known to be quick and while it stays so."""
    with closing(FileJournals(tmp_path, disk.clock, disk).create(RUN)) as journal:
        assert [await disk.waited_here(journal) for _ in range(3)] == [False, True, True]
        disk.seconds = 0.002
        assert [await disk.waited_here(journal) for _ in range(3)] == [True, False, False]


async def test_the_next_run_knows_the_disk_already(tmp_path: Path, disk: _DiskInThreads) -> None:
    """Whoever runs one after another in a process finds out once how quick the disk is; another place has another disk."""
    journals = FileJournals(tmp_path, disk.clock, disk)
    for run, quick in ((RUN, False), (OTHER, True)):
        with closing(journals.create(run)) as journal:
            assert await disk.waited_here(journal) is quick
    with closing(FileJournals(tmp_path / "elsewhere", disk.clock, disk).create(RUN)) as journal:
        assert not await disk.waited_here(journal)


async def test_a_run_beside_others_keeps_nobody_waiting(tmp_path: Path, disk: _DiskInThreads) -> None:
    """While another run is open in the process, syncs are waited for in a thread, however quick the disk is."""
    journals = FileJournals(tmp_path, disk.clock, disk)
    with closing(journals.create(RUN)) as journal:
        with closing(journals.create(OTHER)):
            assert [await disk.waited_here(journal) for _ in range(3)] == [False, False, False]
        assert await disk.waited_here(journal)


async def test_whoever_takes_a_journal_over_is_alone_with_it(tmp_path: Path, disk: _DiskInThreads) -> None:
    """The former writer is none any more: the run is as alone as before, and no run counts twice or never."""
    former = FileJournals(tmp_path, disk.clock, disk).create(RUN)
    with closing(former.next_writer()) as journal:
        former.close()
        assert [await disk.waited_here(journal) for _ in range(2)] == [False, True]
    assert Pace.open == 0


async def test_what_is_appended_during_a_sync_needs_another(place: Place) -> None:
    """A sync covers what was written when it began, not what came while it ran."""
    place.disk.gate = threading.Event()
    with closing(place.journals.create(RUN)) as journal:
        journal.append(EVENTS[:1])
        one = place.file.stat().st_size
        first = asyncio.create_task(journal.sync())
        assert await asyncio.to_thread(place.disk.waiting.wait, 10)
        journal.append(EVENTS[1:2])
        second = asyncio.create_task(journal.sync())
        await asyncio.sleep(0.01)
        assert not first.done()
        assert not second.done()
        place.disk.gate.set()
        await asyncio.gather(first, second)
    both = place.file.stat().st_size
    assert [call.size for call in place.disk.calls if call.kind == "sync"] == [one, both]
    assert place.disk.durable_bytes == both


async def test_a_new_writer_makes_durable_what_it_found(place: Place) -> None:
    """The last writer may have died before its sync; what it left is acted on, so it is synced first."""
    place.written()
    assert place.disk.durable_bytes == 0
    with place.acquired():
        assert place.disk.durable_bytes == place.file.stat().st_size


async def test_a_new_writer_needs_a_sync_of_its_own(place: Place) -> None:
    """Taking over a run makes nothing durable that comes later."""
    place.written()
    with place.acquired() as journal:
        await journal.sync()
        assert place.disk.count("sync") == 1
        journal.append(EVENTS[:1])
        await journal.sync()
        assert place.disk.count("sync") == 2


async def test_a_closed_journal_takes_nothing(place: Place) -> None:
    """After closing, appending and syncing are refused; closing twice is closing once."""
    journal = place.journals.create(RUN)
    journal.append(EVENTS[:1])
    journal.close()
    journal.close()
    with pytest.raises(JournalUnavailable, match="is closed"):
        journal.append(EVENTS[1:2])
    with pytest.raises(JournalUnavailable, match="is closed"):
        await journal.sync()
    assert len(place.journals.read(RUN)) == 1


@pytest.mark.parametrize("nth", range(1, 5))
async def test_a_failed_sync_is_the_end(place: Place, nth: int) -> None:
    """EIO on any sync: no later append or sync succeeds, and the disk is never asked again."""
    place.disk.broken_at = nth
    with closing(place.journals.create(RUN)) as journal:
        for event in EVENTS[: nth - 1]:
            journal.append([event])
            await journal.sync()
        journal.append([EVENTS[nth - 1]])
        for _ in range(3):
            with pytest.raises(JournalUnavailable, match="cannot be synced: Input/output error"):
                await journal.sync()
            with pytest.raises(JournalUnavailable, match="cannot be synced"):
                journal.append(EVENTS[:1])
    assert place.disk.count("sync") == nth
    assert place.disk.count("write") == nth


async def test_a_failed_sync_fails_for_all_who_wait(place: Place) -> None:
    """Those who share a sync share its failure."""
    place.disk.broken_at = 1
    with closing(place.journals.create(RUN)) as journal:
        for number in range(20):
            journal.append([proposed(f"{RUN}/1/{number}")])
        outcomes = await asyncio.gather(*(journal.sync() for _ in range(20)), return_exceptions=True)
    assert all(isinstance(outcome, JournalUnavailable) for outcome in outcomes)
    assert place.disk.count("sync") == 1


async def test_a_sync_whose_caller_left_fails_for_the_next(place: Place) -> None:
    """A cancelled caller leaves its sync running; if that fails, nobody may try again beside or after it."""
    place.disk.gate, place.disk.broken_at = threading.Event(), 1
    with closing(place.journals.create(RUN)) as journal:
        journal.append(EVENTS[:1])
        leaving = asyncio.create_task(journal.sync())
        assert await asyncio.to_thread(place.disk.waiting.wait, 10)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        staying = asyncio.create_task(journal.sync())
        await asyncio.sleep(0.01)
        place.disk.gate.set()
        with pytest.raises(JournalUnavailable, match="cannot be synced"):
            await staying
    assert place.disk.count("sync") == 1


async def test_closing_waits_for_a_sync_under_way(place: Place) -> None:
    """The file's number is not given back while somebody syncs it: it could become another file's."""
    place.disk.gate = threading.Event()
    journal = place.journals.create(RUN)
    journal.append(EVENTS[:1])
    leaving = asyncio.create_task(journal.sync())
    assert await asyncio.to_thread(place.disk.waiting.wait, 10)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    threading.Timer(0.05, place.disk.gate.set).start()
    journal.close()
    assert place.disk.durable_bytes == place.file.stat().st_size


def test_a_new_writer_is_refused_by_a_broken_disk(place: Place) -> None:
    """What was found cannot be made durable, so nobody may act on it; the lock is given back."""
    place.written()
    place.disk.broken_at = 1
    with pytest.raises(JournalUnavailable, match="cannot be opened: Input/output error"):
        place.journals.acquire(RUN)
    place.journals.acquire(RUN).journal.close()


@pytest.mark.parametrize("short_bytes", [0, 1, 100, 10_000])
@pytest.mark.parametrize("nth", range(1, 5))
async def test_a_full_disk_leaves_whole_records(place: Place, nth: int, short_bytes: int) -> None:
    """ENOSPC at any write, after any number of bytes: the file holds the batches before, and nothing follows."""
    place.disk.full_at, place.disk.short_bytes = nth, short_bytes
    with closing(place.journals.create(RUN)) as journal:
        for _ in range(nth - 1):
            journal.append(EVENTS)
        with pytest.raises(JournalUnavailable, match="cannot be written: No space left on device"):
            journal.append(EVENTS)
        with pytest.raises(JournalUnavailable, match="cannot be written"):
            journal.append(EVENTS[:1])
        with pytest.raises(JournalUnavailable, match="cannot be written"):
            await journal.sync()
    found = scan(place.file.read_bytes(), RUN)
    assert (len(found.records), found.torn) == ((nth - 1) * len(EVENTS), b"")
    assert (place.disk.count("write"), place.disk.count("sync")) == (nth, 0)


def test_a_half_written_record_that_cannot_be_cut_back_is_torn(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk so broken that not even this works is said so; the next writer recovers."""
    place.disk.full_at, place.disk.short_bytes = 2, 30
    with closing(place.journals.create(RUN)) as journal:
        journal.append(EVENTS[:1])
        with monkeypatch.context() as patch:
            patch.setattr(os, "ftruncate", _refuse_to_cut)
            with pytest.raises(JournalUnavailable, match="and its tail could not be cut back: Read-only"):
                journal.append(EVENTS[1:2])
    place.disk.full_at = None
    taken = place.journals.acquire(RUN)
    taken.journal.close()
    assert [type(repair) for repair in taken.repairs] == [JournalRecovered]
    assert len(taken.records) == 1


def _refuse_to_cut(*_: object) -> None:
    raise OSError(30, "Read-only file system")


def test_an_interrupted_write_is_the_end(place: Place) -> None:
    """After an interrupt nobody knows what was written, so nothing is written after it."""
    place.disk.interrupted_at = 2
    with closing(place.journals.create(RUN)) as journal:
        journal.append(EVENTS[:1])
        with pytest.raises(KeyboardInterrupt):
            journal.append(EVENTS[1:2])
        with pytest.raises(JournalUnavailable, match="was being written when the process was interrupted"):
            journal.append(EVENTS[2:3])
    found = scan(place.file.read_bytes(), RUN)
    assert (len(found.records), found.torn) == (1, b"")
