"""Tests of the platform's rules as an authority: irreversible means gated, unless accepted in writing and in force."""

import pytest

from agentctl.contract.agent import AllowedTool, Risk, RiskAcceptance
from agentctl.contract.platform import PlatformRules
from agentctl.contract.tool import Effect
from agentctl.policy.platform import PlatformPolicy
from tests.fakes.policy import policy_request

NAME = "stripe.create_refund"


def accepting(
    until: str | None = None,
    *,
    risk: Risk = "irreversible_without_approval",
    date: str = "2026-03-01",
) -> AllowedTool:
    """Return an allowlist entry with an accepted risk."""
    accepted = RiskAcceptance(risk=risk, by="alice", reason="small sums", date=date, until=until)
    return AllowedTool(name=NAME, accepts=(accepted,))


async def decision(
    entry: AllowedTool | None, *, effect: Effect = "irreversible", today: str = "2026-03-14"
) -> str:
    """Return what the platform says."""
    policy = PlatformPolicy(PlatformRules())
    return (await policy.decide(policy_request(entry=entry, effect=effect, today=today))).decision


@pytest.mark.parametrize("effect", ["read", "write"])
async def test_what_can_be_undone_is_allowed(effect: Effect) -> None:
    """The rule speaks of irreversible tools; others are for contract and policies to judge."""
    assert await decision(None, effect=effect) == "allow"


@pytest.mark.parametrize(
    "entry", [None, AllowedTool(name=NAME), AllowedTool(name=NAME, requires_approval=True)]
)
async def test_what_is_irreversible_needs_approval(entry: AllowedTool | None) -> None:
    """Whatever the contract says or leaves out."""
    assert await decision(entry) == "needs_approval"


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, "allow"),
        ("2026-03-15", "allow"),
        ("2026-03-14", "allow"),
        ("2026-03-13", "needs_approval"),
        ("2025-12-31", "needs_approval"),
    ],
)
async def test_an_acceptance_holds_through_its_last_day(until: str | None, expected: str) -> None:
    """Until today is in force, until yesterday is over."""
    assert await decision(accepting(until)) == expected


@pytest.mark.parametrize(("date", "expected"), [("2026-03-14", "allow"), ("2026-03-15", "needs_approval")])
async def test_an_acceptance_holds_from_its_first_day(date: str, expected: str) -> None:
    """What is dated tomorrow is not accepted today."""
    assert await decision(accepting(date=date)) == expected


@pytest.mark.parametrize("risk", ["static_key", "rule_of_two"])
async def test_the_acceptance_of_another_risk_does_not_count(risk: Risk) -> None:
    """Each risk is accepted by its own name."""
    assert await decision(accepting(risk=risk)) == "needs_approval"


async def test_an_answer_names_the_rule_and_its_text() -> None:
    """Policy id and digest of the platform's rules stand in every answer."""
    policy = PlatformPolicy(PlatformRules())
    allowed = await policy.decide(policy_request(entry=accepting()))
    gated = await policy.decide(policy_request())
    for answer in (allowed, gated):
        assert (answer.authority, answer.policy, answer.digest) == ("platform", policy.policy, policy.digest)
    assert allowed.reasons == (f"the contract accepts in writing that `{NAME}` is not gated",)
    assert gated.reasons == (f"`{NAME}` is irreversible",)
    assert policy.digest != PlatformPolicy(PlatformRules(pii_redaction_at_least="strict")).digest
