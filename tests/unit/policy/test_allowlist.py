"""Tests of the allowlist as an authority: exact names only, and what is not there, or there twice, is denied."""

import pytest

from agentctl.contract.agent import Agent, AgentContract, AllowedTool, ModelRouting, Tools
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
