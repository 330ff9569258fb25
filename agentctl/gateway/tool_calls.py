"""A tool call from proposal to outcome: judged by the stages, attempted, and never shown before it is durable."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from agentctl.events.record import AnyEvent
from agentctl.events.tool import ToolInDoubt, ToolProposed, ToolRefused
from agentctl.foundation.canonical import (
    ARGUMENT_LIMITS,
    JsonValue,
    NotCanonical,
    NotJson,
    canonical_copy,
    parse_json,
)
from agentctl.gateway.approval_requests import request_for
from agentctl.gateway.attempts import attempt_all
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.repeats import why_not_again
from agentctl.gateway.stages import STAGES, StageFunction, judge
from agentctl.gateway.state import CallState
from agentctl.gateway.verdict import Case, NeedsApproval, Refused
from agentctl.tools.facts import effect_key

_LONGEST_NOT_JSON = 2_000


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A call somebody asks for; `arguments` is JSON text as it was written, not trusted."""

    call: str
    step: int
    name: str
    arguments: str
    sources: Mapping[str, tuple[str, ...]] | None = None


async def call_tool(
    corridor: Corridor, request: ToolRequest, stages: tuple[StageFunction, ...] = STAGES
) -> None:
    """Take a call as far as it goes now: settled, waiting for approval, or in doubt. All of it is in the journal then."""
    if request.call not in corridor.state.calls:
        corridor.record(_proposal(corridor, request))
    call = corridor.state.calls[request.call]
    if call.settled or call.status == "in_doubt":
        return
    events = await _advance(corridor, call, stages)
    if events:
        corridor.record(*events)
    await corridor.durable()


async def _advance(
    corridor: Corridor, call: CallState, stages: tuple[StageFunction, ...]
) -> tuple[AnyEvent, ...]:
    """Judge the call and attempt it; return what is still to be recorded."""
    unrepeatable = _why_unrepeatable(corridor, call)
    if unrepeatable is not None:
        return (ToolInDoubt(call=call.proposal.call, reason=unrepeatable),)
    verdict = await judge(Case(call.proposal, call.attempts + 1), corridor.bench_of_agent(), stages)
    if isinstance(verdict, Case):
        decided = (verdict.decision,) if verdict.decision else ()
        corridor.record(*decided)
        refused = await _attempt(corridor, verdict)
        return () if refused is None else _refusal(corridor, call, refused, with_decision=False)
    if call.status in {"in_flight", "unknown"}:
        # It may have happened, and now it may not be repeated: nobody may be told that it did not happen.
        return (ToolInDoubt(call=call.proposal.call, reason=_why_stuck(verdict)),)
    if isinstance(verdict, NeedsApproval):
        return _asked(corridor, call, verdict)
    return _refusal(corridor, call, verdict, with_decision=True)


def _why_unrepeatable(corridor: Corridor, call: CallState) -> str | None:
    if call.status not in {"in_flight", "unknown"}:
        return None
    tool = corridor.parts.registry.get(call.proposal.tool)
    if tool is None:
        return "its tool is not in the registry any more"
    return why_not_again(tool.descriptor, call, corridor.now)


async def _attempt(corridor: Corridor, case: Case) -> Refused | None:
    held = await _claim(corridor, case)
    if held is not None:
        return held
    ended = await attempt_all(corridor, case, corridor.bench_of_agent(), "agent")
    await _release_if_nothing_happened(corridor, case)
    return ended if isinstance(ended, Refused) else None


async def _claim(corridor: Corridor, case: Case) -> Refused | None:
    """Claim the effect across all runs; of two runs that try the same, one gets it."""
    key = _fingerprint(corridor, case)
    if key is None:
        return None
    call = case.proposal.call
    holder = await asyncio.to_thread(corridor.parts.ledger.claim, corridor.parts.ledger_scope, key, call)
    if holder is None:
        return None
    return Refused("permitted", (f"call {holder} already did, or may have done, the same",), case)


async def _release_if_nothing_happened(corridor: Corridor, case: Case) -> None:
    call = corridor.state.calls[case.proposal.call]
    key = _fingerprint(corridor, case)
    if key is not None and not call.may_have_effect:
        await asyncio.to_thread(
            corridor.parts.ledger.release, corridor.parts.ledger_scope, key, call.proposal.call
        )


def _fingerprint(corridor: Corridor, case: Case) -> str | None:
    """Return the keyed digest of the effect's real name: the same in every run, and readable to nobody."""
    key = effect_key(case.tool.descriptor, case.real) if case.tool else None
    return corridor.parts.fingerprint(key) if key else None


def _asked(corridor: Corridor, call: CallState, verdict: NeedsApproval) -> tuple[AnyEvent, ...]:
    if verdict.already_requested:
        return ()
    request = request_for(corridor, verdict.case, verdict.reasons)
    if isinstance(request, Refused):
        return _refusal(corridor, call, request, with_decision=True)
    decided: tuple[AnyEvent, ...] = (verdict.case.decision,) if verdict.case.decision else ()
    return (*decided, request)


def _refusal(
    corridor: Corridor, call: CallState, refused: Refused, *, with_decision: bool
) -> tuple[AnyEvent, ...]:
    decided = refused.case.decision if with_decision else None
    # Reasons may name what stood in the real arguments; those are redacted like everything else that is written.
    reasons = tuple(
        str(corridor.parts.vault.redact(reason, trusted_placeholders=True)) for reason in refused.reasons
    )
    refusal = ToolRefused(call=call.proposal.call, stage=refused.stage, reasons=reasons)
    events: tuple[AnyEvent | None, ...] = (decided, refused.stop, refusal)
    return tuple(event for event in events if event is not None)


def _why_stuck(verdict: Refused | NeedsApproval) -> str:
    stage = verdict.stage if isinstance(verdict, Refused) else "approved"
    return (
        f"its outcome is not known, and `{stage}` does not let it be repeated: {'; '.join(verdict.reasons)}"
    )


def _proposal(corridor: Corridor, request: ToolRequest) -> ToolProposed:
    vault = corridor.parts.vault
    arguments, is_json = _arguments(corridor, request.arguments)
    return ToolProposed(
        call=request.call,
        step=request.step,
        tool=str(vault.redact(request.name)),
        arguments=arguments,
        arguments_digest=corridor.digest(arguments) if is_json else None,
        sources=None if request.sources is None else dict(request.sources),
    )


def _arguments(corridor: Corridor, text: str) -> tuple[JsonValue, bool]:
    """Return the canonical arguments, redacted; or the beginning of the text itself where it is not JSON."""
    redact = corridor.parts.vault.redact
    try:
        value = canonical_copy(parse_json(text, ARGUMENT_LIMITS))
        return redact(value, trusted_placeholders=True), True
    except (NotJson, NotCanonical):
        shown = redact(text.encode("utf-8", "replace").decode("utf-8"), trusted_placeholders=True)
        return str(shown)[:_LONGEST_NOT_JSON], False
