"""Writes many journals that look like those of real runs: valid chains, several agents, every end that a run can have.

A few stories are written by the package's own writer. The rest are copies of them under other ids, at other times, with
other words, and with the links of their chains made anew.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from agentctl.events.approval import ApprovalAnswered, ApprovalRequested, Binding, ReviewerRecord
from agentctl.events.base import Principal, Reservation, Source
from agentctl.events.form import GENESIS
from agentctl.events.model import Candidate, ModelAnswered, ModelAsked, ModelFailed, RouteChosen, WrittenCall
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import Envelope, Limits, RunFinished, RunStarted, RunSuspended
from agentctl.events.tool import (
    Credential,
    DecisionMade,
    PolicyAnswer,
    ToolInDoubt,
    ToolIntent,
    ToolProposed,
    ToolRefused,
    ToolResult,
    ToolUnknown,
)
from agentctl.foundation.canonical import JsonObject, digest_bytes
from agentctl.foundation.clock import to_rfc3339
from agentctl.trace.journals.chain import linked

BEGINNING = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_RUN = "01KKNC2R00REFVND0000000000"
_WORD = "~word~~~"
_PER_DAY = 1_000
_AGENTS = (("refund-assistant", "finance-ops"), ("triage", "support"), ("reporter", "data-platform"))
_PEOPLE = tuple(f"person-{number:02d}" for number in range(40))
_LETTER = (
    f"Ticket {_WORD}: the parcel came late and one cup was broken. I would like the 49 dollars for it back, please, on "
    "the card that I paid with. The order is the one of last week; the shop said to write here. Thank you, a customer."
)
_READ, _LOOK_UP, _REFUND = "zendesk.read_ticket", "stripe.lookup_charge", "stripe.create_refund"


def write_journals(folder: Path, count: int, records: int, *, seed: int = 1) -> int:
    """Write so many journals of about so many records each, and return how many records that were."""
    choose = random.Random(seed)  # noqa: S311 - the same journals every time
    stories = [_story(records, end, agent) for agent in _AGENTS for end in _ENDS]
    weights = [_ENDS[end] for _ in _AGENTS for end in _ENDS]
    written = 0
    for number, story in enumerate(choose.choices(stories, weights, k=count)):
        start = BEGINNING + timedelta(days=number // _PER_DAY, seconds=number % _PER_DAY * 30)
        path = folder / to_rfc3339(start)[:10] / f"{_run_id(number)}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(_copied(story, number, start, choose.choice(_PEOPLE))))
        written += len(story)
    return written


def run_ids(count: int) -> list[str]:
    """Return the ids of so many runs, the oldest first."""
    return [_run_id(number) for number in range(count)]


def _run_id(number: int) -> str:
    return f"{_RUN[:-10]}{number:010d}"


@dataclass(frozen=True, slots=True)
class _Line:
    """A line without its links: what stands before its own hash, between the two, and after the one before it."""

    before: bytes
    between: bytes
    after: bytes


def _copied(story: Sequence[_Line], number: int, start: datetime, person: str) -> Iterator[bytes]:
    prev = GENESIS.encode()
    changes = (
        (_RUN.encode(), _run_id(number).encode()),
        (_WORD.encode(), f"{number:08d}".encode()),
        (b"~person~~", person.encode()),
        (b"2026-01-05T09:00:", f"{to_rfc3339(start)[:17]}".encode()),
    )
    for line in story:
        before, between, after = line.before, line.between, line.after
        for found, instead in changes:
            before, between, after = (part.replace(found, instead) for part in (before, between, after))
        body = b"\x00" + before + between + prev + after
        prev_now, prev = prev, hashlib.sha256(body).hexdigest().encode()
        yield before + b'"h":"' + prev + b'",' + between + prev_now + after + b"\n"


def _story(records: int, end: str, agent: tuple[str, str]) -> tuple[_Line, ...]:
    events = [_started(*agent), *_steps(records - 2, end), *_end(end)]
    lines: list[_Line] = []
    prev = GENESIS
    for seq, event in enumerate(events):
        time = to_rfc3339(BEGINNING + timedelta(microseconds=59_000_000 * seq // len(events)))
        record, data = linked(Record(_RUN, seq, 1, time, seq * 1_000, event, {}, prev, ""))
        lines.append(_cut(data, record))
        prev = record.hash
    return tuple(lines)


def _cut(data: bytes, record: Record) -> _Line:
    before, rest = data.split(f'"h":"{record.hash}",'.encode())
    between, after = rest.removesuffix(b"\n").split(f'"prev":"{record.prev}"'.encode())
    return _Line(before, between + b'"prev":"', b'"' + after)


def _steps(records: int, end: str) -> Iterator[AnyEvent]:
    """Yield steps of a model call and a tool call; the last one goes as the run's end needs it."""
    written, step = 0, 0
    while records - written > 16:
        events = [*_model_call(step, fails=step % 9 == 4), *_tool_call(step, (_READ, _LOOK_UP)[step % 2])]
        yield from events
        written, step = written + len(events), step + 1
    yield from _model_call(step)
    yield from _last_call(step, end)
    if end == "answered":
        yield from _model_call(step + 1, last=True)


def _started(agent: str, owner: str) -> RunStarted:
    limits = Limits(
        max_steps=400,
        max_input_tokens=600_000,
        max_output_tokens=80_000,
        max_cost_usd=Decimal("3.5"),
        max_tool_calls=400,
        max_refusals=5,
        max_wall_clock_seconds=900,
    )
    envelope = Envelope(
        run=_RUN,
        kind="live",
        agent=agent,
        owner=owner,
        version=digest_bytes(agent.encode()),
        version_tag="v3",
        principal=Principal(id="~person~~", kind="user", assurance="asserted"),
        on_behalf_of=("helpdesk",),
        environment="sandbox",
        environment_kind="sandbox",
        environment_digest=digest_bytes(b"environment"),
        platform_digest=digest_bytes(b"platform"),
        policies={name: digest_bytes(name.encode()) for name in _POLICIES},
        limits=limits,
        trace_level="full",
        pii_redaction="strict",
        isolation="process",
        traceparent=f"00-{'a' * 16}{_WORD}{'b' * 8}-{'c' * 8}{_WORD}-01",
    )
    return RunStarted(
        envelope=envelope,
        input=f"ticket {_WORD}",
        source=Source(id="input", labels=("untrusted",)),
        agentctl="0.1.0",
    )


_POLICIES = (
    "contract:refund-assistant/tools.allowlist",
    "platform:irreversible-needs-approval",
    "cedar:policies/refund-assistant.cedar",
    "cedar:policies/platform.cedar",
)


def _model_call(step: int, *, last: bool = False, fails: bool = False) -> Iterator[AnyEvent]:
    deployments = ("small-a", "small-b") if fails else ("small-a",)
    yield RouteChosen(
        step=step,
        strategy="default",
        alias="small-fast",
        candidates=tuple(
            Candidate(deployment=name, model=f"model/{name}", verdict="chosen") for name in deployments
        ),
        chosen="small-a",
        why="the contract's default; the others stand by",
        facts={},
    )
    for attempt, name in enumerate(deployments, 1):
        yield ModelAsked(
            step=step,
            attempt=attempt,
            deployment=name,
            provider="openai_compatible",
            model=f"model/{name}",
            request_digest=digest_bytes(f"{step}/{attempt}".encode()),
            max_output_tokens=300,
            reservation=Reservation(input_tokens=900, output_tokens=300, cost_usd=Decimal("0.00026175")),
        )
        if attempt < len(deployments):
            yield ModelFailed(
                step=step,
                attempt=attempt,
                failure="rate_limited",
                message="status 429: too many requests",
                settlement=Reservation(),
                latency_ms=12.5,
            )
    yield _answer(step, len(deployments), last=last)


def _answer(step: int, attempt: int, *, last: bool) -> ModelAnswered:
    call = WrittenCall(
        call=f"{_RUN}/{step}/0",
        provider_id=f"call_{step}",
        name=_READ,
        arguments=f'{{"ticket_id":"{_WORD}"}}',
    )
    return ModelAnswered(
        step=step,
        attempt=attempt,
        text=f"The refund for ticket {_WORD} was made." if last else "",
        calls=() if last else (call,),
        finish_reason="stop" if last else "tool_calls",
        response_id=f"resp-{_WORD}-{step}",
        response_model="model/small-2026",
        usage_reported=True,
        settlement=Reservation(
            input_tokens=545 + 11 * step, output_tokens=38, cost_usd=Decimal("0.00008775")
        ),
        latency_ms=210.25 + step % 50,
    )


def _tool_call(step: int, tool: str, *, index: int = 0) -> Iterator[AnyEvent]:
    call = f"{_RUN}/{step}/{index}"
    yield from _judged(call, step, tool)
    yield _intent(call, tool)
    yield _result(call)


def _judged(call: str, step: int, tool: str) -> Iterator[AnyEvent]:
    yield ToolProposed(
        call=call, step=step, tool=tool, arguments=_arguments(tool), arguments_digest=digest_bytes(b"args")
    )
    answers = tuple(
        PolicyAnswer(
            authority=("contract", "platform", "policy", "platform")[place],  # type: ignore[arg-type]  # of its vocabulary
            policy=policy,
            digest=digest_bytes(policy.encode()),
            decision="needs_approval" if tool == _REFUND and place == 1 else "allow",
            reasons=(f"the contract allows `{tool}`",),
            latency_us=120 * place,
        )
        for place, policy in enumerate(_POLICIES)
    )
    yield DecisionMade(
        call=call,
        attempt=1,
        decision="needs_approval" if tool == _REFUND else "allow",
        answers=answers,
        facts={"ticket_id": _WORD},
        facts_missing={},
        inputs_digest=digest_bytes(call.encode()),
        effect="irreversible" if tool == _REFUND else "read",
    )


def _arguments(tool: str) -> JsonObject:
    if tool == _REFUND:
        return {"charge": f"ch_{_WORD}", "amount": 4900, "currency": "usd", "reason": "requested_by_customer"}
    return {"ticket_id": _WORD} if tool == _READ else {"charge": f"ch_{_WORD}"}


def _intent(call: str, tool: str, *, attempt: int = 1, approvals: tuple[str, ...] = ()) -> ToolIntent:
    return ToolIntent(
        call=call,
        attempt=attempt,
        tool=tool,
        descriptor_digest=digest_bytes(tool.encode()),
        arguments=_arguments(tool),
        arguments_digest=digest_bytes(b"args"),
        effect="irreversible" if tool == _REFUND else "read",
        retry="keyed" if tool == _REFUND else "safe",
        effect_key=f"refund:ch_{_WORD}:4900" if tool == _REFUND else None,
        idempotency_key=f"agentctl-{call}",
        principal=Principal(id="~person~~", kind="user", assurance="asserted"),
        actor="agent:refund-assistant",
        credential=Credential(
            kind="brokered",
            jti=f"jti-{_WORD}",
            audience=tool.split(".", maxsplit=1)[0],
            scope=tool,
            expires_at="2026-03-14T09:02:00.000000Z",
        ),
        approvals=approvals,
        reservation=Reservation(tool_calls=1),
    )


def _result(call: str) -> ToolResult:
    return ToolResult(
        call=call,
        attempt=1,
        outcome="ok",
        value={
            "id": _WORD,
            "subject": "Please refund me",
            "body": _LETTER,
            "status": "open",
            "tags": ["late"],
        },
        value_digest=digest_bytes(b"value"),
        status=200,
        final=True,
        source=Source(id=call, labels=("untrusted",)),
        settlement=Reservation(tool_calls=1),
        latency_ms=41.75,
    )


def _last_call(step: int, end: str) -> Iterator[AnyEvent]:
    call, tool = f"{_RUN}/{step}/0", _REFUND
    yield from _judged(call, step, tool)
    if end == "refused":
        yield ToolRefused(call=call, stage="affordable", reasons=("that would go over 20 tool calls",))
        return
    yield _requested(call)
    if end in {"waiting", "killed"}:
        return
    yield _answered(call)
    yield _intent(call, tool, approvals=(_approval(call),))
    if end == "in_doubt":
        yield ToolUnknown(call=call, attempt=1, reason="the connection broke", status=0, latency_ms=99.5)
        yield ToolInDoubt(call=call, reason="the key is not known to the backend")
    else:
        yield _result(call)


def _approval(call: str) -> str:
    return f"{call.replace('/', '-')}-1"


def _binding(call: str) -> Binding:
    return Binding(
        run=_RUN,
        step=int(call.split("/")[1]),
        call=call,
        attempt=1,
        descriptor_digest=digest_bytes(_REFUND.encode()),
        arguments_digest=digest_bytes(b"args"),
        version=digest_bytes(b"refund-assistant"),
        policy_digest=digest_bytes(b"policies"),
        view_digest=digest_bytes(b"view"),
    )


def _requested(call: str) -> ApprovalRequested:
    return ApprovalRequested(
        approval=_approval(call),
        binding=_binding(call),
        tool=_REFUND,
        requester="~person~~",
        actor="agent:refund-assistant",
        reviewers=("alice", "bob", "system:sandbox-reviewer"),
        quorum=1,
        expires_at="2026-03-14T10:00:00.000000Z",
        valid_for_seconds=600,
        reasons=("the contract requires approval",),
        view=f"  tool           {_REFUND}\n  charge         ch_{_WORD}\n  amount         4900",
        risk_tier="low",
    )


def _answered(call: str) -> ApprovalAnswered:
    return ApprovalAnswered(
        approval=_approval(call),
        answer="approve",
        reviewer=ReviewerRecord(id="alice", kind="person", assurance="asserted"),
        reason="the cup was broken",
        binding=_binding(call),
        message="message-1",
    )


_ENDS = {"answered": 90, "refused": 3, "waiting": 4, "killed": 2, "in_doubt": 1}
"""How runs end, and how often."""


def _end(end: str) -> Iterator[AnyEvent]:
    match end:
        case "answered":
            yield RunFinished(status="answered", answer=f"The refund for ticket {_WORD} was made.")
        case "refused":
            yield RunFinished(status="denied", answer="refused: that would go over 20 tool calls")
        case "waiting":
            yield RunSuspended(reason="approval", detail="alice or bob must answer")
        case "in_doubt":
            yield RunSuspended(reason="in_doubt", detail="somebody must say what became of it")
        case _:
            return
