"""Tests of the questions by which policies are told apart."""

from agentctl.contract.agent import AgentContract, ModelRouting
from agentctl.contract.policy_cases import PolicyCase
from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.review.policy_questions import numbers_of, questions_of
from tests.unit.review.test_contract_diff import approval

CASE = PolicyCase(
    id="small", tool="a.b", arguments={"amount": 5, "charge": "ch_1", "fast": True}, expect="allow"
)


def test_every_case_is_asked_and_then_with_other_amounts() -> None:
    """Only whole numbers are changed, and never to what they are."""
    found = list(questions_of([CASE], [5, 7, 6, 7]))
    assert [question.text for question in found] == [
        "case `small`",
        "case `small` with `amount` 6",
        "case `small` with `amount` 7",
    ]
    assert found[2].case.arguments == {"amount": 7, "charge": "ch_1", "fast": True}


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
