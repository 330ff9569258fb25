"""What a run may want next. `decide` chooses one; a world performs it."""

from dataclasses import dataclass
from typing import TypeAlias

from agentctl.events.budget import BudgetStopped
from agentctl.events.model import WrittenCall
from agentctl.events.run import SuspendReason


@dataclass(frozen=True, slots=True)
class AskModel:
    """Ask the model of a step."""

    step: int


@dataclass(frozen=True, slots=True)
class CallTools:
    """Take these calls of a step as far as they go, in index order."""

    step: int
    calls: tuple[WrittenCall, ...]


@dataclass(frozen=True, slots=True)
class AwaitAnswers:
    """Find out whether somebody answers these approval requests."""

    approvals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopAtCeiling:
    """Stop because the next step could break a ceiling, or one is broken already."""

    stop: BudgetStopped


@dataclass(frozen=True, slots=True)
class Suspend:
    """Stop for now; the run can go on."""

    reason: SuspendReason
    detail: str
    waiting_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finish:
    """End with an answer."""

    answer: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """End because the run itself is refused."""

    why: str


Intent: TypeAlias = AskModel | CallTools | AwaitAnswers | StopAtCeiling | Suspend | Finish | Refuse
