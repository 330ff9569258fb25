"""Tests of whether an answer counts: who, when, for what, and how often."""

from dataclasses import replace

import pytest

from agentctl.approval.answers import GivenAnswer, refusals
from agentctl.approval.pending import Approval
from agentctl.events.approval import Answer, ApprovalAnswered, Binding
from tests.fakes.journals import RUN, answered, requested

CALL = f"{RUN}/1/0"
NOW = "2026-03-14T09:30:00.000000Z"
REQUEST = requested(CALL, "stripe.create_refund").model_copy(
    update={"reviewers": ("system:sandbox-reviewer", "alice", "bob", "casey", "agent:refund-assistant")}
)
OPEN = Approval(REQUEST, "2026-03-14T09:00:00.000000Z")
OTHERWISE: dict[str, object] = {
    "run": "01KKNC2R00REFVND0000000002",
    "step": 2,
    "call": f"{RUN}/1/1",
    "attempt": 2,
    "descriptor_digest": "sha256:" + "81" * 32,
    "arguments_digest": "sha256:" + "d1" * 32,
    "version": "sha256:" + "c1" * 32,
    "policy_digest": "sha256:" + "61" * 32,
    "view_digest": "sha256:" + "51" * 32,
}


def given(
    reviewer: str = "alice", answer: Answer = "approve", binding: Binding = REQUEST.binding
) -> GivenAnswer:
    """Return an answer as somebody gave it."""
    return GivenAnswer(reviewer, answer, "fine", binding)


def after(*answers: ApprovalAnswered) -> Approval:
    """Return the request with earlier answers that settled nothing."""
    return replace(OPEN, answers=answers)


@pytest.mark.parametrize("answer", ["approve", "deny", "escalate"])
@pytest.mark.parametrize("reviewer", ["alice", "bob", "system:sandbox-reviewer"])
def test_a_reviewer_may_answer(reviewer: str, answer: Answer) -> None:
    """Everybody the request names, with any word this version takes."""
    assert refusals(OPEN, given(reviewer, answer), NOW) == ()


def test_an_answer_to_nothing_counts_for_nothing() -> None:
    """There must be a request."""
    assert refusals(None, given(), NOW) == ("there is no such approval request",)


@pytest.mark.parametrize(
    "name",
    [
        "mallory", "", "Alice", "alice ", " alice", "alice,bob", "\u0430lice", "system:", "system:alice",
        "system:other-reviewer", "sandbox-reviewer", "System:sandbox-reviewer",
    ],
)  # fmt: skip
def test_nobody_else_may_answer(name: str) -> None:
    """Names are compared as they are written; a rule's name is a name like any other."""
    assert refusals(OPEN, given(name), NOW) == (f"`{name}` is not a reviewer of this request",)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("casey", "who a run acts for never approves its calls"),
        ("agent:refund-assistant", "an agent never approves its own calls"),
    ],
)
@pytest.mark.parametrize("answer", ["approve", "deny", "escalate"])
def test_nobody_answers_for_themselves(name: str, reason: str, answer: Answer) -> None:
    """Not even where the environment lists them among the reviewers."""
    assert name in REQUEST.reviewers
    assert refusals(OPEN, given(name, answer), NOW) == (reason,)


@pytest.mark.parametrize(
    ("approval", "now", "status"),
    [
        (OPEN, REQUEST.expires_at, "expired"),
        (replace(OPEN, expired=True), NOW, "expired"),
        (replace(OPEN, granted_at=NOW), NOW, "granted"),
        (replace(OPEN, granted_at="2026-03-14T09:00:00.000000Z"), NOW, "lapsed"),
        (replace(OPEN, denied_by=answered(CALL, "deny")), NOW, "denied"),
        (replace(OPEN, granted_at=NOW, consumed_by=CALL), NOW, "consumed"),
    ],
)
@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_a_settled_request_takes_no_more_answers(
    approval: Approval, now: str, status: str, answer: Answer
) -> None:
    """Too late is too late, for a denial too."""
    assert refusals(approval, given("bob", answer), now) == (f"the request is {status}, not waiting",)


@pytest.mark.parametrize("first", ["approve", "deny", "approve_with_changes"])
def test_nobody_answers_twice(first: Answer) -> None:
    """A second word of the same reviewer does not count; another reviewer's does."""
    earlier = after(answered(CALL, first))
    assert refusals(earlier, given("alice"), NOW) == ("`alice` has answered already",)
    assert refusals(earlier, given("bob"), NOW) == ()


def test_who_left_it_to_others_may_still_answer() -> None:
    """An escalation is no answer."""
    assert refusals(after(answered(CALL, "escalate")), given("alice"), NOW) == ()


def test_answers_with_changes_are_not_taken() -> None:
    """This version refuses them; they are not taken for a plain approval."""
    found = refusals(OPEN, given(answer="approve_with_changes"), NOW)
    assert found == ("answers with changes are not accepted by this version",)


@pytest.mark.parametrize("name", Binding.model_fields)
def test_an_answer_bound_to_anything_else_is_void(name: str) -> None:
    """One different field is enough, whichever it is; the table above must have every field there is."""
    binding = REQUEST.binding.model_copy(update={name: OTHERWISE[name]})
    assert refusals(OPEN, given(binding=binding), NOW) == (
        "the answer is bound to something else than what is asked",
    )


def test_every_reason_is_named() -> None:
    """Not only the first: whoever is refused learns all of it."""
    binding = REQUEST.binding.model_copy(update=OTHERWISE)
    answer = given("mallory", "approve_with_changes", binding)
    assert refusals(replace(OPEN, expired=True), answer, NOW) == (
        "the request is expired, not waiting",
        "`mallory` is not a reviewer of this request",
        "the answer is bound to something else than what is asked",
        "answers with changes are not accepted by this version",
    )
