"""Approval requests and what became of them: a pure fold over a run's records."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal, TypeAlias, cast

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.events.approval import (
    ApprovalAnnounced,
    ApprovalAnswered,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalRequested,
)
from agentctl.events.record import Record, kinds_of
from agentctl.events.run import ClockAnomaly
from agentctl.events.tool import ToolIntent
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.clock import from_rfc3339, to_rfc3339

Status = Literal["waiting", "granted", "denied", "expired", "lapsed", "consumed"]


class Approval(Struct, frozen=True):
    """One request with all its answers.

    `granted_digest` names the arguments that enough reviewers approved: those that were asked, or the ones that they put
    in their place. `void` says that the clock went back while it was open: it is worth nothing any more. `announced` has
    the webhooks that were told of it, and how many steps of its escalation had come by then.
    """

    request: ApprovalRequested
    requested_at: str
    answers: tuple[ApprovalAnswered, ...] = ()
    escalations: tuple[ApprovalEscalated, ...] = ()
    granted_at: str | None = None
    granted_digest: str | None = None
    denied_by: ApprovalAnswered | None = None
    expired: bool = False
    void: bool = False
    consumed_by: str | None = None
    announced: Mapping[str, int] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether nobody's answer has settled it, and it was not declared overdue."""
        return self.granted_at is None and self.denied_by is None and not self.expired and not self.void

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Who may answer now."""
        added = (name for step in self.escalations for name in step.reviewers)
        return tuple(dict.fromkeys((*self.request.reviewers, *added)))

    @property
    def standing(self) -> Mapping[str, ApprovalAnswered]:
        """The approval that each reviewer stands by: their last one."""
        return {item.reviewer.id: item for item in self.answers if self.stands_for(item) is not None}

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who approved what was granted, in the order of their answers; nobody where nothing was."""
        return self._who_stands_for(self.granted_digest) if self.granted_digest else ()

    @property
    def changes(self) -> JsonObject | None:
        """The arguments that were approved in place of those that were asked; None where these were."""
        if self.granted_digest is None or self.granted_digest == self.request.binding.arguments_digest:
            return None
        stood_for = (item for item in self.standing.values() if item.changes_digest == self.granted_digest)
        return next(stood_for).changes

    def status(self, now: str) -> Status:
        """Return what the request is worth at a moment (RFC 3339)."""
        if self.consumed_by is not None:
            return "consumed"
        if self.denied_by is not None:
            return "denied"
        if self.expired:
            return "expired"
        if self.void:
            return "lapsed"
        if self.granted_at is None:
            return "expired" if now >= self.request.expires_at else "waiting"
        return "granted" if self.valid_at(now) else "lapsed"

    def valid_at(self, now: str) -> bool:
        """Return whether it was granted, and a call may still be executed on it at a moment (RFC 3339)."""
        if self.granted_at is None or self.void:
            return False
        valid_for = timedelta(seconds=self.request.valid_for_seconds)
        return now < to_rfc3339(from_rfc3339(self.granted_at) + valid_for)

    def stands_for(self, answer: ApprovalAnswered) -> str | None:
        """Return the digest of the arguments that an answer approves; None where it approves none."""
        match answer.answer:
            case "approve":
                return self.request.binding.arguments_digest
            case "approve_with_changes":
                return answer.changes_digest
            case "deny" | "escalate":
                return None

    def _who_stands_for(self, digest: str) -> tuple[str, ...]:
        standing = self.standing
        counting = (
            item for item in self.answers if standing.get(item.reviewer.id) is item and self._counts(item)
        )
        return tuple(item.reviewer.id for item in counting if self.stands_for(item) == digest)

    def _counts(self, answer: ApprovalAnswered) -> bool:
        return answer.reviewer.kind != "model" or self.request.model_may_approve

    def with_answer(self, answer: ApprovalAnswered, time: str) -> "Approval":
        """Return the request after one more answer; only this says whether that is enough."""
        answered = replace(self, answers=(*self.answers, answer))
        if answer.answer == "deny":
            return replace(answered, denied_by=answered.denied_by or answer)
        digest = self.stands_for(answer)
        if digest is None or answered.granted_at is not None:
            return answered
        if len(answered._who_stands_for(digest)) < self.request.quorum:  # noqa: SLF001 - of this very class
            return answered
        return replace(answered, granted_at=time, granted_digest=digest)


Approvals: TypeAlias = Mapping[str, Approval]
"""Every approval of a run by its id."""

_Concerns: TypeAlias = (
    ApprovalRequested
    | ApprovalAnswered
    | ApprovalEscalated
    | ApprovalAnnounced
    | ApprovalExpired
    | ClockAnomaly
    | ToolIntent
)
"""What may change an approval."""

_CONCERNS: Final = kinds_of(_Concerns)


def evolve_approvals(approvals: Approvals, record: Record) -> Approvals:
    """Return the approvals after one record."""
    event = record.event
    return (
        _changed_by(approvals, cast("_Concerns", event), record.time)
        if type(event) in _CONCERNS
        else approvals
    )


def _changed_by(approvals: Approvals, event: _Concerns, time: str) -> Approvals:
    match event:
        case ApprovalRequested() as request:
            return {**approvals, request.approval: Approval(request, time)}
        case ApprovalAnswered() as answer:
            return _changed(approvals, approvals[answer.approval].with_answer(answer, time))
        case ApprovalEscalated(approval=name) as step:
            known = approvals[name]
            return _changed(approvals, replace(known, escalations=(*known.escalations, step)))
        case ApprovalAnnounced(approval=name, delivered=True, webhook=webhook, escalations=steps):
            known = approvals[name]
            return _changed(approvals, replace(known, announced={**known.announced, webhook: steps}))
        case ApprovalExpired(approval=name):
            return _changed(approvals, replace(approvals[name], expired=True))
        case ClockAnomaly():
            return {name: _voided(item) for name, item in approvals.items()}
        case ToolIntent(approvals=consumed, call=call) if consumed:
            spent = {name: replace(approvals[name], consumed_by=call) for name in consumed}
            return {**approvals, **spent}
        case _:
            return approvals


def of_call(approvals: Approvals, call: str) -> tuple[Approval, ...]:
    """Return the requests of one call, oldest first."""
    return tuple(item for item in approvals.values() if item.request.binding.call == call)


def _changed(approvals: Approvals, approval: Approval) -> Approvals:
    return {**approvals, approval.request.approval: approval}


def _voided(approval: Approval) -> Approval:
    """Turning the clock back revives nothing: what is not used up yet must be asked again."""
    settled = approval.consumed_by is not None or approval.denied_by is not None or approval.expired
    return approval if settled else replace(approval, void=True)
