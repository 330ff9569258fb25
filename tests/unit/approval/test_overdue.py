"""Tests of what time alone does to an approval request."""

from datetime import timedelta

from msgspec.structs import replace

from agentctl.approval.overdue import left_to_others, overdue, overdue_of
from agentctl.approval.pending import Approval
from agentctl.events.approval import ApprovalEscalated, ApprovalExpired, Escalation
from agentctl.foundation.clock import to_rfc3339
from tests.fakes.journals import BEGINNING, RUN, requested

STEPS = (
    Escalation(after_seconds=600, reviewers=("carol",)),
    Escalation(after_seconds=1_200, reviewers=("dora", "emil")),
)
REQUEST = requested(f"{RUN}/1/0", "stripe.create_refund").model_copy(update={"escalation": STEPS})
OPEN = Approval(REQUEST, to_rfc3339(BEGINNING))


def at(seconds: int) -> str:
    """Return a moment, in seconds after the request."""
    return to_rfc3339(BEGINNING + timedelta(seconds=seconds))


def escalated(step: int) -> ApprovalEscalated:
    """Return a step that was taken."""
    return ApprovalEscalated(
        approval=REQUEST.approval, step=step, reviewers=STEPS[step].reviewers, why="time"
    )


def test_nothing_is_due_before_its_time() -> None:
    """One second less is too early, and the second itself is the time."""
    assert overdue_of(OPEN, at(599)) == ()
    assert [event.step for event in overdue_of(OPEN, at(600)) if isinstance(event, ApprovalEscalated)] == [0]


def test_steps_that_were_slept_through_come_together() -> None:
    """Who looks late finds all of them, in order; a step is taken once."""
    found = overdue_of(OPEN, at(1_300))
    assert [(e.step, e.reviewers) for e in found if isinstance(e, ApprovalEscalated)] == [
        (0, ("carol",)),
        (1, ("dora", "emil")),
    ]
    assert [e.step for e in overdue_of(replace(OPEN, escalations=(escalated(0),)), at(1_300))] == [1]  # type: ignore[union-attr]  # all are steps
    assert overdue_of(replace(OPEN, escalations=(escalated(0), escalated(1))), at(1_300)) == ()


def test_an_expired_request_escalates_no_more() -> None:
    """The end of the time to answer is a denial, whoever could still have been asked."""
    assert overdue_of(OPEN, REQUEST.expires_at) == (ApprovalExpired(approval=REQUEST.approval),)


def test_only_open_requests_are_looked_at() -> None:
    """What is settled has no time any more."""
    settled = replace(OPEN, granted_at=at(1), granted_digest="sha256:x")
    assert overdue({"a": settled}, at(10_000)) == ()
    assert overdue({"a": OPEN}, at(600)) == overdue_of(OPEN, at(600))


def test_a_reviewer_can_leave_it_to_the_next_step_at_once() -> None:
    """One step at a time, and none after the last."""
    assert [event.reviewers for event in left_to_others(OPEN)] == [("carol",)]
    assert [event.step for event in left_to_others(replace(OPEN, escalations=(escalated(0),)))] == [1]
    assert left_to_others(replace(OPEN, escalations=(escalated(0), escalated(1)))) == ()
