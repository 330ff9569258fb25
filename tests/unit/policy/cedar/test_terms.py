"""Tests of what a rule's annotations demand of an approval: read exactly, or refused."""

import pytest

from agentctl.events.approval import ApprovalTerms
from agentctl.policy.cedar.terms import terms_of_annotations


def test_nothing_said_demands_nothing() -> None:
    """Ids and sentences of the author are no demands."""
    assert terms_of_annotations({}) == (None, ())
    assert terms_of_annotations({"id": "a", "reason": "because", "advice": "x"}) == (None, ())


def test_all_demands_are_read() -> None:
    """Quorum, reviewers, both clocks."""
    said = {"quorum": "2", "reviewers": "alice, bob,alice", "expires_in": "2h", "valid_for": "10m"}
    assert terms_of_annotations(said) == (
        ApprovalTerms(quorum=2, reviewers=("alice", "bob"), expires_in_seconds=7_200, valid_for_seconds=600),
        (),
    )


def test_one_demand_leaves_the_others_open() -> None:
    """What is not said demands nothing."""
    assert terms_of_annotations({"valid_for": "1s"}) == (ApprovalTerms(valid_for_seconds=1), ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("quorum", text) for text in ("", "0", "-1", "11", "2.0", "two", "٢", "02", " 2")),
        *(("reviewers", text) for text in ("", "alice,", ",", "Alice", "alice bob", "system:", "a\nb")),
        *(
            (name, text)
            for name in ("expires_in", "valid_for")
            for text in ("", "2", "h", "0h", "2 h", "2w", "1.5h")
        ),
        ("quorums", "2"),
        ("reviewer", "alice"),
        ("expires", "2h"),
        ("expiresin", "2h"),
        ("validfor", "2h"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, text: str) -> None:
    """A slip must never mean that one reviewer is enough, or that anybody may answer."""
    terms, problems = terms_of_annotations({"quorum": "2", name: text})
    assert terms is None
    assert len(problems) >= 1
    assert f"@{name}" in problems[0]


def test_more_than_may_approve_is_refused() -> None:
    """Three of two can never be reached."""
    terms, problems = terms_of_annotations({"quorum": "3", "reviewers": "alice,bob"})
    assert terms is None
    assert problems == ("3 must approve, and only 2 may",)
