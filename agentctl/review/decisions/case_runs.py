"""The run that a policy case plays in: it never was, and is made of the parts that real runs are folded to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from agentctl.budget.spend import Spend
from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Environment
from agentctl.contract.policy_cases import CasePrincipal, EarlierCall, PolicyCase
from agentctl.contract.project import nearest
from agentctl.events.base import Principal, Reservation
from agentctl.events.run import Envelope, Limits
from agentctl.events.tool import Credential, DecisionMade, ToolIntent, ToolProposed
from agentctl.foundation.canonical import JsonObject, digest_of
from agentctl.gateway.policy_requests import Asked
from agentctl.gateway.state import CallState, CallStatus, SessionState
from agentctl.policy.engine import PolicyEngine
from agentctl.review.decisions.court import Question
from agentctl.tools.registry import RegisteredTool, Registry

_RUN = "0" * 26
_MANY = 10**9
_INPUT = {"input": ("untrusted",)}
_STATUS: dict[str, CallStatus] = {
    "ok": "answered",
    "failed": "answered",
    "refused": "refused",
    "in_doubt": "in_doubt",
}


class NotACase(ValueError):
    """Raised when a case cannot be put to anybody; `path` leads to the part that is wrong, the message says why."""

    def __init__(self, path: Sequence[str | int], found: str, accepted: str = "", near: str = "") -> None:
        super().__init__(found)
        self.path, self.found, self.accepted, self.near = tuple(path), found, accepted, near


class Stand(Struct, frozen=True):
    """Where cases are judged: one agent in one environment, with all its authorities, on a day."""

    contract: AgentContract
    environment: Environment
    registry: Registry
    engines: tuple[PolicyEngine, ...]
    today: str

    @property
    def actor(self) -> str:
        """Who acts."""
        return f"agent:{self.contract.agent.name}"


def question_of(stand: Stand, case: PolicyCase) -> Question:
    """Return the call of a case, in its run.

    Raises:
        NotACase: it names a tool that does not exist, or arguments that a schema refuses.
    """
    tool = _tool(stand, case.tool, case.arguments, ())
    state = _state_before(stand, case)
    step = sum(call.times for call in case.history) if case.step is None else case.step
    sources = None if case.sources is None else dict(case.sources)
    proposal = _proposal(case.tool, case.arguments, step, sources)
    return _question(stand, state, proposal, tool, case.today or stand.today)


def _question(
    stand: Stand, state: SessionState, proposal: ToolProposed, tool: RegisteredTool, day: str
) -> Question:
    asked = Asked(
        proposal=proposal,
        descriptor=tool.descriptor,
        descriptor_digest=tool.digest,
        arguments=_object(proposal),
        principal=state.header.principal,
        actor=stand.actor,
        now=f"{day}T12:00:00.000000Z",
    )
    return Question(state, stand.contract, asked)


def _state_before(stand: Stand, case: PolicyCase) -> SessionState:
    """Return the run as it is before the call: its envelope, what it used, what it saw and called."""
    earlier = tuple(_earlier(case))
    used = len(earlier) if case.run.tool_calls is None else case.run.tool_calls
    spent = Reservation(
        tool_calls=used,
        input_tokens=case.run.input_tokens,
        output_tokens=case.run.output_tokens,
        cost_usd=case.run.cost_usd,
    )
    labels: Mapping[str, tuple[str, ...]] = _INPUT if case.labels is None else dict(case.labels)
    state = SessionState(_envelope(stand, case), spend=Spend(settled=spent), sources_seen=labels)
    for step, (index, call) in enumerate(earlier):
        state = _called(stand, state, step, index, call)
    return state


def _earlier(case: PolicyCase) -> Iterator[tuple[int, EarlierCall]]:
    for index, call in enumerate(case.history):
        yield from [(index, call)] * call.times


def _called(stand: Stand, state: SessionState, step: int, index: int, call: EarlierCall) -> SessionState:
    """Return the state after an earlier call, as a real one would have left it."""
    tool = _tool(stand, call.tool, call.arguments, ("history", index))
    proposal = _proposal(call.tool, call.arguments, step, None)
    question = _question(stand, state, proposal, tool, stand.today)
    done = CallState(
        proposal,
        status=_STATUS[call.outcome],
        decision=_decision(question),
        first_intent=None if call.outcome == "refused" else _intent(question),
        attempts=int(call.outcome != "refused"),
        ok=call.outcome == "ok",
    )
    return replace(state, calls={**state.calls, proposal.call: done})


def _tool(stand: Stand, name: str, arguments: JsonObject, path: tuple[str | int, ...]) -> RegisteredTool:
    tool = stand.registry.get(name)
    if tool is None:
        near = nearest(name, stand.registry.names)
        raise NotACase((*path, "tool"), f"there is no tool `{name}`", "a tool of the registry", near)
    problems = tool.arguments_validator.problems(arguments)
    if problems:
        raise NotACase((*path, "arguments"), f"`{name}` does not take them: {'; '.join(problems)}")
    return tool


def _decision(question: Question) -> DecisionMade:
    request = question.request
    return DecisionMade(
        call=question.asked.proposal.call,
        attempt=1,
        decision="allow",
        answers=(),
        facts=dict(request.facts),
        facts_missing=dict(request.facts_missing),
        inputs_digest="",
    )


def _intent(question: Question) -> ToolIntent:
    asked, descriptor = question.asked, question.asked.descriptor
    return ToolIntent(
        call=asked.proposal.call,
        attempt=1,
        tool=descriptor.name,
        descriptor_digest=asked.descriptor_digest,
        arguments=asked.arguments,
        arguments_digest=asked.proposal.arguments_digest or "",
        effect=descriptor.effect,
        retry=descriptor.retry,
        effect_key=question.effect_key,
        object_totals=dict(question.totals),
        idempotency_key=asked.proposal.call,
        principal=asked.principal,
        actor=asked.actor,
        credential=Credential(kind="none"),
        reservation=Reservation(tool_calls=1),
    )


def _proposal(
    tool: str, arguments: JsonObject, step: int, sources: dict[str, tuple[str, ...]] | None
) -> ToolProposed:
    return ToolProposed(
        call=f"{_RUN}/{step}/0",
        step=step,
        tool=tool,
        arguments=arguments,
        arguments_digest=digest_of(arguments),
        sources=sources,
    )


def _object(proposal: ToolProposed) -> JsonObject:
    return proposal.arguments if isinstance(proposal.arguments, Mapping) else {}


def _envelope(stand: Stand, case: PolicyCase) -> Envelope:
    environment, contract = stand.environment, stand.contract
    principal, teams = _principal(stand, case)
    return Envelope(
        run=_RUN,
        kind="live",
        agent=contract.agent.name,
        owner=contract.agent.owner,
        version="",
        principal=principal,
        environment=environment.name,
        environment_kind=environment.kind,
        environment_digest="",
        platform_digest="",
        policies={engine.policy: engine.digest for engine in stand.engines},
        limits=_NO_LIMITS,
        trace_level="full",
        pii_redaction=contract.logging.pii_redaction,
        isolation=environment.isolation,
        traceparent="",
        teams=teams,
    )


_NO_LIMITS = Limits(
    max_steps=_MANY,
    max_input_tokens=_MANY,
    max_output_tokens=_MANY,
    max_cost_usd=Spend().settled.cost_usd,
    max_tool_calls=_MANY,
    max_refusals=_MANY,
)


def _principal(stand: Stand, case: PolicyCase) -> tuple[Principal, tuple[str, ...]]:
    """Return for whom a case plays, and the teams they are in."""
    said = case.principal or stand.environment.identity.default_principal or "somebody"
    whom = CasePrincipal(id=said) if isinstance(said, str) else said
    kind: Literal["user", "system"] = "system" if whom.assurance == "platform" else "user"
    teams = stand.environment.teams_of(whom.id) if whom.teams is None else tuple(sorted(whom.teams))
    return Principal(id=whom.id, kind=kind, assurance=whom.assurance), teams
