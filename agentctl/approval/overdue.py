"""What time alone does to an approval request: it escalates, and in the end it expires. Pure."""

from datetime import timedelta

from agentctl.approval.pending import Approval, Approvals
from agentctl.events.approval import ApprovalEscalated, ApprovalExpired
from agentctl.foundation.clock import from_rfc3339, to_rfc3339


def overdue(approvals: Approvals, now: str) -> tuple[ApprovalEscalated | ApprovalExpired, ...]:
    """Return what is to be recorded of open requests at a moment (RFC 3339)."""
    return tuple(event for item in approvals.values() if item.open for event in overdue_of(item, now))


def overdue_of(approval: Approval, now: str) -> tuple[ApprovalEscalated | ApprovalExpired, ...]:
    """Return what is to be recorded of one open request."""
    name = approval.request.approval
    if approval.status(now) == "expired":
        return (ApprovalExpired(approval=name),)
    due = approval.request.escalation[len(approval.escalations) :]
    begun = from_rfc3339(approval.requested_at)
    return tuple(
        ApprovalEscalated(
            approval=name,
            step=len(approval.escalations) + number,
            reviewers=step.reviewers,
            why=f"nobody settled it within {step.after_seconds} s",
        )
        for number, step in enumerate(due)
        if now >= to_rfc3339(begun + timedelta(seconds=step.after_seconds))
    )


def left_to_others(approval: Approval) -> tuple[ApprovalEscalated, ...]:
    """Return the next step of a request that a person left to others; none where there is no further one."""
    number = len(approval.escalations)
    return tuple(
        ApprovalEscalated(
            approval=approval.request.approval,
            step=number,
            reviewers=step.reviewers,
            why="a reviewer left it to others",
        )
        for step in approval.request.escalation[number : number + 1]
    )
