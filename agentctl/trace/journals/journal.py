"""Journals as files: one per run, append-only, one writer at a time."""

import asyncio
import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from agentctl.events.record import AnyEvent, Record
from agentctl.events.replay import ReplayJudged
from agentctl.events.run import JournalRecovered, RunFinished, RunResumed, RunStarted, RunSuspended
from agentctl.foundation.canonical import NotCanonical, NotJson
from agentctl.foundation.clock import Clock, to_rfc3339
from agentctl.foundation.errors import IntegrityError, JournalUnavailable, UsageError
from agentctl.foundation.ids import is_run_id
from agentctl.foundation.threads import Together
from agentctl.trace.disk import Disk, make_private_folder, read_whole, sync_directory, write_once
from agentctl.trace.file_lock import taken
from agentctl.trace.journals.chain import Head, Scan, head_after, linked, scan
from agentctl.trace.journals.clock_anomaly import clock_anomaly
from agentctl.trace.journals.journal_files import runs_in
from agentctl.trace.journals.lock import lock
from agentctl.trace.pace import Pace
from agentctl.trace.ports import Acquired

_SYNCS: Final = Together()
"""Runs that want a sync at the same moment share one trip to a thread, and mostly one commit of the file system."""


class FileJournal:
    """The writer's end of one journal file; holds the file's lock until closed."""

    def __init__(
        self, run: str, descriptor: int, head: Head, *, clock: Clock, disk: Disk, pace: Pace
    ) -> None:
        self._run = run
        self._descriptor = descriptor
        self._head = head
        self._epoch = head.epoch + 1
        self._clock = clock
        self._disk = disk
        self._size = os.fstat(descriptor).st_size
        self._synced = head.seq
        self._syncing = asyncio.Lock()
        self._in_sync = threading.Lock()  # a cancelled caller leaves its sync running: nobody syncs beside it
        self._broken: str | None = None
        self._pace = pace
        Pace.open += 1

    @property
    def run(self) -> str:
        """The run's id."""
        return self._run

    @property
    def epoch(self) -> int:
        """Counts the writers of this run, from 1."""
        return self._epoch

    def append(
        self, events: Sequence[AnyEvent], sealed: Mapping[str, str] | None = None
    ) -> tuple[Record, ...]:
        """Write events in one piece, not yet durable.

        Raises:
            JournalUnavailable: the disk refused, now or before; or an event could not be read back.
        """
        self._refuse_when_broken()
        head, placeholders = self._head, dict(sealed or {})
        records: list[Record] = []
        lines: list[bytes] = []
        for event in events:
            record, line = self._linked(event, head, placeholders if not records else {})
            records.append(record)
            lines.append(line)
            head = head_after(record)
        self._write(b"".join(lines), head)
        return tuple(records)

    async def sync(self) -> None:
        """Return when everything appended before this call is durable; concurrent callers share one sync.

        Raises:
            JournalUnavailable: the disk refused; it is never tried again.
        """
        wanted = self._head.seq
        if self._synced >= wanted:
            self._refuse_when_broken()
            return
        async with self._syncing:
            self._refuse_when_broken()
            await self._reach(wanted)

    def close(self) -> None:
        """Give up being the writer; closing the file releases its lock."""
        with self._in_sync:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
                Pace.open -= 1
                self._broken = self._broken or f"the journal of run {self._run} is closed"

    def next_writer(self) -> "FileJournal":
        """Give up being the writer to another one in this process, which keeps the file and its lock.

        For who need not read what stands there, and for whom it need not be durable by then.
        """
        self._refuse_when_broken()
        with self._in_sync:
            other = FileJournal(
                self._run, self._descriptor, self._head, clock=self._clock, disk=self._disk, pace=self._pace
            )
            other._synced = self._synced
            self._descriptor, self._broken = -1, f"the journal of run {self._run} has another writer"
            Pace.open -= 1
        return other

    def _linked(self, event: AnyEvent, head: Head, sealed: dict[str, str]) -> tuple[Record, bytes]:
        draft = Record(
            run=self._run,
            seq=head.seq + 1,
            epoch=self._epoch,
            time=max(to_rfc3339(self._clock.now()), head.time),  # turning the clock back revives nothing
            mono_us=self._clock.monotonic_ns() // 1_000,
            event=event,
            sealed=sealed,
            prev=head.hash,
            hash="",
        )
        try:
            return linked(draft)
        except (NotCanonical, NotJson) as error:
            raise JournalUnavailable(
                f"`{event.type}` cannot be journaled in run {self._run}: {error}"
            ) from error

    def _write(self, data: bytes, head: Head) -> None:
        try:
            self._disk.write(self._descriptor, data)
            self._size, self._head = self._size + len(data), head
        except OSError as error:
            self._give_up(f"cannot be written: {error.strerror or error}")
            raise JournalUnavailable(self._broken) from error
        except BaseException:  # an interrupt: nobody knows how much was written
            self._give_up("was being written when the process was interrupted")
            raise

    def _give_up(self, why: str) -> None:
        """Leave no half-written record behind, if the disk lets us; recovery copes when it does not."""
        self._broken = f"the journal of run {self._run} {why}"
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError as error:
            self._broken = f"{self._broken}; and its tail could not be cut back: {error.strerror or error}"

    async def _reach(self, wanted: int) -> None:
        if self._synced < wanted:
            covered = self._head.seq
            if self._pace.is_waited_for:
                self._sync_now()
            else:
                await _SYNCS.do(self._sync_now)
            self._synced = covered

    def _sync_now(self) -> None:
        with self._in_sync:
            self._refuse_when_broken()
            begun = self._clock.monotonic_ns()
            try:
                self._disk.sync(self._descriptor)
            except OSError as error:
                self._broken = f"the journal of run {self._run} cannot be synced: {error.strerror or error}"
                raise JournalUnavailable(self._broken) from error
            self._pace.took_us = (self._clock.monotonic_ns() - begun) // 1_000

    def _refuse_when_broken(self) -> None:
        if self._broken:
            raise JournalUnavailable(self._broken)


class FileJournals:
    """All journals of a project: `<folder>/<date>/<run>.jsonl`.

    Args:
        folder: where they are.
        clock: whose hour their records have.
        disk: writes and syncs them.
        entries_durable: whether a new one's place in its folder is durable before anything stands in it.
    """

    def __init__(self, folder: Path, clock: Clock, disk: Disk, *, entries_durable: bool = True) -> None:
        self._folder = folder
        self._clock = clock
        self._disk = disk
        self._entries_durable = entries_durable
        self._pace = Pace()

    def create(self, run: str) -> FileJournal:
        """Begin a new run's journal and become its writer.

        Raises:
            JournalUnavailable: the file cannot be created.
            UsageError: there is such a run already, or that is no run id.
        """
        self._refuse_unless_new(run)
        day = self._folder / to_rfc3339(self._clock.now())[:10]
        with _unavailable(f"no journal can be begun in {day}"):
            make_private_folder(day)
            with _owned(day / f"{run}.jsonl", os.O_CREAT | os.O_EXCL) as descriptor:
                lock(descriptor, run)
                if self._entries_durable:
                    sync_directory(day)
                return self._journal(run, descriptor, Head())

    def acquire(self, run: str) -> Acquired:
        """Become the writer of an existing run; a torn tail is cut off, kept aside and reported.

        Raises:
            LockedError: another process is the writer.
            IntegrityError: the journal is not what was written.
            JournalUnavailable: the disk refused.
            UsageError: there is no such run.
        """
        path = self.path_of(run)
        with (
            _unavailable(f"the journal of run {run} cannot be opened"),
            _owned(path, 0) as descriptor,
        ):
            lock(descriptor, run)
            found = _scan_with_a_beginning(descriptor, path, run)
            repairs = (*_cut_torn_tail(path, descriptor, found), *self._clock_anomaly(found.head))
            self._disk.sync(descriptor)  # what the last writer left unsynced is acted on from here on
            return Acquired(self._journal(run, descriptor, found.head), found.records, repairs)

    def read(self, run: str) -> tuple[Record, ...]:
        """Return the valid records of a run without becoming its writer.

        Raises:
            IntegrityError: the journal is not what was written.
            JournalUnavailable: the file cannot be read.
            UsageError: there is no such run.
        """
        with _unavailable(f"the journal of run {run} cannot be read"):
            path = self.path_of(run)
            return _scanned(path.read_bytes(), path, run).records

    def is_held(self, run: str) -> bool:
        """Return whether a process is the run's writer now.

        Raises:
            JournalUnavailable: the file cannot be opened.
            UsageError: there is no such run.
        """
        with self._glance(run) as (_, unheld):
            return unheld is None

    def is_stopped(self, run: str) -> bool:
        """Return whether a run that is neither finished nor suspended has no process any more: only a resume goes on.

        Raises:
            IntegrityError: the journal is not what was written.
            JournalUnavailable: the file cannot be read.
            UsageError: there is no such run.
        """
        with self._glance(run) as (file, unheld):
            path = Path(file.name)
            return unheld is not None and _is_under_way(_scanned(file.read(unheld), path, run).records)

    def runs(self) -> tuple[str, ...]:
        """Return the ids of all runs, oldest first; see `runs_in`."""
        return runs_in(self._folder)

    def path_of(self, run: str) -> Path:
        """Return the journal file of a run.

        Raises:
            UsageError: there is no such run.
            JournalUnavailable: it may lie in a folder that cannot be looked at.
        """
        found = self._files_of(run)
        if not found:
            self.runs()  # where a folder is closed to us, it may be there
            raise UsageError(f"there is no run `{run}`", "an id that `agentctl runs list` shows")
        return found[0]

    @contextmanager
    def _glance(self, run: str) -> Iterator[tuple[BinaryIO, int | None]]:
        """Open a journal, and say how long it is if nobody writes it; None where somebody does.

        The length is taken while no writer can come: what one writes from then on is not of the moment spoken of.
        """
        path = self.path_of(run)
        with (
            _unavailable(f"the journal of run {run} cannot be read"),
            open(path, "rb", opener=_without_following) as file,
        ):
            unheld = None
            if taken(file.fileno(), fcntl.LOCK_SH):
                unheld = os.fstat(file.fileno()).st_size
                fcntl.flock(file, fcntl.LOCK_UN)
            yield file, unheld

    def _files_of(self, run: str) -> list[Path]:
        if not is_run_id(run):
            return []
        try:
            with os.scandir(
                self._folder
            ) as days:  # every run begins with this: with a glob and with paths it takes ten times as long
                files = [f"{day.path}/{run}.jsonl" for day in days]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(Path(file) for file in files if os.access(file, os.F_OK))

    def _refuse_unless_new(self, run: str) -> None:
        if not is_run_id(run):
            raise UsageError(f"`{run}` cannot name a run", "26 characters of Crockford base 32")
        if self._files_of(run):  # perhaps of another day
            raise UsageError(f"there is a run `{run}` already", "a new id")

    def _journal(self, run: str, descriptor: int, head: Head) -> FileJournal:
        return FileJournal(run, descriptor, head, clock=self._clock, disk=self._disk, pace=self._pace)

    def _clock_anomaly(self, head: Head) -> tuple[AnyEvent, ...]:
        anomaly = clock_anomaly(head.time, self._clock.now())
        return () if anomaly is None else (anomaly,)


def _cut_torn_tail(path: Path, descriptor: int, found: Scan) -> tuple[JournalRecovered, ...]:
    """Keep a torn tail aside and cut it off; name every one cut here that no record reports yet."""
    folder, place = path.parent / "torn", f"{path.stem}.{len(found.records)}"
    if found.torn:
        make_private_folder(folder)
        write_once(folder / f"{place}.{hashlib.sha256(found.torn).hexdigest()}.bin", found.torn)
        os.ftruncate(descriptor, found.valid_bytes)
    kept = sorted(folder.glob(f"{place}.*.bin"))  # more than one where recovery itself was cut short
    return tuple(JournalRecovered(bytes=tail.stat().st_size, sha256=tail.suffixes[-2][1:]) for tail in kept)


def _scanned(data: bytes, path: Path, run: str) -> Scan:
    """Return what stands in a journal.

    Raises:
        IntegrityError: it is damaged; names the file and the record.
    """
    try:
        return scan(data, run)
    except IntegrityError as error:
        place = f"the journal {path.parent.name}/{path.name}"
        raise IntegrityError(f"{place}: {error}; `agentctl doctor` says what to do") from error


def _scan_with_a_beginning(descriptor: int, path: Path, run: str) -> Scan:
    found = _scanned(read_whole(descriptor), path, run)
    if not found.records:
        raise IntegrityError(f"the journal of run {run} holds no valid record")
    return found


@contextmanager
def _unavailable(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JournalUnavailable(f"{what}: {error.strerror or error}") from error


@contextmanager
def _owned(path: Path, flags: int) -> Iterator[int]:
    """Open a journal for appending; close it again unless all goes well."""
    descriptor = os.open(path, flags | os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    except BaseException:
        os.close(descriptor)
        raise


def _without_following(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)


def _is_under_way(records: Sequence[Record]) -> bool:
    """Return whether the last that is said of the run's life is that it goes on."""
    life = (RunStarted, RunResumed, RunSuspended, RunFinished, ReplayJudged)
    said = [record.event for record in records if isinstance(record.event, life)]
    return isinstance(said[-1], RunStarted | RunResumed) if said else False
