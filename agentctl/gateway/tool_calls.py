"""A tool call from proposal to outcome: judged by the stages, attempted, and never shown before it is durable."""

from collections.abc import Mapping

from msgspec import Struct

from agentctl.approval.pending import of_call
from agentctl.events.record import AnyEvent
from agentctl.events.tool import ToolAmended, ToolInDoubt, ToolProposed, ToolRefused
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
from agentctl.gateway.bench import Bench
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.effects import claim, release_if_nothing_happened
from agentctl.gateway.repeats import why_not_again
from agentctl.gateway.stages import STAGES, StageFunction, judge
from agentctl.gateway.state import CallState
from agentctl.gateway.verdict import Case, NeedsApproval, Refused

_LONGEST_NOT_JSON = 2_000


class ToolRequest(Struct, frozen=True):
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
    corridor.look_at_clock()
    async with corridor.turn(request.call):
        await _call_tool(corridor, request, stages)


async def _call_tool(corridor: Corridor, request: ToolRequest, stages: tuple[StageFunction, ...]) -> None:
    if request.call not in corridor.state.calls:
        corridor.record(_proposal(corridor, request))
    for amendment in _amendment(corridor, request.call):
        corridor.record(amendment)
    call = corridor.state.calls[request.call]
    if call.settled or call.status == "in_doubt":
        return
    events = await _advance(corridor, call, stages)
    if events:
        corridor.record(*events)
    await corridor.durable()


def _amendment(corridor: Corridor, call: str) -> tuple[ToolAmended, ...]:
    """Return the arguments that reviewers put in the place of those that were asked, unless they stand there already."""
    requests = of_call(corridor.state.approvals, call)
    latest = requests[-1] if requests else None
    if latest is None or latest.changes is None or latest.granted_digest is None:
        return ()
    if latest.granted_digest == corridor.state.calls[call].proposal.arguments_digest:
        return ()
    return (
        ToolAmended(
            call=call,
            approval=latest.request.approval,
            by=latest.approvers,
            arguments=latest.changes,
            arguments_digest=latest.granted_digest,
        ),
    )


async def _advance(
    corridor: Corridor, call: CallState, stages: tuple[StageFunction, ...]
) -> tuple[AnyEvent, ...]:
    """Judge the call and attempt it; return what is still to be recorded."""
    unrepeatable = _why_unrepeatable(corridor, call)
    if unrepeatable is not None:
        return (ToolInDoubt(call=call.proposal.call, reason=unrepeatable),)
    bench = corridor.bench_of_agent()
    verdict = await judge(Case(call.proposal, call.attempts + 1), bench, stages)
    if isinstance(verdict, Case):
        decided = (verdict.decision,) if verdict.decision else ()
        corridor.record(*decided)
        refused = await _attempt(corridor, verdict, bench)
        return () if refused is None else _turned_down(corridor, call.proposal.call, refused)
    if call.may_have_changed:
        return (_stuck(call.proposal.call, verdict),)
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


async def _attempt(corridor: Corridor, case: Case, bench: Bench) -> Refused | None:
    held = await claim(corridor, case)
    if held is not None:
        return held
    ended = await attempt_all(corridor, case, bench, "agent")
    await release_if_nothing_happened(corridor, case.proposal.call)
    return ended if isinstance(ended, Refused) else None


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
    decided = (refused.case.decision,) if with_decision and refused.case.decision else ()
    if refused.stop is not None:
        # The call stays open: once the ceiling is raised it is judged again from the first stage, as after an approval.
        return (*decided, refused.stop.model_copy(update={"call": call.proposal.call}))
    looped = (refused.loop,) if refused.loop is not None else ()
    if any(loop.stops for loop in looped):
        return (*decided, *looped)
    # Reasons may name what stood in the real arguments; those are redacted like everything else that is written.
    reasons = tuple(corridor.redact_sentence(reason, trusted_placeholders=True) for reason in refused.reasons)
    return (*decided, *looped, ToolRefused(call=call.proposal.call, stage=refused.stage, reasons=reasons))


def _turned_down(corridor: Corridor, name: str, refused: Refused) -> tuple[AnyEvent, ...]:
    """Return what a refusal between the stages and the intent means for the call as it is now."""
    call = corridor.state.calls[name]
    if call.may_have_changed:
        return (_stuck(name, refused),)
    return _refusal(corridor, call, refused, with_decision=False)


def _stuck(call: str, verdict: Refused | NeedsApproval) -> ToolInDoubt:
    """It may have happened, and now it may not be repeated: nobody may be told that it did not happen."""
    stage = verdict.stage if isinstance(verdict, Refused) else "approved"
    why = f"its outcome is not known, and `{stage}` does not let it be repeated: {'; '.join(verdict.reasons)}"
    return ToolInDoubt(call=call, reason=why)


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
