"""Tests of the platform's rules as an authority: irreversible means gated, unless accepted in writing and in force."""

from typing import Literal

import pytest
from msgspec.structs import replace

from agentctl.contract.agent import AllowedTool, Risk, RiskAcceptance
from agentctl.contract.platform import ApprovalFloor, PlatformRules
from agentctl.contract.tool import Effect
from agentctl.events.approval import ApprovalTerms
from agentctl.events.base import Principal
from agentctl.policy.platform import NoStaticKeys, PlatformPolicy, ProvedPrincipals
from tests.fakes.policy import policy_request, refund_request

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


async def test_a_risk_that_may_not_be_accepted_is_not() -> None:
    """What the platform takes off its list, no contract accepts, in writing or not."""
    strict = PlatformPolicy(PlatformRules(acceptable_risks=("static_key",)))
    assert (await strict.decide(policy_request(entry=accepting()))).decision == "needs_approval"


async def test_a_risk_tier_has_its_floor() -> None:
    """What the platform demands of approvals, by how much is at stake; nothing where it demands nothing."""
    floor = ApprovalFloor(quorum_at_least=2, grants=False, valid_for_at_most="5m")
    policy = PlatformPolicy(PlatformRules(approvals={"high": floor}))
    demanded = ApprovalTerms(quorum=2, valid_for_seconds=300, grants=False)
    assert (await policy.decide(policy_request())).terms == demanded
    assert (await policy.decide(policy_request(effect="write"))).terms is None
    raised = AllowedTool(name=NAME, risk_tier="high")
    assert (await policy.decide(policy_request(effect="write", entry=raised))).terms == demanded


Assurance = Literal["asserted", "authenticated", "platform"]


@pytest.mark.parametrize(
    ("kind", "effect", "assurance", "expected"),
    [
        ("live", "irreversible", "asserted", "deny"),
        ("live", "write", "asserted", "deny"),
        ("live", "read", "asserted", "allow"),
        ("live", "write", "authenticated", "allow"),
        ("live", "write", "platform", "allow"),
        ("sandbox", "irreversible", "asserted", "allow"),
    ],
)
async def test_nothing_real_is_changed_for_a_mere_name(
    kind: Literal["sandbox", "live"], effect: Effect, assurance: Assurance, expected: str
) -> None:
    """In a live environment, writes need a principal who proved who they are."""
    principal = Principal(id="casey", kind="user", assurance=assurance)
    request = replace(policy_request(effect=effect), environment_kind=kind, principal=principal)
    assert (await ProvedPrincipals(PlatformRules()).decide(request)).decision == expected


async def test_a_mere_name_may_be_accepted_in_writing() -> None:
    """By the platform for all, or by a contract for one tool."""
    live = replace(policy_request(), environment_kind="live")
    lax = PlatformRules(principal_of_live_writes="asserted")
    assert (await ProvedPrincipals(lax).decide(live)).decision == "allow"
    accepted = replace(live, entry=accepting(risk="asserted_principal"))
    assert (await ProvedPrincipals(PlatformRules()).decide(accepted)).decision == "allow"


async def test_nothing_is_changed_with_a_static_key() -> None:
    """Unless the contract accepts that in writing; reading, and other backends, are no matter."""
    policy = NoStaticKeys(PlatformRules(), {"stripe"})
    refund = refund_request()
    reading = refund.descriptor.model_copy(update={"effect": "read"})
    assert (await policy.decide(refund)).decision == "deny"
    assert (await policy.decide(replace(refund, descriptor=reading))).decision == "allow"
    assert (await policy.decide(replace(refund, entry=accepting(risk="static_key")))).decision == "allow"
    assert (await NoStaticKeys(PlatformRules(), {"zendesk"}).decide(refund)).decision == "allow"
    assert (await policy.decide(policy_request())).decision == "allow"
