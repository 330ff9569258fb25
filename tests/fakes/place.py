"""A place for journals whose clock and disk tests hold in their hands."""

import contextlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from agentctl.trace.journals.journal import FileJournal, FileJournals
from tests.fakes.clock import StandingClock
from tests.fakes.disk import FakeDisk
from tests.fakes.events import a_few_events

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OTHER = "01BX5ZZKBKACTAV9WEVGEMMVRZ"
EVENTS = a_few_events()


@dataclass
class Place:
    """A folder of journals, and one run in it."""

    folder: Path
    clock: StandingClock = field(default_factory=StandingClock)
    disk: FakeDisk = field(default_factory=FakeDisk)

    @property
    def journals(self) -> FileJournals:
        """All journals, as another process would find them."""
        return FileJournals(self.folder, self.clock, self.disk)

    @property
    def file(self) -> Path:
        """The journal file of the run."""
        return self.journals.path_of(RUN)

    def written(self) -> bytes:
        """Write all events and give up the run; return the file's bytes."""
        with closing(self.journals.create(RUN)) as journal:
            journal.append(EVENTS)
        return self.file.read_bytes()

    def torn(self) -> dict[str, bytes]:
        """Return the tails that were kept aside, by file name."""
        return {path.name: path.read_bytes() for path in self.file.parent.glob("torn/*")}

    @contextlib.contextmanager
    def acquired(self) -> Iterator[FileJournal]:
        """Be the run's writer for a while."""
        journal = self.journals.acquire(RUN).journal
        assert isinstance(journal, FileJournal)
        with closing(journal):
            yield journal
