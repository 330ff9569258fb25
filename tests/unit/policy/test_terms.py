"""Tests of what several rules demand of one approval: the strictest of each."""

from itertools import permutations

import pytest

from agentctl.events.approval import ApprovalTerms, Escalation
from agentctl.policy.terms import strictest_terms

LATER = Escalation(after_seconds=60, reviewers=("carol",))
ONE = ApprovalTerms(quorum=2, reviewers=("alice", "bob"), expires_in_seconds=60, model_may_approve=True)
OTHER = ApprovalTerms(reviewers=("bob", "dana"), valid_for_seconds=30, grants=False)
THIRD = ApprovalTerms(expires_in_seconds=90, valid_for_seconds=20, escalation=(LATER,))


def test_who_demands_nothing_adds_nothing() -> None:
    """No demands are none; one demand is itself."""
    assert strictest_terms([]) is None
    assert strictest_terms([None, None]) is None
    assert strictest_terms([None, ONE, None]) is ONE


def test_the_strictest_of_each_holds_in_any_order() -> None:
    """The largest quorum, the shortest times, only those named by all."""
    strictest = ApprovalTerms(
        quorum=2,
        reviewers=("bob",),
        expires_in_seconds=60,
        valid_for_seconds=20,
        escalation=(LATER,),
        model_may_approve=False,
        grants=False,
    )
    assert all(strictest_terms(order) == strictest for order in permutations((ONE, OTHER, THIRD)))


def test_nobody_in_common_is_not_everybody() -> None:
    """An empty list of reviewers means anybody, so it must never come of two lists that exclude each other."""
    with pytest.raises(ValueError, match="nobody is named by all"):
        strictest_terms([ApprovalTerms(reviewers=("alice",)), ApprovalTerms(reviewers=("bob",))])
