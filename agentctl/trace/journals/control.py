"""Control journals: acts outside runs, in the form of a run's journal: `control/control.jsonl`, `control/labels.jsonl`.

Any process may append; each holds a lock for the time of its act and is a writer of its own (an epoch). Beside the keys,
outside the project, lies how far the journal had got: a journal that ends before that was cut, or thrown away, and is
damage, for a revocation that is gone would let a key count again.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentctl.events.record import AnyEvent, Record
from agentctl.foundation.canonical import NotCanonical, NotJson, canonical_bytes
from agentctl.foundation.clock import Clock, to_rfc3339
from agentctl.foundation.errors import IntegrityError, JournalUnavailable, LockedError
from agentctl.trace.disk import (
    Disk,
    appending,
    make_private_folder,
    put_whole,
    read_plain_file,
    sync_directory,
)
from agentctl.trace.file_lock import file_lock
from agentctl.trace.journals.chain import Head, Scan, linked, scan
from agentctl.trace.journals.control_files import CONTROL, control_mark, control_path

_WAIT_SECONDS = (
    60.0  # an act is over in milliseconds; but many may be due, and their processes have to take turns
)
_MAX_BYTES = 64 << 20


class ControlWriter:
    """The writer's end, for the time of one act."""

    def __init__(self, records: tuple[Record, ...], journal: "ControlJournal", descriptor: int) -> None:
        self.records = records
        """Everything that stands in the journal."""
        self._journal = journal
        self._descriptor = descriptor

    def append(self, event: AnyEvent) -> Record:
        """Write an event, durably.

        Raises:
            JournalUnavailable: the disk refused.
        """
        record = self._journal.written(self._descriptor, self.records, event)
        self.records = (*self.records, record)
        return record


class ControlJournal:
    """A control journal of a project.

    Args:
        folder: where journals lie.
        mark: the file outside the project that says how far the journal had got.
        clock: the time.
        disk: how bytes are written and synced.
        wait_seconds: how long another process is waited for.
        name: its name.
    """

    def __init__(
        self,
        folder: Path,
        mark: Path,
        clock: Clock,
        disk: Disk,
        *,
        wait_seconds: float = _WAIT_SECONDS,
        name: str = CONTROL,
    ) -> None:
        self._name = name
        self._path = control_path(folder, name)
        self._mark = mark
        self._clock = clock
        self._disk = disk
        self._wait = wait_seconds

    def read(self) -> tuple[Record, ...]:
        """Return all records, oldest first.

        Raises:
            IntegrityError: the journal is not what was written.
            JournalUnavailable: it cannot be read.
        """
        return self._scanned().records

    @contextmanager
    def writing(self) -> Iterator[ControlWriter]:
        """Be the only writer for the time of the block: what it reads still holds when it writes.

        Raises:
            LockedError: another process does not end its act.
            IntegrityError: the journal is not what was written.
            JournalUnavailable: the disk refused.
        """
        with _unavailable(), self._alone():
            found = self._scanned()
            with appending(self._path) as descriptor:
                sync_directory(self._path.parent)
                self._cut(descriptor, found)
                yield ControlWriter(found.records, self, descriptor)

    def written(self, descriptor: int, records: tuple[Record, ...], event: AnyEvent) -> Record:
        """Write an event after some records, and note that the journal got so far.

        Raises:
            JournalUnavailable: the disk refused.
        """
        record, line = self._linked(records, event)
        with _unavailable():
            self._disk.write(descriptor, line)
            self._disk.sync(descriptor)
            make_private_folder(self._mark.parent)
            put_whole(self._mark, canonical_bytes({"seq": record.seq, "hash": record.hash}))
        return record

    @contextmanager
    def _alone(self) -> Iterator[None]:
        make_private_folder(self._path.parent)
        with file_lock(self._path.with_suffix(".lock"), "exclusive", self._wait) as held:
            if not held:
                raise LockedError(f"another process is writing {self._path}; try again")
            yield

    def _linked(self, records: tuple[Record, ...], event: AnyEvent) -> tuple[Record, bytes]:
        last = records[-1] if records else None
        draft = Record(
            run=self._name,
            seq=len(records),
            epoch=last.epoch + 1 if last else 1,
            time=max(to_rfc3339(self._clock.now()), last.time if last else ""),
            mono_us=self._clock.monotonic_ns() // 1_000,
            event=event,
            sealed={},
            prev=last.hash if last else Head().hash,
            hash="",
        )
        try:
            return linked(draft)
        except (NotCanonical, NotJson) as error:
            raise JournalUnavailable(f"`{event.type}` cannot be journaled: {error}") from error

    def _scanned(self) -> Scan:
        """Return what stands in the file. The mark is read first: the journal is never behind it."""
        mark = control_mark(self._mark)
        with _unavailable():
            data = read_plain_file(self._path, _MAX_BYTES) if self._path.exists() else b""
        try:
            found = scan(data, self._name)
        except IntegrityError as error:
            raise IntegrityError(f"{self._path}: {error}") from error
        if mark is not None and mark not in [(record.seq, record.hash) for record in found.records]:
            raise IntegrityError(
                f"{self._path} ends before record {mark[0]}, or holds another one; restore it, or, if it was thrown away "
                f"on purpose, remove {self._mark} and say again what stood in it"
            )
        return found

    def _cut(self, descriptor: int, found: Scan) -> None:
        """Cut off the half line of a writer that died; it was never acted on."""
        if found.torn:
            self._disk.sync(descriptor)
            os.ftruncate(descriptor, found.valid_bytes)


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JournalUnavailable(f"the control journal: {error.strerror or error}") from error
