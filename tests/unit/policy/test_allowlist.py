"""Tests of the allowlist as an authority: exact names only, and what is not there, or there twice, is denied."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from agentctl.contract.agent import Agent, AgentContract, AllowedTool, ModelRouting, Tools
from agentctl.contract.approval_rule import ApprovalRule, EscalationStep
from agentctl.events.approval import ApprovalTerms, Escalation
from agentctl.policy.allowlist import AllowlistPolicy
from tests.fakes.policy import policy_request

NAME = "stripe.create_refund"


def contract(*entries: AllowedTool) -> AgentContract:
    """Return a contract with this allowlist."""
    return AgentContract(
        agent=Agent(name="refund-assistant", owner="finance-ops"),
        model_routing=ModelRouting(default="small-fast"),
        tools=Tools(allowlist=entries),
    )


async def decision(*entries: AllowedTool, name: str = NAME) -> str:
    """Return what the allowlist says of a tool."""
    return (await AllowlistPolicy(contract(*entries)).decide(policy_request(name))).decision


async def test_a_listed_tool_is_allowed_with_policy_and_digest() -> None:
    """The answer names who said so, by which text, and why."""
    policy = AllowlistPolicy(contract(AllowedTool(name=NAME)))
    answer = await policy.decide(policy_request())
    assert (answer.authority, answer.decision, answer.errors) == ("contract", "allow", ())
    assert (answer.policy, answer.digest) == (policy.policy, policy.digest)
    assert policy.policy == "contract:refund-assistant/tools.allowlist"
    assert answer.reasons == (f"the contract allows `{NAME}`",)


async def test_a_tool_that_requires_approval_needs_it() -> None:
    """`requires_approval: true` is never an allow."""
    policy = AllowlistPolicy(contract(AllowedTool(name=NAME, requires_approval=True)))
    answer = await policy.decide(policy_request())
    assert answer.decision == "needs_approval"
    assert answer.reasons == (f"the contract says `requires_approval: true` for `{NAME}`",)


async def test_an_empty_allowlist_denies() -> None:
    """Absent means no."""
    assert await decision() == "deny"


@pytest.mark.parametrize(
    "listed",
    [
        "stripe.create_refunds",
        "stripe.create_refun",
        "stripe.create-refund",
        "stripe2.create_refund",
        "a.stripe",
    ],
)
async def test_only_exactly_this_name_counts(listed: str) -> None:
    """No prefix, no wildcard, no look-alike."""
    assert await decision(AllowedTool(name=listed)) == "deny"


async def test_a_tool_that_is_listed_twice_is_denied() -> None:
    """Nobody can say which entry was meant, so neither permits, in either order."""
    lax, strict = AllowedTool(name=NAME), AllowedTool(name=NAME, requires_approval=True)
    assert await decision(lax, strict) == await decision(strict, lax) == await decision(lax, lax) == "deny"


def test_the_digest_follows_the_allowlist() -> None:
    """Another allowlist is another policy; the same one is the same."""
    one = AllowlistPolicy(contract(AllowedTool(name=NAME)))
    other = AllowlistPolicy(contract(AllowedTool(name=NAME, requires_approval=True)))
    assert one.digest == AllowlistPolicy(contract(AllowedTool(name=NAME))).digest
    assert one.digest != other.digest


async def by_threshold(threshold: str, amount: str, facts: dict[str, str]) -> tuple[str, str]:
    """Return the decision and reason under one threshold."""
    rule = ApprovalRule(when={threshold: Decimal(amount)})
    policy = AllowlistPolicy(contract(AllowedTool(name=NAME, requires_approval=rule)))
    said = await policy.decide(replace(policy_request(), facts=facts))
    return said.decision, said.reasons[0]


@pytest.mark.parametrize(
    ("threshold", "value", "expected"),
    [
        ("amount_usd_ge", "49.99", "allow"),
        ("amount_usd_ge", "50", "needs_approval"),
        ("amount_usd_ge", "50.00", "needs_approval"),
        ("amount_usd_gt", "50", "allow"),
        ("amount_usd_gt", "50.000001", "needs_approval"),
    ],
)
async def test_a_threshold_asks_from_its_amount_on(threshold: str, value: str, expected: str) -> None:
    """`ge` from the amount itself, `gt` from what is more; exact to the last digit."""
    assert (await by_threshold(threshold, "50", {"amount_usd": value}))[0] == expected


@pytest.mark.parametrize("facts", [{}, {"amount_usd": "many"}, {"amount_usd": "NaN"}, {"amount_eur": "1"}])
async def test_a_fact_that_is_not_known_counts_as_over_the_threshold(facts: dict[str, str]) -> None:
    """A condition that restricts is met where nobody knows."""
    decision, reason = await by_threshold("amount_usd_ge", "50", facts)
    assert (decision, reason) == (
        "needs_approval",
        "`amount_usd` is not known, so `amount_usd_ge` counts as met",
    )


async def test_a_threshold_counts_the_runs_total() -> None:
    """Five refunds of 49 are 245, whatever each of them is."""
    facts = {"amount_usd": "49", "amount_usd_total": "98"}
    decision, reason = await by_threshold("amount_usd_ge", "50", facts)
    assert (decision, reason) == ("needs_approval", "`amount_usd` is 98 in this run, at least 50")


async def test_any_threshold_of_several_asks() -> None:
    """One that is met is enough, and each that is met is a reason."""
    rule = ApprovalRule(when={"amount_usd_ge": Decimal(40), "weight_gt": Decimal(5)})
    policy = AllowlistPolicy(contract(AllowedTool(name=NAME, requires_approval=rule)))
    said = await policy.decide(policy_request())
    assert said.decision == "needs_approval"
    assert "at least 40" in said.reasons[0]
    assert "`weight` is not known" in said.reasons[0]


async def test_a_rules_demands_are_handed_on() -> None:
    """Who, how many, both clocks, escalation, and whether a model may."""
    rule = ApprovalRule(
        reviewers=("alice", "bob"),
        quorum=2,
        expires_in="2h",
        valid_for="10m",
        escalation=(EscalationStep(after="1h", to=("carol",)),),
        model_may_approve=True,
    )
    policy = AllowlistPolicy(contract(AllowedTool(name=NAME, requires_approval=rule)))
    assert (await policy.decide(policy_request())).terms == ApprovalTerms(
        quorum=2,
        reviewers=("alice", "bob"),
        expires_in_seconds=7_200,
        valid_for_seconds=600,
        escalation=(Escalation(after_seconds=3_600, reviewers=("carol",)),),
        model_may_approve=True,
    )
