"""Tests of what became of an approval request: every status over time, and what an answer is worth."""

from datetime import timedelta
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.approval.pending import Approval, Approvals, Status, evolve_approvals, of_call
from agentctl.events.approval import (
    Answer,
    ApprovalAnswered,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalRequested,
    MessageRefused,
    ReviewerRecord,
)
from agentctl.events.form import GENESIS
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import ClockAnomaly
from agentctl.foundation.clock import to_rfc3339
from tests.fakes.journals import BEGINNING, RUN, answered, approval_of, intended, requested, result

CALL = f"{RUN}/1/0"
NAME = approval_of(CALL)
EXPIRES, VALID = 3_600, 600
"""Seconds after the request at which it expires, and after the grant at which it lapses."""


def moment(seconds: float) -> str:
    """Return a time, in seconds after the request."""
    return to_rfc3339(BEGINNING + timedelta(seconds=seconds))


def record(event: AnyEvent, seconds: float = 0) -> Record:
    """Return an event as a record of some time."""
    return Record(RUN, 0, 1, moment(seconds), 0, event, {}, GENESIS, "")


def folded(*events: AnyEvent | tuple[AnyEvent, float]) -> Approvals:
    """Return the fold of events; those without a time happen one second after another, from the beginning."""
    records = [
        record(*item) if isinstance(item, tuple) else record(item, index) for index, item in enumerate(events)
    ]
    return reduce(evolve_approvals, records, {})


def the(*events: AnyEvent | tuple[AnyEvent, float], quorum: int = 1) -> Approval:
    """Return the request of the call, after some events."""
    return folded((request(quorum), 0), *events)[NAME]


def request(quorum: int = 1) -> ApprovalRequested:
    """Return the request."""
    return requested(CALL, "stripe.create_refund").model_copy(update={"quorum": quorum})


def says(answer: Answer, reviewer: str = "alice") -> ApprovalAnswered:
    """Return an answer."""
    return answered(CALL, answer, reviewer=reviewer)


def consumed(call: str = CALL) -> AnyEvent:
    """Return the intent that uses the approval."""
    return intended(call, "stripe.create_refund", {}, approvals=(NAME,))


EXPIRED = ApprovalExpired(approval=NAME)
GRANT = (says("approve"), 100.0)


@pytest.mark.parametrize(
    ("events", "seconds", "status"),
    [
        ((), 0, "waiting"),
        ((), EXPIRES - 0.000001, "waiting"),
        ((), EXPIRES, "expired"),
        ((), EXPIRES + 1, "expired"),
        (((EXPIRED, EXPIRES),), EXPIRES, "expired"),
        (((says("escalate"), 5),), 10, "waiting"),
        (((says("approve_with_changes"), 5),), 10, "waiting"),
        ((GRANT,), 100, "granted"),
        ((GRANT,), 100 + VALID - 0.000001, "granted"),
        ((GRANT,), 100 + VALID, "lapsed"),
        ((GRANT,), EXPIRES, "lapsed"),
        ((GRANT, (consumed(), 200)), 200, "consumed"),
        ((GRANT, (consumed(), 200)), EXPIRES, "consumed"),
        (((says("deny"), 5),), 5, "denied"),
        (((says("deny"), 5),), EXPIRES, "denied"),
        (((says("deny"), 5), GRANT), 100, "denied"),
        ((GRANT, (says("deny", "bob"), 101)), 101, "denied"),
        ((GRANT, (says("deny", "bob"), 101), (says("approve", "carol"), 102)), 102, "denied"),
        (((EXPIRED, EXPIRES), (says("approve"), EXPIRES + 1)), EXPIRES + 1, "expired"),
    ],
)
def test_status_over_time(events: tuple[tuple[AnyEvent, float], ...], seconds: float, status: Status) -> None:
    """What a request is worth follows from its answers and the moment, at every edge."""
    assert the(*events).status(moment(seconds)) == status


def test_a_grant_just_before_the_end_still_lapses_by_its_own_clock() -> None:
    """The time to answer and the time to execute are two clocks."""
    granted = the((says("approve"), EXPIRES - 1))
    assert granted.status(moment(EXPIRES + 1)) == "granted"
    assert granted.status(moment(EXPIRES - 1 + VALID)) == "lapsed"


def test_a_declared_expiry_is_not_undone_by_a_clock_that_goes_back() -> None:
    """What the journal says happened; an earlier `now` revives nothing."""
    assert the((EXPIRED, EXPIRES)).status(moment(0)) == "expired"
    assert the((says("deny"), 5)).status(moment(0)) == "denied"
    assert the(GRANT, (consumed(), 200)).status(moment(0)) == "consumed"


@settings(deadline=None)
@given(st.lists(st.integers(0, 2 * EXPIRES), min_size=1), st.booleans())
def test_effective_time_revives_nothing(clock: list[int], granted: bool) -> None:  # noqa: FBT001 - drawn
    """However the wall clock jumps: by effective time (the latest so far) a status never goes back to a better one."""
    order = ["granted", "lapsed"] if granted else ["waiting", "expired"]
    approval = the(GRANT) if granted else the()
    effective = [moment(max(clock[: index + 1])) for index in range(len(clock))]
    worth = [order.index(approval.status(now)) for now in effective]
    assert worth == sorted(worth)


@pytest.mark.parametrize("quorum", [1, 2, 3])
def test_a_quorum_counts_distinct_reviewers(quorum: int) -> None:
    """One reviewer who approves often is one; the quorum's last approval is the moment of the grant."""
    names = ["alice", "bob", "carol"][:quorum]
    repeated = [(says("approve", "alice"), float(second)) for second in range(5)]
    others = [(says("approve", name), 10.0 + index) for index, name in enumerate(names[1:])]
    before = the(*repeated, *others[:-1], quorum=quorum)
    assert (before.granted_at is not None) == (quorum == 1)
    after = the(*repeated, *others, quorum=quorum)
    assert after.granted_at == moment(others[-1][1] if others else 0)


def test_only_approvals_count_towards_a_quorum() -> None:
    """Who escalates, or wants changes, has approved nothing."""
    events = [
        (says("approve", "alice"), 1.0),
        (says("escalate", "bob"), 2.0),
        (says("approve_with_changes", "carol"), 3.0),
    ]
    assert the(*events, quorum=2).status(moment(4)) == "waiting"


@pytest.mark.parametrize("answer", ["escalate", "approve_with_changes"])
def test_a_quorum_of_nobody_is_reached_by_nobody(answer: Answer) -> None:
    """A request that asks for no approvals is not granted by an answer that approves nothing."""
    assert the((says(answer), 1), quorum=0).status(moment(2)) == "waiting"
    assert the((says("approve"), 1), quorum=0).status(moment(2)) == "granted"


def test_the_first_denial_is_the_one_that_is_told() -> None:
    """Later answers are kept, and change neither who denied it nor when it was granted."""
    approval = the(
        GRANT, (says("approve", "carol"), 200), (says("deny", "bob"), 201), (says("deny", "dan"), 202)
    )
    assert approval.granted_at == moment(100)
    assert approval.denied_by is not None
    assert approval.denied_by.reviewer.id == "bob"
    assert [item.reviewer.id for item in approval.answers] == ["alice", "carol", "bob", "dan"]


@pytest.mark.parametrize(
    ("events", "is_open"),
    [
        ((), True),
        (((says("escalate"), 1),), True),
        ((GRANT,), False),
        (((says("deny"), 1),), False),
        (((EXPIRED, EXPIRES),), False),
    ],
)
def test_a_request_is_open_until_an_answer_or_its_end_is_in_the_journal(
    events: tuple[tuple[AnyEvent, float], ...],
    is_open: bool,  # noqa: FBT001 - the table's last column
) -> None:
    """Time alone closes nothing: the expiry is an event first."""
    assert the(*events).open == is_open


def test_an_intent_consumes_exactly_the_approvals_it_names() -> None:
    """Others stay as they are; the record says which call used it."""
    other = f"{RUN}/2/0"
    approvals = folded(request(), requested(other, "stripe.create_refund"), says("approve"), consumed())
    assert approvals[NAME].consumed_by == CALL
    assert approvals[approval_of(other)].consumed_by is None


def test_requests_of_a_call_are_found_oldest_first() -> None:
    """A call may have asked twice; another call's requests are not among them."""
    again = request().model_copy(update={"approval": f"{NAME}-again"})
    approvals = folded(request(), requested(f"{RUN}/2/0", "stripe.create_refund"), again)
    assert [item.request.approval for item in of_call(approvals, CALL)] == [NAME, f"{NAME}-again"]
    assert of_call(approvals, f"{RUN}/9/9") == ()


@pytest.mark.parametrize(
    "event",
    [result(CALL, {}), MessageRefused(message="m", reasons=("no",)), intended(CALL, "a.b", {})],
    ids=["result", "letter", "intent"],
)
def test_other_events_change_nothing(event: AnyEvent) -> None:
    """A result, a refused letter, an intent that needs no approval."""
    before = folded(request())
    assert evolve_approvals(before, record(event)) is before


def test_a_fold_never_changes_what_it_was_given() -> None:
    """Every state is a value of its own."""
    before = folded(request())
    after = evolve_approvals(before, record(says("approve"), 1))
    assert before[NAME].answers == ()
    assert after[NAME].answers != ()


# -- edits: what exactly is approved ----------------------------------------------------------------

EDIT = {"charge": "ch_1", "amount": 20_000}
EDIT_DIGEST = "sha256:" + "ed" * 32


def edits(reviewer: str, digest: str = EDIT_DIGEST) -> ApprovalAnswered:
    """Return an answer that puts other arguments in the place of those that were asked."""
    changes = {"changes": EDIT, "changes_digest": digest}
    return says("approve_with_changes", reviewer).model_copy(update=changes)


def test_a_quorum_is_of_people_who_approve_the_same() -> None:
    """One for what was asked and one for an edit are no two; a second one for the edit makes it the edit."""
    apart = the((says("approve", "alice"), 1), (edits("bob"), 2), quorum=2)
    assert apart.status(moment(3)) == "waiting"
    assert apart.changes is None
    agreed = the((says("approve", "alice"), 1), (edits("bob"), 2), (edits("carol"), 3), quorum=2)
    assert agreed.status(moment(3)) == "granted"
    assert agreed.changes == EDIT
    assert agreed.approvers == ("bob", "carol")


def test_different_edits_do_not_add_up() -> None:
    """Two people who each want something else have agreed on nothing."""
    assert the((edits("alice"), 1), (edits("bob", "sha256:other"), 2), quorum=2).open


def test_the_last_word_of_a_reviewer_stands() -> None:
    """Who changes their mind counts once, for what they said last."""
    changed = the((says("approve", "alice"), 1), (edits("alice"), 2), (edits("bob"), 3), quorum=2)
    assert changed.approvers == ("alice", "bob")
    assert the((says("approve", "alice"), 1), (edits("alice"), 2), (says("approve", "bob"), 3), quorum=2).open


def test_an_approval_of_what_was_asked_changes_nothing() -> None:
    """Its digest is that of the proposal."""
    granted = the(GRANT)
    assert granted.changes is None
    assert granted.granted_digest == request().binding.arguments_digest
    assert the().approvers == ()


@pytest.mark.parametrize(("allowed", "status"), [(False, "waiting"), (True, "granted")])
def test_a_models_approval_counts_only_where_it_may(allowed: bool, status: Status) -> None:  # noqa: FBT001 - a table
    """A second model can deny and leave it to others; more only where the request says so."""
    by = ReviewerRecord(id="system:second", kind="model", assurance="platform")
    approves = says("approve").model_copy(update={"reviewer": by})
    asked = request().model_copy(update={"model_may_approve": allowed})
    assert folded((asked, 0), (approves, 1))[NAME].status(moment(2)) == status


def test_an_escalation_adds_reviewers_in_order() -> None:
    """Nobody is taken away, and nobody stands there twice."""
    step = ApprovalEscalated(approval=NAME, step=0, reviewers=("carol", "alice"), why="time")
    assert the((step, 10)).reviewers == ("alice", "bob", "carol")


# -- the clock ---------------------------------------------------------------------------------------

BACK = ClockAnomaly(wall="2026-03-13T09:00:00.000000Z", behind_seconds=86_400.0)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((), "lapsed"),
        ((GRANT,), "lapsed"),
        ((GRANT, (consumed(), 101)), "consumed"),
        (((says("deny"), 5),), "denied"),
        (((EXPIRED, 5),), "expired"),
    ],
)
def test_a_clock_that_goes_back_voids_what_is_not_used_up(
    events: tuple[tuple[AnyEvent, float], ...], status: Status
) -> None:
    """What waits or was granted must be asked again; what is settled stays settled."""
    approval = the(*events, (BACK, 200.0))
    assert approval.status(moment(200)) == status
    assert not approval.open


def test_a_grant_after_the_clock_went_back_is_worth_nothing() -> None:
    """An answer to a void request revives nothing."""
    assert the((BACK, 10.0), (says("approve"), 20.0)).status(moment(20)) == "lapsed"
    assert not the((BACK, 10.0), (says("approve"), 20.0)).valid_at(moment(20))
