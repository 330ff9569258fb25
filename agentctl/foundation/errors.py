"""Every error that may end a command, drawn as a tree, with its exit code.

    AgentctlError
    ├── InvalidInput           2   a file or an argument is not what it must be; carries every problem found
    │   └── UsageError         2   the command line asks for something that does not exist
    ├── IntegrityError         7   a journal, object or sealed value is not what was written
    ├── JournalUnavailable     8   the journal cannot be written or synced; nothing more may happen
    ├── LockedError           10   another process is writing this run
    ├── ProviderError         11   every model deployment failed
    └── InternalError         70   a promise of our own code was broken

A refused tool call is not an error: it is a result (see `agentctl.gateway.verdict`).
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar

from msgspec import Struct
from typing_extensions import override


class ExitCode(IntEnum):
    """What a process says to the shell; stable and documented."""

    OK = 0
    WANTING = 1
    INVALID = 2
    DENIED = 3
    WAITING = 4
    IN_DOUBT = 5
    BUDGET = 6
    INTEGRITY = 7
    JOURNAL = 8
    INCONCLUSIVE = 9
    LOCKED = 10
    PROVIDER = 11
    INTERNAL = 70
    INTERRUPTED = 130
    UNHEARD = 141


class Place(Struct, frozen=True):
    """Where in a file something stands; line and column count from 1, 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    @override
    def __str__(self) -> str:
        """Return `file:line:column`, without what is not known."""
        known = [self.file, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(known)


class Problem(Struct, frozen=True):
    """One thing that is wrong with an input: where, what was found, what would be accepted.

    `path` is the dotted path inside the document (`budgets.max_steps`), `nearest` a known name that was probably meant.
    """

    place: Place
    found: str
    accepted: str = ""
    path: str = ""
    nearest: str = ""

    @override
    def __str__(self) -> str:
        """Return the problem as one line."""
        where = f"{self.place}: " + (f"{self.path}: " if self.path else "")
        hints = [f"accepted: {self.accepted}"] if self.accepted else []
        hints += [f"did you mean `{self.nearest}`?"] if self.nearest else []
        return where + "; ".join([self.found, *hints])


class AgentctlError(Exception):
    """The root of all errors that end a command."""

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL
    kind: ClassVar[str] = "internal"


class InvalidInput(AgentctlError):
    """Raised when files or arguments are refused; names every problem, not only the first."""

    exit_code = ExitCode.INVALID
    kind = "invalid_input"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(InvalidInput):
    """Raised when the command line names something that does not exist or makes no sense."""

    kind = "usage"

    def __init__(self, found: str, accepted: str = "", nearest: str = "") -> None:
        super().__init__([Problem(Place("command line"), found, accepted, nearest=nearest)])


class IntegrityError(AgentctlError):
    """Raised when stored bytes are not the bytes that were written."""

    exit_code = ExitCode.INTEGRITY
    kind = "integrity"


class JournalUnavailable(AgentctlError):
    """Raised when a record cannot be made durable; the run stops and nothing more is executed."""

    exit_code = ExitCode.JOURNAL
    kind = "journal_unavailable"


class LockedError(AgentctlError):
    """Raised when another process is the writer of the run."""

    exit_code = ExitCode.LOCKED
    kind = "locked"


class ProviderError(AgentctlError):
    """Raised when a model provider cannot be used at all (not installed, no key)."""

    exit_code = ExitCode.PROVIDER
    kind = "provider_failed"


class InternalError(AgentctlError):
    """Raised when our own code breaks a promise; always a bug."""

    kind = "internal"
