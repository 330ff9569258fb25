"""Tests of what all authorities demand of an approval together."""

from agentctl.approval.terms import EXPIRES_IN_SECONDS, VALID_FOR_SECONDS, terms_of
from agentctl.events.approval import ApprovalTerms, Escalation
from agentctl.events.tool import PolicyAnswer

KNOWN = ("system:sandbox-reviewer", "alice", "bob", "carol")


def says(terms: ApprovalTerms | None = None, authority: str = "contract") -> PolicyAnswer:
    """Return an answer that needs an approval on some terms."""
    return PolicyAnswer(
        authority=authority,  # type: ignore[arg-type]  # checked by the model
        policy=f"{authority}:p",
        digest="sha256:0",
        decision="needs_approval",
        terms=terms,
    )


def test_without_terms_anybody_known_may_approve_alone() -> None:
    """The defaults: one of all reviewers, a day to answer, a quarter of an hour to execute, grants allowed."""
    terms = terms_of([says()], KNOWN)
    assert (terms.reviewers, terms.quorum) == (KNOWN, 1)
    assert (terms.expires_in_seconds, terms.valid_for_seconds) == (EXPIRES_IN_SECONDS, VALID_FOR_SECONDS)
    assert (terms.escalation, terms.model_may_approve, terms.grants) == ((), False, True)


def test_the_strictest_of_each_holds() -> None:
    """The highest quorum, the shortest times, only reviewers whom every list has, grants only if nobody objects."""
    one = ApprovalTerms(quorum=2, reviewers=("alice", "bob"), expires_in_seconds=60, valid_for_seconds=600)
    other = ApprovalTerms(
        reviewers=("bob", "carol"), expires_in_seconds=120, valid_for_seconds=30, grants=False
    )
    terms = terms_of([says(one), says(other, "platform")], KNOWN)
    assert (terms.quorum, terms.reviewers) == (2, ("bob",))
    assert (terms.expires_in_seconds, terms.valid_for_seconds, terms.grants) == (60, 30, False)


def test_a_longer_time_than_usual_must_be_said() -> None:
    """Who says a time replaces the default, also by a longer one."""
    assert terms_of([says(ApprovalTerms(expires_in_seconds=10**6))], KNOWN).expires_in_seconds == 10**6


def test_nobody_is_asked_whom_the_environment_does_not_know() -> None:
    """A name in a contract makes nobody a reviewer, now or later."""
    unknown = ApprovalTerms(
        reviewers=("mallory", "alice"),
        escalation=(
            Escalation(after_seconds=9, reviewers=("mallory",)),
            Escalation(after_seconds=5, reviewers=("mallory", "carol")),
        ),
    )
    terms = terms_of([says(unknown)], KNOWN)
    assert terms.reviewers == ("alice",)
    assert terms.escalation == (Escalation(after_seconds=5, reviewers=("carol",)),)
    assert terms.everybody() == {"alice", "carol"}


def test_only_a_contract_lets_a_model_approve() -> None:
    """A policy's word for it is not enough."""
    lets = ApprovalTerms(model_may_approve=True)
    assert not terms_of([says(lets, "policy"), says(lets, "platform")], KNOWN).model_may_approve
    assert terms_of([says(lets)], KNOWN).model_may_approve


def test_terms_of_an_answer_that_allows_count_too() -> None:
    """The platform's floor for a risk tier holds, whoever asks for the approval."""
    allows = says(ApprovalTerms(quorum=3), "platform").model_copy(update={"decision": "allow"})
    assert terms_of([says(), allows], KNOWN).quorum == 3
