"""The journals of trials whose effects nobody keeps: durable when the trial is over, and not at every call.

A trial that this machine's end cuts short is tried again under a new run, so nothing is ever decided from half a journal.
What a process leaves behind when it dies is in the file all the same; only the machine's own end can lose it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from typing_extensions import override

from agentctl.events.record import AnyEvent, Record
from agentctl.foundation.errors import JournalUnavailable
from agentctl.trace.disk import full_sync, sync_directory
from agentctl.trace.journal import FileJournals
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


def made_durable(files: FileJournals, run: str) -> None:
    """Sync a trial's journal as a whole, and its place in its folder.

    Raises:
        JournalUnavailable: the disk refused.
    """
    try:
        path = files.path_of(run)
        with path.open("rb") as file:
            full_sync(file.fileno())
        sync_directory(path.parent)
    except OSError as error:
        raise JournalUnavailable(
            f"the journal of run {run} cannot be synced: {error.strerror or error}"
        ) from error
