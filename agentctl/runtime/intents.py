"""What a run may want next. `decide` chooses one; a world performs it."""

from typing import TypeAlias

from msgspec import Struct

from agentctl.events.budget import BudgetStopped
from agentctl.events.model import WrittenCall
from agentctl.events.run import SuspendReason


class AskModel(Struct, frozen=True):
    """Ask the model of a step."""

    step: int


class CallTools(Struct, frozen=True):
    """Take these calls of a step as far as they go, in index order."""

    step: int
    calls: tuple[WrittenCall, ...]


class AwaitAnswers(Struct, frozen=True):
    """Find out whether somebody answers these approval requests."""

    approvals: tuple[str, ...]


class StopAtCeiling(Struct, frozen=True):
    """Stop because the next step could break a ceiling, or one is broken already."""

    stop: BudgetStopped


class Suspend(Struct, frozen=True):
    """Stop for now; the run can go on."""

    reason: SuspendReason
    detail: str
    waiting_for: tuple[str, ...] = ()


class Finish(Struct, frozen=True):
    """End with an answer."""

    answer: str


class Refuse(Struct, frozen=True):
    """End because the run itself is refused."""

    why: str


Intent: TypeAlias = AskModel | CallTools | AwaitAnswers | StopAtCeiling | Suspend | Finish | Refuse
