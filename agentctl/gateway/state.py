"""What the gateway knows of a run: a pure fold over its records. Nothing that decides is kept beside it."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import reduce
from typing import Any, Final, Literal, TypeAlias, TypedDict

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.approval.grants import Grants, evolve_grants
from agentctl.approval.pending import Approvals, evolve_approvals
from agentctl.budget.spend import Spend, evolve_spend, exact_sum
from agentctl.budget.worked import Worked, evolve_worked
from agentctl.events.approval import ApprovalAnswered, ApprovalRequested, GrantGiven, MessageRefused
from agentctl.events.base import Source
from agentctl.events.budget import BudgetRaised
from agentctl.events.loop import LoopDetected
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed, ModelRefused, RouteChosen
from agentctl.events.record import EVENT_TYPES, Record, kinds_of
from agentctl.events.run import Envelope, RunResumed, RunStarted
from agentctl.events.tool import (
    DecisionMade,
    ToolAmended,
    ToolInDoubt,
    ToolIntent,
    ToolProposed,
    ToolRefused,
    ToolResolved,
    ToolResult,
    ToolUnknown,
)
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.gateway.opinions import ModelReview, SaidOfModel, evolve_reviews

CallStatus = Literal[
    "proposed", "waiting", "refused", "in_flight", "unknown", "failed", "answered", "in_doubt"
]
"""`failed`: an attempt certainly had no effect and another may follow; `unknown`: nobody can say."""


class CallState(Struct, frozen=True):
    """One call of the agent. `shown` is what the model gets to see, once that is settled, `digest` that of a recorded end.

    `unsure` says that an earlier attempt to change something may have happened unseen. A later attempt that certainly
    failed does not undo that: only a success or an operator's word settles such a call.
    """

    proposal: ToolProposed
    status: CallStatus = "proposed"
    decision: DecisionMade | None = None
    first_intent: ToolIntent | None = None
    first_intent_at: str = ""
    attempts: int = 0
    shown: JsonObject | None = None
    digest: str = ""
    ok: bool = False
    unsure: bool = False
    retry_ordered: bool = False

    @property
    def settled(self) -> bool:
        """Whether the model may see what became of it."""
        return self.shown is not None

    @property
    def may_have_effect(self) -> bool:
        """Whether its effect happened, or may have happened."""
        return self.first_intent is not None and (
            self.ok or self.status in {"in_flight", "unknown", "in_doubt"}
        )

    @property
    def may_have_changed(self) -> bool:
        """Whether an attempt to change something was made, and nobody knows what became of it."""
        changes = self.first_intent is not None and self.first_intent.effect != "read"
        return changes and (self.unsure or self.status in {"in_flight", "unknown"})


class SessionState(Struct, frozen=True):
    """Everything the stages may look at.

    `sources_seen` has the trust labels of everything that entered the conversation, by source; `said` what the model said
    beside its calls, by step.
    """

    envelope: Envelope | None = None
    spend: Spend = field(default_factory=Spend)
    worked: Worked = field(default_factory=Worked)
    approvals: Approvals = field(default_factory=dict)
    calls: Mapping[str, CallState] = field(default_factory=dict)
    results: Mapping[str, JsonValue] = field(default_factory=dict)
    grants: Grants = field(default_factory=dict)
    sources_seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    said: Mapping[int, str] = field(default_factory=dict)
    refusals: int = 0
    reviews: int = 0
    routes: Mapping[int, RouteChosen] = field(default_factory=dict)
    model_attempts: Mapping[int, int] = field(default_factory=dict)
    model_reviews: Mapping[str, ModelReview] = field(default_factory=dict)
    messages_seen: frozenset[str] = frozenset()
    loops: tuple[LoopDetected, ...] = ()

    @property
    def header(self) -> Envelope:
        """The run's envelope; a journal always begins with it."""
        if self.envelope is None:
            raise LookupError("the run has not started")
        return self.envelope

    @property
    def labels_seen(self) -> tuple[str, ...]:
        """All trust labels that anything in the conversation carries, sorted."""
        return tuple(sorted({label for labels in self.sources_seen.values() for label in labels}))

    @property
    def refusals_to_cap(self) -> int:
        """How many refusals count against their cap; those of loops have a stop of their own."""
        return self.refusals - sum(not loop.stops for loop in self.loops)

    @property
    def open_approvals(self) -> int:
        """How many approval requests wait."""
        return sum(item.open for item in self.approvals.values())

    def used_of(self, grant: str, *, besides: str) -> dict[str, Decimal]:
        """Return what calls that had, or may have had, their effect took of a grant, by fact."""
        used: dict[str, Decimal] = {}
        for name, call in self.calls.items():
            use = call.first_intent.grant if call.first_intent and call.may_have_effect else None
            if name != besides and use is not None and use.grant == grant:
                used = {
                    fact: exact_sum((used.get(fact, Decimal(0)), amount))
                    for fact, amount in use.amounts.items()
                }
        return used

    def holder_of(self, effect_key: str) -> str | None:
        """Return the call that has, or may have, caused an effect in this run."""
        holders = (
            call
            for call, state in self.calls.items()
            if state.may_have_effect and state.first_intent and state.first_intent.effect_key == effect_key
        )
        return next(holders, None)

    def total_of(self, amount_key: str, *, besides: str) -> Decimal:
        """Return the sum of an amount over this run's calls that had, or may have had, their effect."""
        intents = (
            state.first_intent
            for call, state in self.calls.items()
            if call != besides and state.may_have_effect and state.first_intent
        )
        return exact_sum(intent.object_totals.get(amount_key, Decimal(0)) for intent in intents)


def fold(records: Iterable[Record]) -> SessionState:
    """Return the state after all records."""
    return reduce(evolve, records, SessionState())


class _Changes(TypedDict, total=False):
    """What a record changes of a state, apart from what the folds of other rooms say."""

    envelope: Envelope
    calls: Mapping[str, CallState]
    results: Mapping[str, JsonValue]
    sources_seen: Mapping[str, tuple[str, ...]]
    said: Mapping[int, str]
    refusals: int
    reviews: int
    routes: Mapping[int, RouteChosen]
    model_attempts: Mapping[int, int]
    model_reviews: Mapping[str, ModelReview]
    messages_seen: frozenset[str]
    loops: tuple[LoopDetected, ...]


def evolve(state: SessionState, record: Record) -> SessionState:
    """Return the state after one record. No part of a state looks at another, so all are changed at once."""
    changes: _Changes = {}
    for change in _CHANGES[type(record.event)]:
        changes.update(change(state, record.event, record.time))
    return replace(
        state,
        spend=evolve_spend(state.spend, record.event),
        worked=evolve_worked(state.worked, record),
        approvals=evolve_approvals(state.approvals, record),
        grants=evolve_grants(state.grants, record),
        **changes,
    )


_Rest: TypeAlias = (
    RunStarted
    | RunResumed
    | BudgetRaised
    | ToolIntent
    | LoopDetected
    | ToolResult
    | ApprovalAnswered
    | GrantGiven
    | ToolResolved
    | MessageRefused
)


def _rest(state: SessionState, event: _Rest, _time: str) -> _Changes:
    match event:
        case RunStarted(envelope=envelope, source=source):
            return {"envelope": envelope, **_seen(state, source)}
        case RunResumed(limits=limits, pii_redaction=redaction):
            tightened = {"limits": limits, "pii_redaction": redaction}
            return {"envelope": state.header.model_copy(update=tightened)}
        case BudgetRaised(limits=limits, message=message):
            raised = state.header.model_copy(update={"limits": limits})
            return {"envelope": raised, "messages_seen": state.messages_seen | {message}}
        case ToolIntent(purpose="review"):
            return {"reviews": state.reviews + 1}
        case LoopDetected() as loop:
            return {"loops": (*state.loops, loop)}
        case ToolResult(purpose="agent", source=source):  # an error's text is a stranger's text too
            return _seen(state, source)
        case (
            ApprovalAnswered(message=str() as message)
            | GrantGiven(message=message)
            | ToolResolved(message=message)
            | MessageRefused(message=message)
        ):
            return {"messages_seen": state.messages_seen | {message}}
        case _:
            return {}


_Models: TypeAlias = RouteChosen | SaidOfModel


def _models(state: SessionState, event: _Models, _time: str) -> _Changes:
    match event:
        case RouteChosen() as route:
            return {"routes": {**state.routes, route.step: route}}
        case ModelAsked(step=step, attempt=attempt, review=None):
            return {"model_attempts": {**state.model_attempts, step: attempt}}
        case ModelAnswered(step=step, text=text, review=None):
            return {"said": {**state.said, step: text}}
        case ModelAsked() | ModelAnswered() | ModelFailed() | ModelRefused() as said if said.review:
            return {"model_reviews": evolve_reviews(state.model_reviews, said, said.review)}
        case _:
            return {}


def _seen(state: SessionState, source: Source) -> _Changes:
    return {"sources_seen": {**state.sources_seen, source.id: source.labels}}


_Calls: TypeAlias = (
    ToolProposed
    | ToolAmended
    | DecisionMade
    | ApprovalRequested
    | ToolRefused
    | ToolIntent
    | ToolResult
    | ToolUnknown
    | ToolInDoubt
    | ToolResolved
)


def _calls(state: SessionState, event: _Calls, time: str) -> _Changes:
    match event:
        case ToolProposed() | ToolAmended() as wish:
            return _wished(state, wish)
        case DecisionMade(call=call) as decision:
            return _changed(state, call, decision=decision)
        case ApprovalRequested(binding=binding):
            return _changed(state, binding.call, status="waiting")
        case ToolRefused() as refusal:
            return _refused(state, refusal)
        case ToolIntent(purpose="agent") as intent:
            return _intended(state, intent, time)
        case ToolResult(purpose="agent") as result:
            return _answered(state, result)
        case ToolUnknown(purpose="agent", call=call):
            return _changed(state, call, status="unknown")
        case ToolInDoubt(call=call):
            return _doubted(state, call)
        case ToolResolved() as resolution:
            return _resolved(state, resolution)
        case _:
            return {}


def _wished(state: SessionState, wish: ToolProposed | ToolAmended) -> _Changes:
    """Take a wish, or put the arguments that reviewers approved in the place of those it had; all else of it stays."""
    if isinstance(wish, ToolProposed):
        return _with_call(state, wish.call, CallState(wish))
    instead = {"arguments": wish.arguments, "arguments_digest": wish.arguments_digest, "sources": None}
    proposal = state.calls[wish.call].proposal.model_copy(update=instead)
    return _changed(state, wish.call, proposal=proposal, status="proposed")


def _refused(state: SessionState, refusal: ToolRefused) -> _Changes:
    refusals: _Changes = {"refusals": state.refusals + 1}
    if state.calls[refusal.call].may_have_changed:
        return {**refusals, **_doubted(state, refusal.call)}
    shown: dict[str, JsonValue] = {"refused": refusal.stage, "reasons": list(refusal.reasons)}
    return {**refusals, **_changed(state, refusal.call, status="refused", shown=shown)}


def _intended(state: SessionState, intent: ToolIntent, time: str) -> _Changes:
    call = state.calls[intent.call]
    return _changed(
        state,
        intent.call,
        status="in_flight",
        attempts=intent.attempt,
        first_intent=call.first_intent or intent,
        first_intent_at=call.first_intent_at or time,
        unsure=call.may_have_changed,
        retry_ordered=False,
    )


def _answered(state: SessionState, result: ToolResult) -> _Changes:
    if result.outcome == "ok":
        tool = state.calls[result.call].proposal.tool
        # The first result of a tool is the one that no stranger's text had steered the run to yet.
        results: _Changes = {"results": {tool: result.value, **state.results}}
        shown, digest = {"result": result.value}, result.value_digest
        settled = _changed(state, result.call, status="answered", ok=True, shown=shown, digest=digest)
        return {**results, **settled}
    unsure = state.calls[result.call].unsure
    if not result.final:
        return _changed(state, result.call, status="unknown" if unsure else "failed")
    if unsure:
        return _doubted(state, result.call)
    shown, digest = {"error": result.value}, result.value_digest
    return _changed(state, result.call, status="answered", shown=shown, digest=digest)


def _doubted(state: SessionState, call: str) -> _Changes:
    return _changed(state, call, status="in_doubt", retry_ordered=False)


def _resolved(state: SessionState, resolution: ToolResolved) -> _Changes:
    match resolution.verdict:
        case "executed":
            note = f"executed; confirmed by {resolution.by.id}, its own answer is lost"
            return _changed(
                state, resolution.call, status="answered", ok=True, unsure=False, shown={"result": note}
            )
        case "not_executed":
            note = f"not executed; confirmed by {resolution.by.id}"
            return _changed(state, resolution.call, status="answered", unsure=False, shown={"error": note})
        case "retry":
            return _changed(state, resolution.call, status="unknown", retry_ordered=True)


def _changed(state: SessionState, call: str, **changes: object) -> _Changes:
    return _with_call(state, call, replace(state.calls[call], **changes))


def _with_call(state: SessionState, call: str, now: CallState) -> _Changes:
    return {"calls": {**state.calls, call: now}}


_Change: TypeAlias = Callable[[SessionState, Any, str], _Changes]

_CHANGES: Final[Mapping[type, tuple[_Change, ...]]] = {
    kind: tuple(
        change
        for union, change in ((_Rest, _rest), (_Models, _models), (_Calls, _calls))
        if kind in kinds_of(union)
    )
    for kind in EVENT_TYPES.values()
}
"""What an event changes, by its class."""
