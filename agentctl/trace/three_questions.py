"""Which principal authorized it, which policy permitted it, what evidence proves it: answered from a run's report. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agentctl.events.approval import Answer, GrantGiven, ReviewerRecord
from agentctl.events.base import Event, Principal, Reservation
from agentctl.events.tool import Credential, Decision, PolicyAnswer
from agentctl.foundation.canonical import JsonObject
from agentctl.trace.call_report import Approval, Attempt, Call, CallOutcome
from agentctl.trace.placed import Placed
from agentctl.trace.report import RunReport


@dataclass(frozen=True, slots=True)
class ReviewerAnswer:
    """What one reviewer said to one request."""

    approval: str
    reviewer: ReviewerRecord
    answer: Answer
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Authorization:
    """Who it was done for and by whom, and every reviewer's answer or grant it rests on."""

    principal: Principal
    on_behalf_of: tuple[str, ...]
    actor: str
    reviewers: tuple[ReviewerAnswer, ...]
    grant: Placed[GrantGiven] | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """What policy said just before the attempt; no decision where the journal holds none."""

    decision: Decision | None
    answers: tuple[PolicyAnswer, ...]
    facts: dict[str, str]
    inputs_digest: str | None = None


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """One record that proves a part of it."""

    seq: int
    type: str
    time: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where it is written, in which records, under which credential, by which rules."""

    journal: str
    records: tuple[EvidenceRecord, ...]
    head: str
    credentials: tuple[Credential, ...]
    approvals: tuple[str, ...]
    idempotency_key: str
    arguments_digest: str
    version: str
    budget_before: Reservation | None = None
    budget_after: Reservation | None = None


@dataclass(frozen=True, slots=True)
class ThreeAnswers:
    """The answers for one call that changed the world, or may have."""

    call: str
    tool: str
    arguments: JsonObject
    outcome: CallOutcome
    who: Authorization
    why: Permission
    proof: Evidence


def three_questions(report: RunReport) -> tuple[ThreeAnswers, ...]:
    """Return the answers for every call of the agent that wrote, or may have; reads and certain failures have no effect."""
    return tuple(_answers(report, call) for call in report.calls if _changed_the_world(call))


def _changed_the_world(call: Call) -> bool:
    return (
        call.purpose == "agent"
        and call.may_have_effect
        and call.attempts[0].intent.event.effect in {"write", "irreversible"}
    )


def _answers(report: RunReport, call: Call) -> ThreeAnswers:
    last = call.attempts[-1]
    return ThreeAnswers(
        call=call.call,
        tool=call.tool,
        arguments=last.intent.event.arguments,
        outcome=call.outcome,
        who=_who(report, call, last),
        why=_why(call, last),
        proof=_proof(report, call, last),
    )


def _who(report: RunReport, call: Call, last: Attempt) -> Authorization:
    return Authorization(
        principal=last.intent.event.principal,
        on_behalf_of=report.started.envelope.on_behalf_of,
        actor=last.intent.event.actor,
        reviewers=tuple(
            ReviewerAnswer(
                one.event.approval, one.event.reviewer, one.event.answer, one.event.reason, one.time
            )
            for approval in _consumed(call)
            for one in approval.answers
        ),
        grant=_grant(report, last),
    )


def _grant(report: RunReport, last: Attempt) -> Placed[GrantGiven] | None:
    used = last.intent.event.grant
    return next((one for one in report.grants if used and one.event.grant == used.grant), None)


def _why(call: Call, last: Attempt) -> Permission:
    before = [one.event for one in call.decisions if one.seq < last.intent.seq]
    if not before:
        return Permission(None, (), {})
    made = before[-1]
    return Permission(made.decision, made.answers, made.facts, made.inputs_digest)


def _proof(report: RunReport, call: Call, last: Attempt) -> Evidence:
    return Evidence(
        journal=report.journal.path,
        records=_records(call),
        head=report.head,
        credentials=tuple(one.intent.event.credential for one in call.attempts),
        approvals=last.intent.event.approvals,
        idempotency_key=last.intent.event.idempotency_key,
        arguments_digest=last.intent.event.arguments_digest,
        version=report.row.version,
        budget_before=last.intent.event.basis.budget_before if last.intent.event.basis else None,
        budget_after=last.intent.event.basis.budget_after if last.intent.event.basis else None,
    )


def _consumed(call: Call) -> tuple[Approval, ...]:
    """Return the approvals that the call's attempts rest on."""
    names = {name for one in call.attempts for name in one.intent.event.approvals}
    return tuple(one for one in call.approvals if one.requested.event.approval in names)


def _records(call: Call) -> tuple[EvidenceRecord, ...]:
    ends = (one.end for one in call.attempts)
    placed: Iterable[Placed[Event]] = (
        *call.decisions,
        *(answer for approval in _consumed(call) for answer in (approval.requested, *approval.answers)),
        *call.amendments,
        *(one.intent for one in call.attempts),
        *(end for end in ends if end is not None),
        *call.in_doubt,
        *call.resolved,
    )
    return tuple(
        EvidenceRecord(one.seq, one.event.type, one.time, one.hash)
        for one in sorted(placed, key=lambda one: one.seq)
    )
