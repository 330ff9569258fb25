"""Which principal authorized it, which policy permitted it, what evidence proves it: answered from a run's events. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from agentctl.events.approval import Answer, GrantGiven, ReviewerRecord
from agentctl.events.base import Event, Principal, Reservation
from agentctl.events.record import Record
from agentctl.events.run import RunStarted
from agentctl.events.tool import Credential, Decision, PolicyAnswer
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.clock import from_rfc3339
from agentctl.trace.reports.call import Approval, Attempt, Call, CallOutcome, calls_of
from agentctl.trace.reports.placed import Placed, Placeds, of_type

if TYPE_CHECKING:
    from agentctl.trace.reports.run import RunReport


class ReviewerAnswer(Struct, frozen=True):
    """What one reviewer said to one request."""

    approval: str
    reviewer: ReviewerRecord
    answer: Answer
    reason: str
    at: datetime


class Authorization(Struct, frozen=True):
    """Who it was done for and by whom, and every reviewer's answer or grant it rests on."""

    principal: Principal
    on_behalf_of: tuple[str, ...]
    actor: str
    reviewers: tuple[ReviewerAnswer, ...]
    grant: Placed[GrantGiven] | None = None


class Permission(Struct, frozen=True):
    """What policy said just before the attempt; no decision where the journal holds none."""

    decision: Decision | None
    answers: tuple[PolicyAnswer, ...]
    facts: dict[str, str]
    inputs_digest: str | None = None


class EvidenceRecord(Struct, frozen=True):
    """One record that proves a part of it."""

    seq: int
    type: str
    time: datetime
    hash: str


class Evidence(Struct, frozen=True):
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


class ThreeAnswers(Struct, frozen=True):
    """The answers for one call that changed the world, or may have."""

    call: str
    tool: str
    arguments: JsonObject
    outcome: CallOutcome
    who: Authorization
    why: Permission
    proof: Evidence


class _Story(Struct, frozen=True):
    """What of a run the answers rest on."""

    started: RunStarted
    calls: tuple[Call, ...]
    grants: tuple[Placed[GrantGiven], ...]
    journal: str
    head: str


def three_questions(report: "RunReport") -> tuple[ThreeAnswers, ...]:
    """Return the answers for every call of the agent that wrote, or may have; reads and certain failures have no effect."""
    return _told(_Story(report.started, report.calls, report.grants, report.journal.path, report.head))


def three_questions_of(records: Sequence[Record], journal: str) -> tuple[ThreeAnswers, ...]:
    """Return the same answers from a run's records, and the name of the journal they stand in."""
    placed: Placeds = [Placed(one.seq, from_rfc3339(one.time), one.hash, one.event) for one in records]
    (started,) = of_type(placed, RunStarted)
    return _told(
        _Story(started.event, calls_of(placed), of_type(placed, GrantGiven), journal, placed[-1].hash)
    )


def _told(story: _Story) -> tuple[ThreeAnswers, ...]:
    return tuple(_answers(story, call) for call in story.calls if _changed_the_world(call))


def _changed_the_world(call: Call) -> bool:
    return (
        call.purpose == "agent"
        and call.may_have_effect
        and call.attempts[0].intent.event.effect in {"write", "irreversible"}
    )


def _answers(story: _Story, call: Call) -> ThreeAnswers:
    last = call.attempts[-1]
    return ThreeAnswers(
        call=call.call,
        tool=call.tool,
        arguments=last.intent.event.arguments,
        outcome=call.outcome,
        who=_who(story, call, last),
        why=_why(call, last),
        proof=_proof(story, call, last),
    )


def _who(story: _Story, call: Call, last: Attempt) -> Authorization:
    return Authorization(
        principal=last.intent.event.principal,
        on_behalf_of=story.started.envelope.on_behalf_of,
        actor=last.intent.event.actor,
        reviewers=tuple(
            ReviewerAnswer(
                one.event.approval, one.event.reviewer, one.event.answer, one.event.reason, one.time
            )
            for approval in _consumed(call)
            for one in approval.answers
        ),
        grant=_grant(story, last),
    )


def _grant(story: _Story, last: Attempt) -> Placed[GrantGiven] | None:
    used = last.intent.event.grant
    return next((one for one in story.grants if used and one.event.grant == used.grant), None)


def _why(call: Call, last: Attempt) -> Permission:
    before = [one.event for one in call.decisions if one.seq < last.intent.seq]
    if not before:
        return Permission(None, (), {})
    made = before[-1]
    return Permission(made.decision, made.answers, made.facts, made.inputs_digest)


def _proof(story: _Story, call: Call, last: Attempt) -> Evidence:
    return Evidence(
        journal=story.journal,
        records=_records(call),
        head=story.head,
        credentials=tuple(one.intent.event.credential for one in call.attempts),
        approvals=last.intent.event.approvals,
        idempotency_key=last.intent.event.idempotency_key,
        arguments_digest=last.intent.event.arguments_digest,
        version=story.started.envelope.version,
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
