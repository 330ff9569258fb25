"""What asks for more than the platform allows is an error with both places; what it merely tightens is a note."""

import pytest

from agentctl.contract.platform import BudgetCeilings
from tests.fakes.project_copy import CONTRACT, LIVE, PLATFORM, SANDBOX, ProjectCopy

REFUND = ("tools", "allowlist", 2)
CHAIN = ("models", "small-fast")
ACCEPTANCE = {"risk": "static_key", "by": "dana", "reason": "no tokens there", "date": "2026-11-01"}


@pytest.mark.parametrize("name", BudgetCeilings.model_fields)
def test_a_budget_above_its_ceiling_is_an_error_naming_both_places(project: ProjectCopy, name: str) -> None:
    """Whoever writes more is not quietly given less; exactly the ceiling is fine."""
    project.set(PLATFORM, ("budget_ceilings", name), 7)
    project.set(CONTRACT, ("budgets", name), 8)
    [problem] = [item for item in project.report().errors if item.path == f"budgets.{name}"]
    assert (problem.place.file, problem.accepted) == (CONTRACT, "`7`, or what is stricter")
    assert problem.found.startswith(f"`8` is more than `platform.budget_ceilings.{name}` ({PLATFORM}:")
    project.set(CONTRACT, ("budgets", name), 7)
    assert project.errors() == []


def test_a_default_above_the_ceiling_is_a_note(project: ProjectCopy) -> None:
    """The contract asked for nothing, so it conflicts with nothing."""
    project.set(PLATFORM, ("budget_ceilings", "max_tool_calls"), 5)
    assert project.errors() == []
    [told] = project.notes()
    assert told.startswith(
        "budgets.max_tool_calls: `32` becomes `5`, by `platform.budget_ceilings.max_tool_calls` ("
    )
    assert f"({PLATFORM}:" in told


def test_redaction_below_the_floor_is_an_error(project: ProjectCopy) -> None:
    """The floor of the platform, or its default where there is no file."""
    project.set(CONTRACT, ("logging", "pii_redaction"), "off")
    [told] = project.errors()
    assert told.startswith(
        f"logging.pii_redaction: `off` is weaker than `platform.pii_redaction_at_least` ({PLATFORM}:"
    )
    (project.root / PLATFORM).unlink()
    [told] = project.errors()
    assert told.endswith("(the platform's default) demands: `standard`")
    project.set(CONTRACT, ("logging", "pii_redaction"), "standard")
    assert project.errors() == []


def test_a_longer_life_of_credentials_is_only_tightened(project: ProjectCopy) -> None:
    """The article asks for 900 seconds; each token lives shorter anyway."""
    project.set(PLATFORM, ("token_ttl_seconds_at_most",), 60)
    assert project.errors() == []
    [told] = project.notes()
    assert told.startswith("identity.token_ttl_seconds: `900` becomes `60`, by `platform.token_ttl_seconds")


def test_a_model_of_another_provider_is_an_error_naming_both_places(project: ProjectCopy) -> None:
    """The environment's line and the platform's; litellm's provider stands before the slash."""
    project.set(PLATFORM, ("models", "providers"), ["openaj", "anthropic"])
    project.set(LIVE, (*CHAIN,), [{"name": "mini", "provider": "litellm", "model": "openai/gpt-4o-mini"}])
    [problem] = project.report("live").errors
    assert (problem.place.file, problem.path) == (LIVE, "models.small-fast[0].name")
    assert problem.found.startswith(
        "`openai/gpt-4o-mini` has the provider `openai`, and the platform allows others only ("
    )
    assert f"({PLATFORM}:" in problem.found
    assert (problem.accepted, problem.nearest) == ("`anthropic`, `openaj`", "openaj")


def test_a_model_that_names_no_provider_is_an_error(project: ProjectCopy) -> None:
    """Nobody guesses one."""
    project.set(LIVE, (*CHAIN,), [{"name": "mini", "provider": "litellm", "model": "gpt-4o-mini"}])
    [told] = project.errors("live")
    assert "has no provider before a slash" in told


def test_without_a_list_every_provider_is_allowed(project: ProjectCopy) -> None:
    """An empty list allows all."""
    project.set(PLATFORM, ("models", "providers"), [])
    project.set(LIVE, (*CHAIN,), [{"name": "mini", "provider": "litellm", "model": "gpt-4o-mini"}])
    assert project.errors("live") == []


def test_a_model_outside_the_regions_is_an_error(project: ProjectCopy) -> None:
    """One that names none is outside too; one inside is not."""
    project.set(PLATFORM, ("models", "regions"), ["eu-west"])
    [told] = project.errors()
    assert told.startswith("models.small-fast[0].name: `scripted-small` names no region, and the platform")
    project.set(SANDBOX, (*CHAIN, 0, "region"), "us-west")
    [problem] = project.report().errors
    assert "is in the region `us-west`" in problem.found
    assert f"({PLATFORM}:" in problem.found
    assert problem.nearest == "eu-west"
    project.set(SANDBOX, (*CHAIN, 0, "region"), "eu-west")
    assert project.errors() == []


def test_the_models_that_review_are_judged_too(project: ProjectCopy) -> None:
    """Whatever nobody uses is not."""
    other = {"name": "other", "provider": "litellm", "model": "mistral/mistral-small-latest"}
    project.set(SANDBOX, ("models", "second"), [other])
    assert project.errors() == []
    reviewer = {"name": "system:second", "model": {"alias": "second"}}
    project.edit(SANDBOX, lambda data: data["reviewers"].append(reviewer))
    [told] = project.errors()
    assert told.startswith("models.second[0].name: `mistral/mistral-small-latest` has the provider `mistral`")


def test_an_acceptance_that_the_platform_does_not_take_is_void(project: ProjectCopy) -> None:
    """It is an error, and the risk itself is one again."""
    project.set(SANDBOX, ("backends", "stripe", "static_key"), {"env": "STRIPE_KEY"})
    project.set(CONTRACT, (*REFUND, "accepts"), [ACCEPTANCE])
    assert project.errors() == []
    project.set(PLATFORM, ("acceptable_risks",), ["rule_of_two"])
    risk, void = project.report().errors
    assert "takes a static key" in risk.found
    assert void.path == "tools.allowlist[2].accepts[0].risk"
    assert void.found.startswith(f"the platform lets nobody accept `static_key` ({PLATFORM}:")
    assert void.accepted == "`rule_of_two`"
    assert project.notes() == []
