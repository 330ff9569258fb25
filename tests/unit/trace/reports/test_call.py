"""A call's story is put together from its events, however it went."""

from datetime import timedelta

import pytest

from agentctl.events.approval import ApprovalExpired
from agentctl.events.base import Event
from agentctl.events.record import AnyEvent
from agentctl.events.tool import ToolInDoubt, ToolRefused, ToolResolved, ToolUnknown
from agentctl.trace.reports.call import Call, calls_of
from agentctl.trace.reports.placed import Placed
from tests.fakes.journals import (
    BEGINNING,
    CASEY,
    RUN,
    answered,
    approval_of,
    decided,
    intended,
    model_call,
    proposed,
    refund_story,
    requested,
    result,
)

CALL = f"{RUN}/3/0"
UNKNOWN = ToolUnknown(call=CALL, attempt=1, reason="the connection broke", status=0, latency_ms=1.0)
DOUBT = ToolInDoubt(call=CALL, reason="it may never be repeated")
REFUSED = ToolRefused(call=CALL, stage="permitted", reasons=("no",))


def placed(*events: AnyEvent) -> list[Placed[Event]]:
    """Return events in their places."""
    return [
        Placed(seq, BEGINNING + timedelta(seconds=seq), str(seq), event) for seq, event in enumerate(events)
    ]


def only_call(*events: AnyEvent) -> Call:
    """Return the one call that some events are about."""
    (call,) = calls_of(placed(*events))
    return call


def resolved(verdict: str) -> ToolResolved:
    """Return what somebody found out."""
    return ToolResolved(call=CALL, verdict=verdict, by=CASEY, reason="I looked", message="m")  # type: ignore[arg-type]  # checked by the model


@pytest.mark.parametrize(
    ("events", "outcome", "effect"),
    [
        ((), "proposed", False),
        ((decided(CALL),), "proposed", False),
        ((decided(CALL), requested(CALL, "t")), "waiting", False),
        ((requested(CALL, "t"), answered(CALL)), "waiting", False),
        ((REFUSED,), "refused", False),
        ((intended(CALL, "t", {}),), "open", True),
        ((intended(CALL, "t", {}), result(CALL, {})), "ok", True),
        ((intended(CALL, "t", {}), result(CALL, {}, outcome="error")), "error", False),
        ((intended(CALL, "t", {}), UNKNOWN), "unknown", True),
        ((intended(CALL, "t", {}), UNKNOWN, DOUBT), "in_doubt", True),
        ((intended(CALL, "t", {}), UNKNOWN, DOUBT, resolved("executed")), "executed", True),
        ((intended(CALL, "t", {}), UNKNOWN, DOUBT, resolved("not_executed")), "not_executed", False),
        ((intended(CALL, "t", {}), UNKNOWN, DOUBT, resolved("retry")), "retry", True),
    ],
)
def test_the_last_thing_that_happened_is_the_outcome(
    events: tuple[AnyEvent, ...], outcome: str, *, effect: bool
) -> None:
    """A call may have had an effect from its first intent on, until somebody knows better."""
    call = only_call(proposed(CALL, "t", {}), *events)
    assert (call.outcome, call.may_have_effect) == (outcome, effect)


def test_each_attempt_has_its_own_end() -> None:
    """A repeated call's attempts are told apart, and one that was cut off has no end."""
    call = only_call(
        proposed(CALL, "t", {}),
        intended(CALL, "t", {}, attempt=1),
        UNKNOWN,
        intended(CALL, "t", {}, attempt=2),
        intended(CALL, "t", {}, attempt=3),
        result(CALL, {"id": 1}, attempt=3),
    )
    assert [one.end.seq if one.end else None for one in call.attempts] == [2, None, 5]


def test_approvals_have_their_own_answers_and_ends() -> None:
    """What is said to one request is not said to another."""
    expired = ApprovalExpired(approval=approval_of(CALL))
    other = answered(f"{RUN}/9/9")  # to a request that the journal does not hold
    call = only_call(
        proposed(CALL, "t", {}), requested(CALL, "t"), answered(CALL, "escalate"), expired, other
    )
    (approval,) = call.approvals
    assert [one.event.answer for one in approval.answers] == ["escalate"]
    assert approval.expired is not None
    assert only_call(requested(CALL, "t")).approvals[0].expired is None


def test_the_arguments_are_those_that_were_attempted_last() -> None:
    """What was wished for may have been changed by a reviewer; a call that nobody described has no name."""
    wished = proposed(CALL, "t", {"amount": 2})
    assert only_call(wished).arguments == {"amount": 2}
    assert only_call(wished, intended(CALL, "t", {"amount": 1})).arguments == {"amount": 1}
    assert (only_call(REFUSED).tool, only_call(REFUSED).arguments) == ("", None)


def test_a_reviewers_look_up_belongs_to_the_step_it_was_made_in() -> None:
    """It has no step of its own, and is told apart from the agent's calls."""
    calls = calls_of(placed(*refund_story()))
    assert [(call.step, call.purpose, call.tool) for call in calls] == [
        (0, "agent", "zendesk.read_ticket"),
        (1, "agent", "stripe.refund"),
        (1, "review", "stripe.read_charge"),
        (1, "agent", "stripe.payout"),
    ]


def test_what_is_not_about_a_call_is_left_out() -> None:
    """Model calls are none of its business; an approval that is not known either."""
    assert calls_of(placed(*model_call(0, "x"), ApprovalExpired(approval="a"))) == ()
