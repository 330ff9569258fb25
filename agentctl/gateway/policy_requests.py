"""What the authorities are shown of a call: made from the run's state alone, so that a reader can make it again. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from agentctl.contract.agent import AgentContract
from agentctl.contract.tool import ToolDescriptor
from agentctl.events.base import Principal
from agentctl.events.tool import ToolProposed
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.money import plain
from agentctl.foundation.pointer import at, joined
from agentctl.gateway.state import CallState, SessionState
from agentctl.policy.engine import PolicyRequest, RunSoFar, ToolHistory
from agentctl.tools.facts import Facts, facts_of

_NEVER_CALLED: Final = ToolHistory()


class Asked(Struct, frozen=True):
    """A call that is to be judged: the tool is known, the arguments fit its schema."""

    proposal: ToolProposed
    descriptor: ToolDescriptor
    descriptor_digest: str
    arguments: JsonObject
    principal: Principal
    actor: str
    now: str


class Judgeable(Struct, frozen=True):
    """A request with what else the stages need of it: why facts are missing, and what the call adds to totals."""

    request: PolicyRequest
    totals: Mapping[str, Decimal]


def judgeable(state: SessionState, contract: AgentContract, asked: Asked) -> Judgeable:
    """Return what the authorities are shown of a call at this point of its run."""
    facts = facts_of(asked.descriptor, asked.arguments)
    totals = totals_of(asked.descriptor, asked.arguments, facts)
    header, used = state.header, state.spend.committed
    request = PolicyRequest(
        principal=asked.principal,
        teams=header.teams,
        actor=asked.actor,
        owner=header.owner,
        environment=header.environment,
        environment_kind=header.environment_kind,
        descriptor=asked.descriptor,
        descriptor_digest=asked.descriptor_digest,
        entry=contract.allowed(asked.proposal.tool),
        arguments=asked.arguments,
        arguments_digest=asked.proposal.arguments_digest or "",
        facts=_fact_texts(state, asked.proposal.call, facts, totals),
        facts_missing=facts.missing,
        sources=_sources(state, asked),
        labels=state.sources_seen,
        labels_seen=state.labels_seen,
        step=asked.proposal.step,
        run=RunSoFar(
            header.run, header.kind, used.cost_usd, used.tool_calls, used.input_tokens, used.output_tokens
        ),
        history=_history(state, contract, besides=asked.proposal.call),
        now=asked.now,
    )
    return Judgeable(request, totals)


def totals_of(descriptor: ToolDescriptor, arguments: JsonObject, facts: Facts) -> dict[str, Decimal]:
    """Return what a call adds to the run's totals: `<fact>:<object>` and the amount."""
    totals: dict[str, Decimal] = {}
    for name, fact in descriptor.facts.items():
        value = facts.values.get(name)
        whose = None if fact.total_per is None else at(arguments, fact.total_per)
        if whose is not None and isinstance(value, Decimal):
            totals[f"{name}:{whose}"] = value
    return totals


def _fact_texts(
    state: SessionState, call: str, facts: Facts, totals: Mapping[str, Decimal]
) -> dict[str, str]:
    """Return the facts as text; an amount also with the run's total for the same object, as `<fact>_total`."""
    texts = {
        name: plain(value) if isinstance(value, Decimal) else value for name, value in facts.values.items()
    }
    for key, amount in totals.items():
        name = key.split(":", maxsplit=1)[0]
        texts[f"{name}_total"] = plain(amount + state.total_of(key, besides=call))
    return texts


def _sources(state: SessionState, asked: Asked) -> dict[str, tuple[str, ...]]:
    """Return where each argument came from; where nobody says, it came from everything seen so far."""
    said, everything = asked.proposal.sources or {}, tuple(state.sources_seen)
    pointers = (joined("", name) for name in asked.arguments)
    return {pointer: said.get(pointer, everything) for pointer in pointers}


def _history(state: SessionState, contract: AgentContract, *, besides: str) -> dict[str, ToolHistory]:
    """Return what earlier calls came to, for every tool of the contract."""
    earlier: dict[str, list[CallState]] = {entry.name: [] for entry in contract.tools.allowlist}
    for name, call in state.calls.items():
        if name != besides and call.proposal.tool in earlier:
            earlier[call.proposal.tool].append(call)
    return {tool: _history_of(calls) if calls else _NEVER_CALLED for tool, calls in earlier.items()}


def _history_of(calls: list[CallState]) -> ToolHistory:
    went_well = [call.decision.facts for call in calls if call.ok and call.decision is not None]
    names = sorted({name for facts in went_well for name in facts})
    return ToolHistory(
        ok=sum(call.ok for call in calls),
        failed=sum(call.status == "answered" and not call.ok for call in calls),
        refused=sum(call.status == "refused" for call in calls),
        in_doubt=sum(call.may_have_effect and not call.ok for call in calls),
        facts={name: tuple(sorted({facts[name] for facts in went_well if name in facts})) for name in names},
    )
