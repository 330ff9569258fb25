"""What a stage says of a call. A refusal is a result, never an exception."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct, field

from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetStopped
from agentctl.events.loop import LoopDetected
from agentctl.events.tool import DecisionMade, GrantUse, Stage, ToolProposed
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.discreet import Discreet
from agentctl.tools.registry import RegisteredTool


class Case(Discreet, frozen=True):
    """One call on its way through the stages: each stage adds what it found out.

    `arguments` are the canonical ones, redacted; `real` the same with real values, for validators and executors only.
    """

    hidden = frozenset({"real"})

    proposal: ToolProposed
    attempt: int
    tool: RegisteredTool | None = None
    arguments: JsonObject = field(default_factory=dict)
    real: JsonObject = field(default_factory=dict)
    decision: DecisionMade | None = None
    effect_key: str | None = None
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    reservation: Reservation = field(default_factory=Reservation)
    approvals: tuple[str, ...] = ()
    grant: GrantUse | None = None


class Refused(Struct, frozen=True):
    """The call is not made. `stop` carries the numbers where a budget is the reason, `loop` the evidence where a loop is.

    A stop ends the run for now; so does a loop of which the model was told.
    """

    stage: Stage
    reasons: tuple[str, ...]
    case: Case
    stop: BudgetStopped | None = None
    loop: LoopDetected | None = None


class NeedsApproval(Struct, frozen=True):
    """The call waits for somebody's answer; a request must be made for it, unless one is open already."""

    case: Case
    reasons: tuple[str, ...]
    already_requested: bool


Verdict: TypeAlias = Case | Refused | NeedsApproval
