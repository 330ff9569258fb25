"""Tool calls as a person asks about them: the wish, what was decided, each attempt and its end. Pure."""

from typing import Literal, TypeAlias

from msgspec import Struct

from agentctl.events.approval import (
    ApprovalAnnounced,
    ApprovalAnswered,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalRequested,
)
from agentctl.events.base import Event
from agentctl.events.tool import (
    DecisionMade,
    Purpose,
    ToolAmended,
    ToolInDoubt,
    ToolIntent,
    ToolProposed,
    ToolRefused,
    ToolResolved,
    ToolResult,
    ToolUnknown,
)
from agentctl.foundation.canonical import JsonValue
from agentctl.trace.reports.placed import Placed, Placeds, first_after, in_order, of_type

CallOutcome = Literal[
    "ok",
    "error",
    "refused",
    "waiting",
    "open",
    "unknown",
    "in_doubt",
    "executed",
    "not_executed",
    "retry",
    "proposed",
]
"""The last thing that happened to a call; `executed`, `not_executed` and `retry` are what somebody found out about one in doubt."""

AttemptEnd: TypeAlias = ToolResult | ToolUnknown
"""How an attempt ended: with a known outcome, or so that nobody can say."""


class Attempt(Struct, frozen=True):
    """One attempt to execute a call; no end where it is under way or its process died."""

    intent: Placed[ToolIntent]
    end: Placed[AttemptEnd] | None


class Approval(Struct, frozen=True):
    """One request for approval and everything said to it."""

    requested: Placed[ApprovalRequested]
    answers: tuple[Placed[ApprovalAnswered], ...]
    expired: Placed[ApprovalExpired] | None
    escalations: tuple[Placed[ApprovalEscalated], ...] = ()
    announcements: tuple[Placed[ApprovalAnnounced], ...] = ()


class Call(Struct, frozen=True):
    """One tool call, from the wish to what became of it. A reviewer's look-up is one too; nobody proposed it."""

    call: str
    step: int
    tool: str
    purpose: Purpose
    arguments: JsonValue
    outcome: CallOutcome
    decisions: tuple[Placed[DecisionMade], ...]
    refusals: tuple[Placed[ToolRefused], ...]
    approvals: tuple[Approval, ...]
    attempts: tuple[Attempt, ...]
    in_doubt: tuple[Placed[ToolInDoubt], ...]
    resolved: tuple[Placed[ToolResolved], ...]
    amendments: tuple[Placed[ToolAmended], ...] = ()

    @property
    def may_have_effect(self) -> bool:
        """Whether its effect happened, or may have: an attempt was made and nobody knows that it failed."""
        return bool(self.attempts) and self.outcome not in {"error", "refused", "not_executed"}


def calls_of(placed: Placeds) -> tuple[Call, ...]:
    """Return every call of a run, in the order in which they began."""
    approvals = {one.event.approval: one.event.binding.call for one in of_type(placed, ApprovalRequested)}
    by_call: dict[str, list[Placed[Event]]] = {}
    step, steps = 0, dict[str, int]()
    for one in placed:
        name = _call_of(one.event, approvals)
        if name is not None:
            step = one.event.step if isinstance(one.event, ToolProposed) else step
            steps.setdefault(name, step)
            by_call.setdefault(name, []).append(one)
    return tuple(_call(name, steps[name], own) for name, own in by_call.items())


def _call_of(event: Event, approvals: dict[str, str]) -> str | None:
    """Return the call an event is about; None where it is about none."""
    match event:
        case (
            ToolProposed(call=call)
            | ToolAmended(call=call)
            | DecisionMade(call=call)
            | ToolRefused(call=call)
            | ToolIntent(call=call)
            | ToolResult(call=call)
            | ToolUnknown(call=call)
            | ToolInDoubt(call=call)
            | ToolResolved(call=call)
        ):
            return call
        case (
            ApprovalRequested(approval=approval)
            | ApprovalAnswered(approval=approval)
            | ApprovalEscalated(approval=approval)
            | ApprovalAnnounced(approval=approval)
            | ApprovalExpired(approval=approval)
        ):
            return approvals.get(approval)
        case _:
            return None


def _call(name: str, step: int, own: Placeds) -> Call:
    proposals, intents = of_type(own, ToolProposed), of_type(own, ToolIntent)
    amendments = of_type(own, ToolAmended)
    named: tuple[ToolIntent | ToolProposed, ...] = (
        *(one.event for one in proposals),
        *(one.event for one in intents),
    )
    wished: tuple[ToolProposed | ToolAmended | ToolIntent, ...] = (
        *(one.event for one in proposals),
        *(one.event for one in amendments),
        *(one.event for one in intents),
    )
    return Call(
        call=name,
        step=step,
        tool=named[-1].tool if named else "",
        purpose=intents[0].event.purpose if intents else "agent",
        arguments=wished[-1].arguments if wished else None,
        outcome=_outcome(own),
        decisions=of_type(own, DecisionMade),
        refusals=of_type(own, ToolRefused),
        approvals=tuple(_approval(one, own) for one in of_type(own, ApprovalRequested)),
        attempts=tuple(_attempt(one, own) for one in intents),
        in_doubt=of_type(own, ToolInDoubt),
        resolved=of_type(own, ToolResolved),
        amendments=amendments,
    )


def _approval(requested: Placed[ApprovalRequested], own: Placeds) -> Approval:
    name = requested.event.approval
    return Approval(
        requested,
        tuple(one for one in of_type(own, ApprovalAnswered) if one.event.approval == name),
        next((one for one in of_type(own, ApprovalExpired) if one.event.approval == name), None),
        tuple(one for one in of_type(own, ApprovalEscalated) if one.event.approval == name),
        tuple(one for one in of_type(own, ApprovalAnnounced) if one.event.approval == name),
    )


def _attempt(intent: Placed[ToolIntent], own: Placeds) -> Attempt:
    ends: tuple[Placed[AttemptEnd], ...] = in_order(of_type(own, ToolResult), of_type(own, ToolUnknown))
    return Attempt(
        intent, first_after(intent, (end for end in ends if end.event.attempt == intent.event.attempt))
    )


def _outcome(own: Placeds) -> CallOutcome:
    """Return the last thing that happened; a decision or an answer alone changes nothing."""
    for one in reversed(own):
        outcome = _outcome_of(one.event)
        if outcome is not None:
            return outcome
    return "proposed"


def _outcome_of(event: Event) -> CallOutcome | None:
    match event:
        case ToolRefused():
            return "refused"
        case ToolResult(outcome=outcome):
            return outcome
        case ToolResolved(verdict=verdict):
            return verdict
        case _:
            return _OUTCOMES.get(type(event))


_OUTCOMES: dict[type[Event], CallOutcome] = {
    ToolInDoubt: "in_doubt",
    ToolUnknown: "unknown",
    ToolIntent: "open",
    ApprovalRequested: "waiting",
}
