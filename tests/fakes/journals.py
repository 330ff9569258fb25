"""Journals for tests of readers: any events as a valid chain on disk, and the story of one refund."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from agentctl.events.approval import ApprovalAnswered, ApprovalRequested, Binding, ReviewerRecord
from agentctl.events.base import Principal, Reservation, Source
from agentctl.events.form import GENESIS
from agentctl.events.model import Candidate, ModelAnswered, ModelAsked, RouteChosen, WrittenCall
from agentctl.events.record import AnyEvent, Record, body_of, canonical_body
from agentctl.events.run import Envelope, Limits, RunFinished, RunResumed, RunStarted
from agentctl.events.tool import (
    Credential,
    DecisionMade,
    PolicyAnswer,
    ToolIntent,
    ToolProposed,
    ToolRefused,
    ToolResult,
)
from agentctl.foundation.canonical import JsonObject, canonical_bytes
from agentctl.foundation.clock import to_rfc3339

BEGINNING = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
RUN = "01KKNC2R00REFVND0000000001"
CASEY = Principal(id="casey", kind="user", assurance="asserted")


def run_id(number: int) -> str:
    """Return a run id; a greater number is a later run."""
    return f"01KKNC2R00REFVND{number:010d}"


def chained(run: str, events: Sequence[AnyEvent], *, start: datetime = BEGINNING) -> list[Record]:
    """Return the events as records of one run, a second apart."""
    records: list[Record] = []
    for seq, event in enumerate(events):
        prev = records[-1].hash if records else GENESIS
        time = to_rfc3339(start + timedelta(seconds=seq))
        record = Record(run, seq, 1, time, seq, event, {}, prev, "")
        digest = hashlib.sha256(b"\x00" + canonical_body(record)).hexdigest()
        records.append(replace(record, hash=digest))
    return records


def journal_bytes(run: str, events: Sequence[AnyEvent], *, start: datetime = BEGINNING) -> bytes:
    """Return the events as the bytes of a run's journal."""
    lines = [
        canonical_bytes({**body_of(record), "h": record.hash}) for record in chained(run, events, start=start)
    ]
    return b"".join(line + b"\n" for line in lines)


def write_journal(
    folder: Path,
    run: str,
    events: Sequence[AnyEvent],
    *,
    start: datetime = BEGINNING,
    torn: bytes = b"",
) -> Path:
    """Write a run's journal, with a torn tail where one is given, and return its path."""
    path = folder / to_rfc3339(start)[:10] / f"{run}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(journal_bytes(run, events, start=start) + torn)
    return path


def started(run: str = RUN, *, agent: str = "refund-assistant", text: str = "ticket 1001") -> RunStarted:
    """Return the beginning of a run in the sandbox."""
    envelope = Envelope(
        run=run,
        kind="live",
        agent=agent,
        owner="support-platform",
        version="sha256:" + "c0" * 32,
        version_tag="v1",
        principal=CASEY,
        on_behalf_of=("helpdesk",),
        environment="sandbox",
        environment_kind="sandbox",
        environment_digest="sha256:" + "e0" * 32,
        platform_digest="sha256:" + "f0" * 32,
        policies={"contract:allowlist": "sha256:" + "a0" * 32},
        limits=Limits(
            max_steps=12,
            max_input_tokens=60_000,
            max_output_tokens=8_000,
            max_cost_usd=Decimal("0.35"),
            max_tool_calls=20,
            max_refusals=5,
        ),
        trace_level="full",
        pii_redaction="strict",
        isolation="process",
        traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01",
        not_enforced=("logging.retention_days",),
    )
    return RunStarted(
        envelope=envelope, input=text, source=Source(id="input", labels=("untrusted",)), agentctl="0.1.0"
    )


def resumed(*, max_cost_usd: str = "0.35") -> RunResumed:
    """Return another process going on, perhaps under a lower ceiling."""
    limits = started().envelope.limits.model_copy(update={"max_cost_usd": Decimal(max_cost_usd)})
    return RunResumed(by=CASEY, platform_digest="sha256:" + "f1" * 32, limits=limits, pii_redaction="strict")


def model_call(step: int, text: str, *calls: WrittenCall, cost: str = "0.0012") -> list[AnyEvent]:
    """Return a model call of one attempt that was answered."""
    candidate = Candidate(deployment="scripted-small", model="scripted/small", verdict="chosen")
    return [
        RouteChosen(
            step=step,
            strategy="default",
            alias="default",
            candidates=(candidate,),
            chosen="scripted-small",
            why="the first deployment that is bound to `default`",
            facts={},
        ),
        ModelAsked(
            step=step,
            attempt=1,
            deployment="scripted-small",
            provider="scripted",
            model="scripted/small",
            request_digest="sha256:" + "b0" * 32,
            max_output_tokens=1_000,
            reservation=Reservation(input_tokens=900, output_tokens=1_000, cost_usd=Decimal("0.01")),
        ),
        ModelAnswered(
            step=step,
            attempt=1,
            text=text,
            calls=calls,
            finish_reason="tool_calls" if calls else "stop",
            response_id=f"resp-{step}",
            response_model="scripted/small-1",
            usage_reported=True,
            settlement=Reservation(input_tokens=412, output_tokens=38, cost_usd=Decimal(cost)),
            latency_ms=3.25,
        ),
    ]


def proposed(call: str, tool: str, arguments: JsonObject) -> ToolProposed:
    """Return a proposal; its step is read from the call's id."""
    return ToolProposed(
        call=call,
        step=int(call.split("/")[1]),
        tool=tool,
        arguments=arguments,
        arguments_digest="sha256:" + "d0" * 32,
    )


def decided(call: str, decision: str = "allow", *, attempt: int = 1) -> DecisionMade:
    """Return what the contract's allowlist said."""
    answer = PolicyAnswer(
        authority="contract",
        policy="contract:allowlist",
        digest="sha256:" + "a0" * 32,
        decision=decision,  # type: ignore[arg-type]  # checked by the model
        reasons=("the tool is on the allowlist",),
        latency_us=12,
    )
    return DecisionMade(
        call=call,
        attempt=attempt,
        decision=decision,  # type: ignore[arg-type]  # checked by the model
        answers=(answer,),
        facts={"amount_usd": "49"},
        facts_missing={},
        inputs_digest="sha256:" + "90" * 32,
    )


def intended(
    call: str,
    tool: str,
    arguments: JsonObject,
    *,
    effect: str = "irreversible",
    attempt: int = 1,
    purpose: str = "agent",
    approvals: tuple[str, ...] = (),
) -> ToolIntent:
    """Return an attempt under a brokered credential."""
    return ToolIntent(
        call=call,
        attempt=attempt,
        purpose=purpose,  # type: ignore[arg-type]  # checked by the model
        tool=tool,
        descriptor_digest="sha256:" + "80" * 32,
        arguments=arguments,
        arguments_digest="sha256:" + "d0" * 32,
        effect=effect,  # type: ignore[arg-type]  # checked by the model
        retry="keyed",
        idempotency_key="agentctl-" + "k" * 20,
        principal=CASEY,
        actor="agent:refund-assistant",
        credential=Credential(
            kind="brokered",
            jti=f"jti-{attempt}",
            audience="stripe",
            scope=tool,
            expires_at="2026-03-14T09:02:00.000000Z",
        ),
        approvals=approvals,
        reservation=Reservation(tool_calls=1),
    )


def result(
    call: str, value: JsonObject, *, outcome: str = "ok", attempt: int = 1, purpose: str = "agent"
) -> ToolResult:
    """Return the known end of an attempt."""
    return ToolResult(
        call=call,
        attempt=attempt,
        purpose=purpose,  # type: ignore[arg-type]  # checked by the model
        outcome=outcome,  # type: ignore[arg-type]  # checked by the model
        value=value,
        value_digest="sha256:" + "70" * 32,
        status=200 if outcome == "ok" else 402,
        final=True,
        source=Source(id=call, labels=("untrusted",)),
        settlement=Reservation(tool_calls=1),
        latency_ms=4.5,
    )


def requested(call: str, tool: str) -> ApprovalRequested:
    """Return an approval request for a call's first attempt."""
    return ApprovalRequested(
        approval=approval_of(call),
        binding=_binding(call),
        tool=tool,
        requester="casey",
        actor="agent:refund-assistant",
        reviewers=("alice", "bob"),
        quorum=1,
        expires_at="2026-03-14T10:00:00.000000Z",
        valid_for_seconds=600,
        reasons=("the contract requires approval",),
        view="  tool           stripe.refund",
    )


def answered(
    call: str, answer: str = "approve", *, reviewer: str = "alice", kind: str = "person", reason: str = "fine"
) -> ApprovalAnswered:
    """Return a reviewer's answer to a call's request."""
    return ApprovalAnswered(
        approval=approval_of(call),
        answer=answer,  # type: ignore[arg-type]  # checked by the model
        reviewer=ReviewerRecord(
            id=reviewer,
            kind=kind,  # type: ignore[arg-type]  # checked by the model
            assurance="asserted" if kind == "person" else "platform",
        ),
        reason=reason,
        binding=_binding(call),
        message="message-1" if kind == "person" else None,
        looked_up=() if kind == "person" else (f"{call.split('/', maxsplit=1)[0]}/review/0",),
    )


def approval_of(call: str) -> str:
    """Return the id of the request for a call's first attempt."""
    return f"{call.replace('/', '-')}-1"


def refund_story(run: str = RUN) -> list[AnyEvent]:
    """Return a whole run: a ticket is read, a refund approved by the platform's reviewer and made, a bad call refused."""
    read, refund, bad = f"{run}/0/0", f"{run}/1/0", f"{run}/1/1"
    ticket: JsonObject = {"ticket_id": 1001}
    money: JsonObject = {"charge": "ch_1001", "amount": 4900, "currency": "usd"}
    return [
        started(run),
        *model_call(
            0, "", WrittenCall(call=read, provider_id="a", name="zendesk.read_ticket", arguments="{}")
        ),
        proposed(read, "zendesk.read_ticket", ticket),
        decided(read),
        intended(read, "zendesk.read_ticket", ticket, effect="read"),
        result(read, {"subject": "Please refund me"}),
        *model_call(
            1,
            "",
            WrittenCall(call=refund, provider_id="b", name="stripe.refund", arguments="{}"),
            cost="0.0008",
        ),
        proposed(refund, "stripe.refund", money),
        decided(refund, "needs_approval"),
        requested(refund, "stripe.refund"),
        intended(
            f"{run}/review/0", "stripe.read_charge", {"charge": "ch_1001"}, effect="read", purpose="review"
        ),
        result(f"{run}/review/0", {"amount": 4900}, purpose="review"),
        answered(refund, reviewer="system:sandbox-reviewer", kind="rule", reason="49 is at most 200"),
        decided(refund, "allow"),
        intended(refund, "stripe.refund", money, approvals=(approval_of(refund),)),
        result(refund, {"id": "re_1", "status": "succeeded"}),
        proposed(bad, "stripe.payout", {"amount": 1}),
        ToolRefused(call=bad, stage="registered", reasons=("there is no tool `stripe.payout`",)),
        *model_call(2, "Refunded 49.00 USD."),
        RunFinished(status="answered", answer="Refunded 49.00 USD."),
    ]


def _binding(call: str) -> Binding:
    run, step, _ = call.split("/")
    return Binding(
        run=run,
        step=int(step),
        call=call,
        attempt=1,
        descriptor_digest="sha256:" + "80" * 32,
        arguments_digest="sha256:" + "d0" * 32,
        version="sha256:" + "c0" * 32,
        policy_digest="sha256:" + "60" * 32,
        view_digest="sha256:" + "50" * 32,
    )
