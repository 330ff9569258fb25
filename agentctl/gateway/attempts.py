"""One attempt: mint the credential, journal the intent, sync, execute, journal the result, sync. In this order, always."""

import asyncio
import base64
import hashlib
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentctl.approval.grants import GrantedCall, why_not
from agentctl.budget.limits import Time, exceeded, sentence
from agentctl.budget.sizes import bytes_of
from agentctl.budget.spend import total
from agentctl.contract.tool import HttpExecutor, PythonExecutor
from agentctl.events.base import Reservation, Source
from agentctl.events.record import AnyEvent
from agentctl.events.tool import Basis, Purpose, ToolInDoubt, ToolIntent, ToolResult, ToolUnknown
from agentctl.foundation.canonical import JsonValue, NotCanonical, canonical_copy
from agentctl.foundation.errors import InternalError
from agentctl.gateway.bench import Bench, labels_of
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.pauses import pause_before
from agentctl.gateway.repeats import why_not_again
from agentctl.gateway.verdict import Case, Refused
from agentctl.identity.backend_broker import NO_CREDENTIAL
from agentctl.identity.broker import CredentialRequest, Minted, NotMinted
from agentctl.tools.executors.executor import Answered, Execution, Failed, Outcome, Unknown
from agentctl.tools.registry import RegisteredTool

_LONGEST_PAUSE_SECONDS = 5.0


class Attempt(Struct, frozen=True):
    """A case that passed every stage, about to be executed for somebody."""

    case: Case
    bench: Bench
    purpose: Purpose
    last: bool

    @property
    def tool(self) -> RegisteredTool:
        """The tool; the first stage found it."""
        if self.case.tool is None:
            raise InternalError("an attempt without a tool")
        return self.case.tool


class Again(Struct, frozen=True):
    """Another attempt may follow, after so many seconds."""

    pause: float


Ended: TypeAlias = ToolResult | ToolUnknown
"""The last word of the last attempt."""


async def attempt_all(corridor: Corridor, case: Case, bench: Bench, purpose: Purpose) -> Ended | Refused:
    """Attempt a call as often as its descriptor permits; everything is durable when this returns."""
    attempt = Attempt(case, bench, purpose, last=False)
    allowed = attempt.tool.descriptor.attempts
    for number in range(1, allowed + 1):
        ended = await _perform(corridor, replace(attempt, last=number == allowed))
        if not isinstance(ended, Again):
            return ended
        await corridor.parts.pause(ended.pause)
        attempt = replace(attempt, case=replace(attempt.case, attempt=attempt.case.attempt + 1))
    raise InternalError("the last attempt asked for another one")


async def _perform(corridor: Corridor, attempt: Attempt) -> Ended | Again | Refused:
    """Make one attempt."""
    minted = _mint(corridor, attempt)
    if isinstance(minted, NotMinted):
        return Refused("credentialed", (minted.reason,), attempt.case)
    refusal = commit(corridor, attempt, minted)
    if refusal is not None:
        return refusal
    await corridor.durable()
    started = corridor.parts.clock.monotonic_ns()
    outcome = await _execute(corridor, attempt, minted)
    latency = (corridor.parts.clock.monotonic_ns() - started) / 1_000_000
    ended = _record_outcome(corridor, attempt, outcome, latency)
    await corridor.durable()
    return ended


def commit(corridor: Corridor, attempt: Attempt, minted: Minted) -> Refused | None:
    """Compare once more and append the intent, in one uninterrupted section; nothing here may wait."""
    case, state = attempt.case, corridor.state
    if attempt.purpose == "agent":
        time = Time(corridor.worked, attempt.tool.descriptor.timeout_seconds)
        stop = exceeded(state.spend, state.header.limits, case.reservation, time)
        if stop is not None:
            return Refused("affordable", (sentence(stop),), case, stop)
        if case.effect_key and state.holder_of(case.effect_key) not in {None, case.proposal.call}:
            return Refused("permitted", ("another call of this run is doing the same just now",), case)
        known = state.calls[case.proposal.call]
        if known.attempts >= case.attempt:
            return Refused("approved", ("this attempt was made already",), case)
        if not all(_still_holds(corridor, case, name) for name in case.approvals) or _outgrown(
            corridor, case
        ):
            return Refused("approved", ("the approval does not hold any more",), case)
    corridor.record(_intent(corridor, attempt, minted))
    return None


def _still_holds(corridor: Corridor, case: Case, name: str) -> bool:
    """Whether an approval is good for this call now: granted, or used up by an earlier attempt of the very same call."""
    approval = corridor.state.approvals[name]
    return approval.consumed_by == case.proposal.call or approval.status(corridor.now) == "granted"


def _outgrown(corridor: Corridor, case: Case) -> bool:
    """Whether other calls took so much of the grant meanwhile that this one does not fit any more."""
    if case.grant is None or case.decision is None:
        return False
    state, call = corridor.state, case.proposal.call
    asked = GrantedCall(case.proposal.tool, case.decision.facts, state.header.version, corridor.now)
    used = state.used_of(case.grant.grant, besides=call)
    return why_not(state.grants[case.grant.grant], asked, used) is not None


def _mint(corridor: Corridor, attempt: Attempt) -> Minted | NotMinted:
    """Return the credential of this attempt; each has one of its own."""
    match attempt.tool.descriptor.executor:
        case PythonExecutor():
            return NO_CREDENTIAL
        case HttpExecutor(backend=backend):
            return corridor.parts.broker.mint(
                CredentialRequest(
                    backend=backend,
                    scope=attempt.tool.descriptor.name,
                    subject=attempt.bench.principal.id,
                    actor=attempt.bench.actor,
                    run=corridor.state.header.run,
                    call=attempt.case.proposal.call,
                    arguments_digest=attempt.case.proposal.arguments_digest or "",
                    ttl_seconds=corridor.parts.contract.identity.token_ttl_seconds,
                )
            )


def _intent(corridor: Corridor, attempt: Attempt, minted: Minted) -> ToolIntent:
    case, descriptor = attempt.case, attempt.tool.descriptor
    return ToolIntent(
        call=case.proposal.call,
        attempt=case.attempt,
        purpose=attempt.purpose,
        tool=descriptor.name,
        descriptor_digest=attempt.tool.digest,
        arguments=case.arguments,
        arguments_digest=case.proposal.arguments_digest or "",
        effect=descriptor.effect,
        retry=descriptor.retry,
        effect_key=case.effect_key,
        object_totals=dict(case.totals),
        idempotency_key=_idempotency_key(corridor, case),
        principal=attempt.bench.principal,
        actor=attempt.bench.actor,
        credential=minted.record,
        approvals=case.approvals,
        reservation=case.reservation,
        grant=case.grant,
        basis=_basis(corridor, case),
    )


def _basis(corridor: Corridor, case: Case) -> Basis | None:
    """Return what an attempt rests on; a reviewer's look-up is judged by no policy."""
    if case.decision is None:
        return None
    before = corridor.state.spend.committed
    return Basis(
        decision=case.decision.decision,
        policies={answer.policy: answer.digest for answer in case.decision.answers},
        inputs_digest=case.decision.inputs_digest,
        budget_before=before,
        budget_after=total((before, case.reservation)),
    )


def _idempotency_key(corridor: Corridor, case: Case) -> str:
    """Return the key of the call's first intent; only a first intent computes one."""
    known = corridor.state.calls.get(case.proposal.call)
    if known is not None and known.first_intent is not None:
        return known.first_intent.idempotency_key
    seed = f"{case.proposal.call}\n{case.proposal.arguments_digest}".encode()
    return "agentctl-" + base64.b32encode(hashlib.sha256(seed).digest()).decode().rstrip("=").lower()


async def _execute(corridor: Corridor, attempt: Attempt, minted: Minted) -> Outcome:
    header = corridor.state.header
    execution = Execution(
        descriptor=attempt.tool.descriptor,
        arguments=attempt.case.real,
        idempotency_key=_idempotency_key(corridor, attempt.case),
        secret_headers=minted.headers,
        headers={"traceparent": header.traceparent, "agentctl-run": header.run},
    )
    try:
        return await corridor.parts.executors.execute(execution)
    except asyncio.CancelledError:
        # The process was told twice to stop. What became of the call is written down before anything else.
        corridor.record(_unknown(corridor, attempt, Unknown("interrupted while it was under way"), 0.0))
        raise


def _record_outcome(corridor: Corridor, attempt: Attempt, outcome: Outcome, latency: float) -> Ended | Again:
    match outcome:
        case Answered():
            return _recorded(corridor, _answer(corridor, attempt, outcome, latency))
        case Failed(repeatable=repeatable):
            final = attempt.last or not repeatable
            failure = _record_failure(
                corridor, attempt, _failure(corridor, attempt, outcome, latency, final=final)
            )
            return (
                failure
                if final
                else Again(pause_before(attempt.case.attempt, outcome.retry_after, _LONGEST_PAUSE_SECONDS))
            )
        case Unknown():
            return _record_unknown(corridor, attempt, outcome, latency)


def _record_failure(corridor: Corridor, attempt: Attempt, failure: ToolResult) -> ToolResult:
    """Record a failure. Where an earlier attempt may have happened unseen, the last failure leaves the call in doubt."""
    known = corridor.state.calls.get(failure.call) if attempt.purpose == "agent" else None
    unsure = known is not None and known.unsure and failure.final
    reason = "an earlier attempt may have happened, and this one failed"
    in_doubt: tuple[AnyEvent, ...] = (ToolInDoubt(call=failure.call, reason=reason),) if unsure else ()
    corridor.record(failure, *in_doubt)
    return failure


def _recorded(corridor: Corridor, result: ToolResult) -> ToolResult:
    corridor.record(result)
    return result


def _record_unknown(corridor: Corridor, attempt: Attempt, outcome: Unknown, latency: float) -> Ended | Again:
    unknown = _unknown(corridor, attempt, outcome, latency)
    reason = why_not_again(attempt.tool.descriptor, corridor.state.calls.get(unknown.call), corridor.now)
    if reason is None and attempt.last:
        reason = f"{attempt.case.attempt} attempts, and the outcome is still not known"
    if reason is None:
        corridor.record(unknown)
        return Again(pause_before(attempt.case.attempt, None, _LONGEST_PAUSE_SECONDS))
    in_doubt: tuple[AnyEvent, ...] = (ToolInDoubt(call=unknown.call, reason=reason),)
    corridor.record(unknown, *(in_doubt if attempt.purpose == "agent" else ()))
    return unknown


def _answer(corridor: Corridor, attempt: Attempt, outcome: Answered, latency: float) -> ToolResult:
    value, size = _recordable(outcome.value), bytes_of(outcome.value)
    problems = _problems(attempt.tool, outcome.value, size)
    if problems and attempt.tool.descriptor.effect == "read":
        failure = Failed(f"the answer does not have the declared form: {'; '.join(problems)}", outcome.status)
        return _failure(corridor, attempt, failure, latency, final=True)
    shown: JsonValue = {"executed": True, "answer_unusable": list(problems)} if problems else value
    known = {"outcome": "ok", "status": outcome.status, "final": True}
    return _result(corridor, attempt, shown, latency, settlement=_used(attempt, size), **known)


def _problems(tool: RegisteredTool, value: JsonValue, size: int) -> tuple[str, ...]:
    """Return why an answer is not what its descriptor declares."""
    largest = tool.descriptor.max_result_bytes
    too_large = (f"{size} bytes, more than the {largest} of `max_result_bytes`",) if size > largest else ()
    return (*tool.result_validator.problems(value), *too_large)


def _used(attempt: Attempt, taken: int) -> Reservation:
    """Return what an attempt with a known end used: what was sent and the bytes taken, never more than was reserved for it."""
    reserved, moved = attempt.case.reservation, bytes_of(attempt.case.real) + taken
    return Reservation(tool_calls=reserved.tool_calls, bytes=min(moved, reserved.bytes))


def _failure(
    corridor: Corridor, attempt: Attempt, failed: Failed, latency: float, *, final: bool
) -> ToolResult:
    known = {"outcome": "error", "status": failed.status, "final": final}
    used = _used(attempt, bytes_of(failed.message))
    return _result(corridor, attempt, failed.message, latency, settlement=used, **known)


def _result(
    corridor: Corridor, attempt: Attempt, value: JsonValue, latency: float, **known: object
) -> ToolResult:
    redacted = corridor.parts.vault.redact(value)
    trust = attempt.tool.descriptor.trust.model_dump()
    return ToolResult.model_validate(
        {
            "call": attempt.case.proposal.call,
            "attempt": attempt.case.attempt,
            "purpose": attempt.purpose,
            "value": redacted,
            "value_digest": corridor.digest(redacted),
            "source": Source(id=attempt.case.proposal.call, labels=labels_of(trust)),
            "latency_ms": latency,
            **known,
        }
    )


def _unknown(corridor: Corridor, attempt: Attempt, outcome: Unknown, latency: float) -> ToolUnknown:
    return ToolUnknown(
        call=attempt.case.proposal.call,
        attempt=attempt.case.attempt,
        purpose=attempt.purpose,
        reason=str(corridor.parts.vault.redact(outcome.reason)),
        status=outcome.status,
        latency_ms=latency,
    )


def _recordable(value: JsonValue) -> JsonValue:
    """Return the value as its canonical bytes give it back; what has no canonical form becomes text."""
    try:
        return canonical_copy(value)
    except NotCanonical:
        return repr(value)
