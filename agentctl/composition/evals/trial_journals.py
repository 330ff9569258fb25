"""The journals of trials whose effects nobody keeps: durable when the trial is over, and not at every call.

A trial that this machine's end cuts short is tried again under a new run, so nothing is ever decided from half a journal.
What a process leaves behind when it dies is in the file all the same; only the machine's own end can lose it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace
from typing_extensions import override

from agentctl.events.record import AnyEvent, Record
from agentctl.foundation.errors import InternalError, JournalUnavailable
from agentctl.foundation.threads import in_thread
from agentctl.trace.disk import full_sync, sync_directory
from agentctl.trace.journals.journal import FileJournals
from agentctl.trace.ports import Acquired, Journal, Journals


@dataclass(frozen=True, slots=True)
class _Unsynced(Journal):
    """Writes as another journal does, and leaves syncing to the end of the trial."""

    inner: Journal

    @property
    @override
    def run(self) -> str:
        """The run's id."""
        return self.inner.run

    @property
    @override
    def epoch(self) -> int:
        """Counts the writers of this run, from 1."""
        return self.inner.epoch

    @override
    def append(
        self, events: Sequence[AnyEvent], sealed: Mapping[str, str] | None = None
    ) -> tuple[Record, ...]:
        """Write events."""
        return self.inner.append(events, sealed)

    @override
    async def sync(self) -> None:
        """Go on: what was written is synced with the rest."""

    @override
    def close(self) -> None:
        """Give up being the writer."""
        self.inner.close()


@dataclass(frozen=True, slots=True)
class TrialJournals(Journals):
    """Journals in the project's own files, of trials of one eval."""

    files: FileJournals

    @override
    def create(self, run: str) -> Journal:
        """Begin a new run's journal."""
        return _Unsynced(self.files.create(run))

    @override
    def acquire(self, run: str) -> Acquired:
        """Become the writer of an existing run."""
        acquired = self.files.acquire(run)
        return replace(acquired, journal=_Unsynced(acquired.journal))

    @override
    def read(self, run: str) -> tuple[Record, ...]:
        """Return the records of a run."""
        return self.files.read(run)

    @override
    def is_held(self, run: str) -> bool:
        """Return whether somebody is the run's writer now."""
        return self.files.is_held(run)

    @override
    def is_stopped(self, run: str) -> bool:
        """Return whether a run that is neither finished nor suspended has no writer any more."""
        return self.files.is_stopped(run)

    @override
    def runs(self) -> tuple[str, ...]:
        """Return the ids of all runs, oldest first."""
        return self.files.runs()


class TrialSyncs:
    """Makes journals of trials durable when their runs are over: those that wait meanwhile come next, all in one go."""

    def __init__(self, files: FileJournals) -> None:
        self._files = files
        self._turn = asyncio.Lock()
        self._next = _Batch()

    async def durable(self, run: str) -> None:
        """Return when a trial's journal is durable as a whole, and its place in its folder.

        Raises:
            JournalUnavailable: the disk refused; nobody knows of any journal of the same batch.
        """
        batch = self._next
        batch.runs.append(run)
        async with self._turn:
            if batch is self._next:
                self._next = _Batch()
                batch.done = asyncio.ensure_future(in_thread(partial(made_durable, self._files, batch.runs)))
                await asyncio.wait((batch.done,))
        if batch.done is None:
            raise InternalError("a batch of journals was left behind")
        await asyncio.shield(batch.done)


@dataclass(slots=True)
class _Batch:
    """Trials whose journals are made durable together."""

    runs: list[str] = field(default_factory=list)
    done: "asyncio.Future[None] | None" = None


def made_durable(files: FileJournals, runs: Sequence[str]) -> None:
    """Sync journals of trials as a whole, and their places in their folders.

    Raises:
        JournalUnavailable: the disk refused.
    """
    paths = [files.path_of(run) for run in runs]
    try:
        for path in paths:
            with path.open("rb") as file:
                full_sync(file.fileno())
        for folder in {path.parent for path in paths}:
            sync_directory(folder)
    except OSError as error:
        raise JournalUnavailable(
            f"the journals of the runs {', '.join(runs)} cannot be synced: {error.strerror or error}"
        ) from error
