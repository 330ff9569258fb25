"""A project on this machine: its files, its stores, its keys."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from agentctl.contract.project import ProjectFiles
from agentctl.foundation.clock import Clock, SystemClock
from agentctl.identity.keys import KeyFolder
from agentctl.identity.reviewer_keys import ReviewerKeys
from agentctl.settings import Paths, Settings, find_settings
from agentctl.trace.disk import Disk, SystemDisk
from agentctl.trace.inbox import FileInbox
from agentctl.trace.journals.control import ControlJournal
from agentctl.trace.journals.control_files import LABELS
from agentctl.trace.journals.journal import FileJournals
from agentctl.trace.journals.journal_files import EVALS
from agentctl.trace.ledger import SqliteLedger
from agentctl.trace.objects import FileObjects

if TYPE_CHECKING:
    from agentctl.trace.index.store import Index, Tell


class Project(Struct, frozen=True):
    """Everything of a project that lasts longer than one run."""

    settings: Settings
    files: ProjectFiles
    journals: FileJournals
    evals: FileJournals
    objects: FileObjects
    inbox: FileInbox
    ledger: SqliteLedger
    keys: KeyFolder
    reviewer_keys: ReviewerKeys
    control: ControlJournal
    labels: ControlJournal
    clock: Clock

    @property
    def paths(self) -> Paths:
        """Where the project keeps its files."""
        return self.settings.paths

    def index(self, tell: "Tell | None" = None) -> "Index":
        """Return the index over the journals, which tells of every batch that it loads; loads DuckDB."""
        from agentctl.trace.index.store import Index  # noqa: PLC0415 - heavy, and a run does not need it

        return Index(self.paths.database, self.paths.journal, tell=tell)


def open_project(start: Path | None = None, clock: Clock | None = None, disk: Disk | None = None) -> Project:
    """Return the project that a folder lies in (default: the working folder).

    Raises:
        UsageError: the folder lies in no project.
    """
    settings = find_settings(start)
    clock, disk = clock or SystemClock(), disk or SystemDisk()
    return Project(
        settings=settings,
        files=ProjectFiles(settings.paths.root),
        journals=FileJournals(settings.paths.journal, clock, disk),
        evals=FileJournals(settings.paths.journal / EVALS, clock, disk),
        objects=FileObjects(settings.paths.objects),
        inbox=FileInbox(settings.paths.inbox),
        ledger=SqliteLedger(settings.paths.effects),
        keys=KeyFolder(settings.paths.state),
        reviewer_keys=ReviewerKeys(settings.paths.reviewer_keys),
        control=ControlJournal(settings.paths.journal, settings.paths.control_mark, clock, disk),
        labels=ControlJournal(settings.paths.journal, settings.paths.labels_mark, clock, disk, name=LABELS),
        clock=clock,
    )
