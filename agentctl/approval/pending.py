"""Approval requests and what became of them: a pure fold over a run's records."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, TypeAlias

from agentctl.events.approval import ApprovalAnswered, ApprovalExpired, ApprovalRequested
from agentctl.events.record import Record
from agentctl.events.tool import ToolIntent
from agentctl.foundation.clock import from_rfc3339, to_rfc3339

Status = Literal["waiting", "granted", "denied", "expired", "lapsed", "consumed"]


@dataclass(frozen=True, slots=True)
class Approval:
    """One request with all its answers."""

    request: ApprovalRequested
    requested_at: str
    answers: tuple[ApprovalAnswered, ...] = ()
    granted_at: str | None = None
    denied_by: ApprovalAnswered | None = None
    expired: bool = False
    consumed_by: str | None = None

    @property
    def open(self) -> bool:
        """Whether nobody's answer has settled it, and it was not declared overdue."""
        return self.granted_at is None and self.denied_by is None and not self.expired

    def status(self, now: str) -> Status:
        """Return what the request is worth at a moment (RFC 3339)."""
        if self.consumed_by is not None:
            return "consumed"
        if self.denied_by is not None:
            return "denied"
        if self.expired:
            return "expired"
        if self.granted_at is None:
            return "expired" if now >= self.request.expires_at else "waiting"
        return "granted" if self.valid_at(now) else "lapsed"

    def valid_at(self, now: str) -> bool:
        """Return whether it was granted, and a call may still be executed on it at a moment (RFC 3339)."""
        if self.granted_at is None:
            return False
        valid_for = timedelta(seconds=self.request.valid_for_seconds)
        return now < to_rfc3339(from_rfc3339(self.granted_at) + valid_for)


Approvals: TypeAlias = Mapping[str, Approval]
"""Every approval of a run by its id."""


def evolve_approvals(approvals: Approvals, record: Record) -> Approvals:
    """Return the approvals after one record."""
    match record.event:
        case ApprovalRequested() as request:
            return {**approvals, request.approval: Approval(request, record.time)}
        case ApprovalAnswered() as answer:
            return _changed(
                approvals, answer.approval, _answered(approvals[answer.approval], answer, record.time)
            )
        case ApprovalExpired(approval=approval):
            return _changed(approvals, approval, replace(approvals[approval], expired=True))
        case ToolIntent(approvals=consumed, call=call) if consumed:
            spent = {name: replace(approvals[name], consumed_by=call) for name in consumed}
            return {**approvals, **spent}
        case _:
            return approvals


def of_call(approvals: Approvals, call: str) -> tuple[Approval, ...]:
    """Return the requests of one call, oldest first."""
    return tuple(item for item in approvals.values() if item.request.binding.call == call)


def _changed(approvals: Approvals, name: str, approval: Approval) -> Approvals:
    return {**approvals, name: approval}


def _answered(approval: Approval, answer: ApprovalAnswered, time: str) -> Approval:
    answered = replace(approval, answers=(*approval.answers, answer))
    if answer.answer == "deny":
        return replace(answered, denied_by=answered.denied_by or answer)
    is_grant = answer.answer == "approve" and _approvers(answered) >= approval.request.quorum
    if is_grant and answered.granted_at is None:
        return replace(answered, granted_at=time)
    return answered


def _approvers(approval: Approval) -> int:
    return len({item.reviewer.id for item in approval.answers if item.answer == "approve"})
