"""Tests of the questions by which policies are told apart."""

from agentctl.contract.agent import AgentContract, ModelRouting
from agentctl.contract.policy_cases import PolicyCase
from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.review.decisions.questions import amounts_of, numbers_of, questions_of
from tests.unit.review.differences.test_contracts import approval

CASE = PolicyCase(
    id="small", tool="a.b", arguments={"amount": 5, "charge": "ch_1", "fast": True}, expect="allow"
)


def test_every_case_is_asked_and_then_with_other_amounts() -> None:
    """Only whole numbers are changed, and never to what they are."""
    found = questions_of([CASE], [5, 7, 6], most=400)
    assert [question.text for question in found.asked] == [
        "case `small`",
        "case `small` with `amount` 7",
        "case `small` with `amount` 6",
    ]
    assert found.asked[1].case.arguments == {"amount": 7, "charge": "ch_1", "fast": True}
    assert (found.left_out, found.count) == ({}, 3)


def test_what_is_too_much_is_left_out_and_counted() -> None:
    """Amount by amount, so that every call is asked with what tells most; a case itself is never left out."""
    large = CASE.model_copy(update={"id": "large", "arguments": {"amount": 6, "parts": 2}})
    found = questions_of([CASE, large], [6, 7, 8], most=5)
    assert [question.text for question in found.asked] == [
        "case `small`",
        "case `large`",
        "case `small` with `amount` 6",
        "case `large` with `parts` 6",
        "case `small` with `amount` 7",
    ]
    assert (found.left_out, found.count) == ({7: 2, 8: 3}, 10)
    few = questions_of([CASE, large], [6], most=1)
    assert ([question.case.id for question in few.asked], few.left_out) == (["small", "large"], {6: 2})


def test_numbers_that_only_one_version_speaks_of_come_first() -> None:
    """Where a bound was moved is where answers flip."""
    assert amounts_of(frozenset({1, 5, 9}), frozenset({1, 7, 9})) == (5, 7, 1, 9)


def test_amounts_stand_around_every_number_that_is_spoken_of() -> None:
    """In policies, but not in their comments, and in thresholds; as they are and in cents."""
    text = '// at most 77\npermit (principal, action, resource) when { context.amount.lessThan(decimal("10.5")) };'
    policy = PolicyVersion(CedarPolicies(engine="cedar", files=("a",)), {"a": text})
    assert numbers_of([], [policy]) == {9, 10, 11, 1049, 1050, 1051}
    contract = approval(when={"amount_usd_ge": 3}).contract
    assert numbers_of([contract], []) == {2, 3, 4, 299, 300, 301}
    assert (
        numbers_of(
            [
                AgentContract.model_validate(
                    {"agent": contract.agent, "model_routing": ModelRouting(default="a")}
                )
            ],
            [],
        )
        == frozenset()
    )
