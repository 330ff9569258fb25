"""Tests of whether an answer counts: who, when, for what, and how often."""

import pytest
from msgspec.structs import replace

from agentctl.approval.answers import GivenAnswer, refusals
from agentctl.approval.pending import Approval
from agentctl.events.approval import Answer, ApprovalAnswered, ApprovalEscalated, Binding
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


EDIT = "sha256:" + "ed" * 32
"""The digest of other arguments."""


def given(
    reviewer: str = "alice",
    answer: Answer = "approve",
    binding: Binding = REQUEST.binding,
    changes: str | None = None,
) -> GivenAnswer:
    """Return an answer as somebody gave it; one with changes is an approval of those."""
    word: Answer = answer if changes is None else "approve_with_changes"
    return GivenAnswer(reviewer, word, "fine", binding, changes_digest=changes)


def said(changes: str | None) -> ApprovalAnswered:
    """Return alice's approval as it was journaled: of what was asked, or of changes."""
    if changes is None:
        return answered(CALL, "approve")
    return answered(CALL, "approve_with_changes").model_copy(update={"changes_digest": changes})


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


@pytest.mark.parametrize("changes", [None, EDIT])
def test_nobody_says_the_same_twice(changes: str | None) -> None:
    """One reviewer is one, however often they say it; another reviewer's word is another."""
    earlier = after(said(changes))
    assert refusals(earlier, given("alice", changes=changes), NOW) == ("`alice` has answered already",)
    assert refusals(earlier, given("bob", changes=changes), NOW) == ()


def test_a_mind_may_change_while_it_is_open() -> None:
    """Who approved may still want other arguments, may take an edit back, and may still deny."""
    assert refusals(after(said(None)), given("alice", changes=EDIT), NOW) == ()
    assert refusals(after(said(EDIT)), given("alice"), NOW) == ()
    assert refusals(after(said(EDIT)), given("alice", changes="sha256:other"), NOW) == ()
    assert refusals(after(said(EDIT)), given("alice", "deny"), NOW) == ()


def test_who_left_it_to_others_may_still_answer() -> None:
    """An escalation is no answer."""
    assert refusals(after(answered(CALL, "escalate")), given("alice"), NOW) == ()


def test_changes_belong_to_an_answer_with_changes() -> None:
    """Neither is taken without the other, and an edit that changes nothing is none."""
    wrong = ("changes belong to `approve_with_changes`",)
    assert refusals(OPEN, GivenAnswer("alice", "approve_with_changes", "", REQUEST.binding), NOW) == wrong
    plain = GivenAnswer("alice", "approve", "", REQUEST.binding, changes_digest=EDIT)
    assert refusals(OPEN, plain, NOW) == wrong
    nothing = given("alice", changes=REQUEST.binding.arguments_digest)
    assert refusals(OPEN, nothing, NOW) == ("the changes change nothing",)


def test_who_was_asked_later_may_answer_then() -> None:
    """An escalation adds reviewers; before it they are strangers."""
    assert refusals(OPEN, given("carol"), NOW) == ("`carol` is not a reviewer of this request",)
    step = ApprovalEscalated(approval=REQUEST.approval, step=0, reviewers=("carol",), why="nobody answered")
    assert refusals(replace(OPEN, escalations=(step,)), given("carol"), NOW) == ()


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
    answer = GivenAnswer("mallory", "approve_with_changes", "", binding)
    assert refusals(replace(OPEN, expired=True), answer, NOW) == (
        "the request is expired, not waiting",
        "`mallory` is not a reviewer of this request",
        "the answer is bound to something else than what is asked",
        "changes belong to `approve_with_changes`",
    )
