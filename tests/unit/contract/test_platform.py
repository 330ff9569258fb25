"""Tests of the platform's rules: the stricter value holds, nothing is ever loosened, and each origin is told."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agentctl.contract.agent import (
    Agent,
    AgentContract,
    Budgets,
    Identity,
    Logging,
    ModelRouting,
    RedactionLevel,
)
from agentctl.contract.environment import Deployment
from agentctl.contract.platform import (
    ALL_RISKS,
    AllowedModels,
    ApprovalFloor,
    BudgetCeilings,
    PlatformRules,
    effective,
    may_share_a_provider,
    provider_of,
)

LEVELS: tuple[RedactionLevel, ...] = ("off", "standard", "strict")
LAX = PlatformRules(pii_redaction_at_least="off")


def contract(
    budgets: Budgets | None = None, redaction: RedactionLevel = "strict", ttl_seconds: int = 120
) -> AgentContract:
    """Return a contract."""
    return AgentContract(
        agent=Agent(name="a", owner="b"),
        model_routing=ModelRouting(default="c"),
        budgets=budgets or Budgets(),
        identity=Identity(token_ttl_seconds=ttl_seconds),
        logging=Logging(pii_redaction=redaction),
    )


def test_without_rules_the_contract_decides() -> None:
    """And nothing comes from elsewhere."""
    assert effective(contract(redaction="off"), LAX) == (contract(redaction="off"), {})


def test_ceilings_name_the_contracts_own_budgets() -> None:
    """A ceiling for a budget that does not exist would hold nothing."""
    assert set(BudgetCeilings.model_fields) == set(Budgets.model_fields)


@pytest.mark.parametrize("name", BudgetCeilings.model_fields)
def test_a_lower_ceiling_holds_and_a_higher_one_gives_nothing(name: str) -> None:
    """One below, exactly at, one above what the contract says; only the first changes it, and says so."""
    own = getattr(Budgets(), name)
    step = Decimal("0.01") if isinstance(own, Decimal) else 1
    for ceiling, expected in ((own - step, own - step), (own, own), (own + step, own)):
        rules = LAX.model_copy(update={"budget_ceilings": BudgetCeilings.model_validate({name: ceiling})})
        found, origins = effective(contract(), rules)
        assert found.budgets == Budgets().model_copy(update={name: expected})
        tightened = {f"budgets.{name}": f"platform.budget_ceilings.{name}"}
        assert origins == (tightened if ceiling < own else {})


@pytest.mark.parametrize("floor", LEVELS)
@pytest.mark.parametrize("asked", LEVELS)
def test_redaction_is_the_stricter_of_two(asked: RedactionLevel, floor: RedactionLevel) -> None:
    """All nine."""
    found, origins = effective(contract(redaction=asked), PlatformRules(pii_redaction_at_least=floor))
    assert found.logging.pii_redaction == max(asked, floor, key=LEVELS.index)
    assert (origins == {}) == (found.logging.pii_redaction == asked)


def test_a_project_without_rules_of_its_own_still_redacts() -> None:
    """The default is no `off`."""
    found, origins = effective(contract(redaction="off"), PlatformRules())
    assert found.logging.pii_redaction == "standard"
    assert origins == {"logging.pii_redaction": "platform.pii_redaction_at_least"}


@pytest.mark.parametrize(("longest", "expected"), [(None, 120), (119, 119), (120, 120), (121, 120), (1, 1)])
def test_tokens_live_the_shorter_of_two(longest: int | None, expected: int) -> None:
    """A longer life is not granted to who asked for a shorter one."""
    found, origins = effective(contract(), LAX.model_copy(update={"token_ttl_seconds_at_most": longest}))
    assert found.identity.token_ttl_seconds == expected
    assert ("identity.token_ttl_seconds" in origins) == (expected != 120)


counts = st.integers(1, 40)
budgets = st.builds(
    Budgets,
    max_steps=counts,
    max_input_tokens=counts,
    max_output_tokens=counts,
    max_cost_usd_per_run=st.decimals(0, 9, places=2),
    max_tool_calls=counts,
    max_refusals=counts,
)
ceilings = st.builds(
    BudgetCeilings,
    max_steps=st.none() | counts,
    max_input_tokens=st.none() | counts,
    max_output_tokens=st.none() | counts,
    max_cost_usd_per_run=st.none() | st.decimals(0, 9, places=2),
    max_tool_calls=st.none() | counts,
    max_refusals=st.none() | counts,
)
rules_of_any_kind = st.builds(
    PlatformRules,
    budget_ceilings=ceilings,
    pii_redaction_at_least=st.sampled_from(LEVELS),
    token_ttl_seconds_at_most=st.none() | st.integers(1, 300),
)
contracts = st.builds(contract, budgets, st.sampled_from(LEVELS), st.integers(1, 300))


@settings(deadline=None, max_examples=50)
@given(contracts, rules_of_any_kind, rules_of_any_kind)
def test_rules_only_ever_tighten(own: AgentContract, rules: PlatformRules, today: PlatformRules) -> None:
    """No value is loosened; a second time changes nothing; two sets of rules give the same in either order."""
    found, origins = effective(own, rules)
    assert all(getattr(found.budgets, name) <= value for name, value in own.budgets)
    assert LEVELS.index(found.logging.pii_redaction) >= LEVELS.index(own.logging.pii_redaction)
    assert found.identity.token_ttl_seconds <= own.identity.token_ttl_seconds
    assert (found == own) == (origins == {})
    assert effective(found, rules) == (found, {})
    assert effective(found, today)[0] == effective(effective(own, today)[0], rules)[0]
    assert AgentContract.model_validate(found.model_dump()) == found


@pytest.mark.parametrize(
    "data",
    [
        {"budget_ceilings": {"max_steps": 0}},
        {"budget_ceilings": {"max_stepz": 1}},
        {"budget_ceilings": {"max_cost_usd_per_run": Decimal(-1)}},
        {"pii_redaction_at_least": "none"},
        {"token_ttl_seconds_at_most": 0},
        {"allow_everything": True},
    ],
)
def test_rules_that_do_not_fit_are_refused(data: dict[str, object]) -> None:
    """A misspelt ceiling is an error, not no ceiling."""
    with pytest.raises(ValidationError):
        PlatformRules.model_validate(data)


def deployment(**changes: object) -> Deployment:
    """Return a deployment."""
    return Deployment.model_validate({"name": "d", "provider": "litellm", "model": "openai/gpt", **changes})


SCRIPTED = deployment(provider="scripted", model="scripted", scripts="scripts")
SERVER = deployment(provider="openai_compatible", model="anthropic/x", base_url="https://m.example.com")


def test_a_provider_is_who_answers() -> None:
    """For litellm it stands before the first slash; a name without one does not say."""
    found = [provider_of(deployment(model=name)) for name in ("openai/gpt", "azure/a/b", "gpt-4o", "/gpt")]
    assert found == ["openai", "azure", "", ""]
    assert [provider_of(SCRIPTED), provider_of(SERVER)] == ["scripted", "openai_compatible"]


def test_without_a_word_every_model_may_be_asked() -> None:
    """Wherever it computes."""
    assert AllowedModels().allows(deployment())
    assert AllowedModels().allows(deployment(model="gpt-4o"))


@pytest.mark.parametrize(
    ("item", "allowed"),
    [
        (deployment(), True),
        (deployment(model="anthropic/x"), False),
        (deployment(model="gpt-4o"), False),
        (SERVER, False),
        (SCRIPTED, False),
    ],
)
def test_other_providers_are_not_allowed(item: Deployment, *, allowed: bool) -> None:
    """Nor is one that a name does not tell."""
    models = AllowedModels(providers=("openai",))
    assert (models.allows(item), models.allows_provider(item)) == (allowed, allowed)


@pytest.mark.parametrize(("region", "allowed"), [("eu", True), ("us", False), (None, False)])
def test_other_regions_are_not_allowed(region: str | None, *, allowed: bool) -> None:
    """Nor is a deployment that names none."""
    models = AllowedModels(regions=("eu",))
    assert (models.allows(deployment(region=region)), models.allows_region(deployment(region=region))) == (
        allowed,
        allowed,
    )


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        (deployment(), deployment(model="openai/other"), True),
        (deployment(), deployment(model="OpenAI/other"), True),
        (deployment(), deployment(model="anthropic/x"), False),
        (deployment(), deployment(model="gpt-4o"), True),
        (deployment(), SERVER, False),
        (SERVER, SERVER, True),
        (SCRIPTED, SERVER, False),
    ],
)
def test_two_deployments_may_share_a_provider(one: Deployment, other: Deployment, *, may: bool) -> None:
    """In doubt they do, in either order."""
    assert may_share_a_provider(one, other) is may_share_a_provider(other, one) is may


def test_a_tier_without_a_word_has_no_floor_of_its_own() -> None:
    """One reviewer, grants, any validity."""
    rules = PlatformRules(approvals={"high": ApprovalFloor(quorum_at_least=2, grants=False)})
    assert rules.floor("high").quorum_at_least == 2
    assert rules.floor("low") == ApprovalFloor()
    assert (ApprovalFloor().quorum_at_least, ApprovalFloor().grants) == (1, True)


def test_what_a_later_version_added_leaves_the_digest_of_others_alone() -> None:
    """Rules that use none of it are written as before; what is not said is the strict reading."""
    rules = PlatformRules()
    assert rules.model_dump().keys() == {
        "budget_ceilings",
        "pii_redaction_at_least",
        "token_ttl_seconds_at_most",
    }
    assert (rules.principal_of_live_writes, rules.separate_read_and_write_policies) == ("authenticated", True)
    assert rules.acceptable_risks == ALL_RISKS
