"""Tests of how approvals go: who settled what after how long, counted from the journals alone."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.approval.stats import Reply, ReviewerStats, Times, Told, ToolStats, stats_of, told_by
from agentctl.events.approval import ApprovalExpired
from agentctl.events.form import GENESIS
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import ClockAnomaly
from agentctl.foundation.clock import to_rfc3339
from tests.fakes.journals import BEGINNING, RUN, answered, approval_of, requested

CALL = f"{RUN}/1/0"
TOOL = "stripe.create_refund"
EXPIRED = ApprovalExpired(approval=approval_of(CALL))
BACK = ClockAnomaly(wall="2026-03-14T08:00:00.000000Z", behind_seconds=3600.0)


def at(seconds: float) -> str:
    """Return a time, in seconds after the request."""
    return to_rfc3339(BEGINNING + timedelta(seconds=seconds))


def told(*events: tuple[float, AnyEvent], quorum: int = 1, now: float = 100) -> Told:
    """Return the request of a run after some events, each at its second."""
    request = requested(CALL, TOOL).model_copy(update={"quorum": quorum})
    records = [
        Record(RUN, index, 1, at(seconds), 0, event, {}, GENESIS, "")
        for index, (seconds, event) in enumerate([(0.0, request), *events])
    ]
    (found,) = told_by(records, at(now))
    return found


def test_an_approval_is_settled_by_the_answer_that_suffices() -> None:
    """With one approval wanted the first settles it, with two the second."""
    both = ((5, answered(CALL)), (60, answered(CALL, reviewer="bob")))
    assert (told(both[0]).outcome, told(both[0]).seconds) == ("approved", 5)
    assert (told(*both, quorum=2).outcome, told(*both, quorum=2).seconds) == ("approved", 60)
    assert (told(both[0], quorum=2).outcome, told(both[0], quorum=2).seconds) == ("waiting", None)


def test_every_answer_counts_for_who_gave_it() -> None:
    """Each with its own time, also those that settled nothing."""
    found = told((5, answered(CALL, "escalate")), (60, answered(CALL, "deny", reviewer="bob")))
    assert found.replies == (Reply("alice", "escalate", 5), Reply("bob", "deny", 60))
    assert (found.outcome, found.seconds) == ("denied", 60)


def test_an_edit_is_told_apart() -> None:
    """Approved with other arguments is approved, and edited."""
    edit = answered(CALL, "approve_with_changes").model_copy(
        update={"changes": {"amount": 1}, "changes_digest": "sha256:other"}
    )
    assert told((7, edit)).outcome == "edited"


@pytest.mark.parametrize(
    ("events", "now", "outcome"),
    [
        (((4_000, EXPIRED),), 4_001, "expired"),
        ((), 4_001, "expired"),
        ((), 100, "waiting"),
        (((5, BACK),), 100, "void"),
    ],
    ids=["declared", "not declared yet", "in time", "the clock went back"],
)
def test_what_nobody_answered_is_expired_waiting_or_void(
    events: tuple[tuple[float, AnyEvent], ...], now: float, outcome: str
) -> None:
    """Whether somebody swept makes no difference."""
    found = told(*events, now=now)
    assert (found.outcome, found.seconds, found.replies) == (outcome, None, ())


def test_an_approval_that_lapsed_unused_was_an_approval() -> None:
    """What became of the call afterwards is not what the reviewer said."""
    assert told((5, answered(CALL)), now=50_000).outcome == "approved"


def test_the_numbers_add_up() -> None:
    """By tool and by reviewer, over runs in which nothing was asked too."""
    one = told((5, answered(CALL)))
    two = told((60, answered(CALL, "deny", reviewer="bob")))
    three = told(now=4_001)
    found = stats_of([(one, two), (three,), ()])
    assert (found.runs, found.requests, found.requests_per_run, found.most_in_one_run) == (3, 3, 1.0, 2)
    assert found.seconds == Times(5, 60)
    assert found.tools == (ToolStats(TOOL, 3, 1, 0, 1, 1, 0, 0, Times(5, 60)),)
    assert found.reviewers == (
        ReviewerStats("alice", 1, 1, 0, 0, 0, Times(5, 5)),
        ReviewerStats("bob", 1, 0, 0, 1, 0, Times(60, 60)),
    )


def test_nothing_is_nothing() -> None:
    """Without runs there are no shares and no times, and nothing is divided by zero."""
    found = stats_of([])
    assert (found.requests, found.requests_per_run, found.seconds) == (0, None, Times(None, None))


@given(st.lists(st.integers(min_value=0, max_value=10_000), min_size=1, max_size=60))
def test_a_quantile_is_a_value_that_was_measured(seconds: list[int]) -> None:
    """Half, and nine tenths, of all values are no larger; no smaller measured value would do."""
    requests = tuple(Told(TOOL, at(0), "approved", float(item), ()) for item in seconds)
    times = stats_of([requests]).seconds
    for share, value in ((0.5, times.median), (0.9, times.p90)):
        assert value is not None
        assert value in seconds
        assert sum(item <= value for item in seconds) >= share * len(seconds)
        assert sum(item < value for item in seconds) < share * len(seconds)
