"""Aliases are bound, prices known, and live environments ask real models."""

from msgspec.structs import replace

from agentctl.review.checks import models
from agentctl.review.checks.report import Report
from tests.fakes.project_copy import CONTRACT, LIVE, PLATFORM, SANDBOX, ProjectCopy

CHAIN = ("models", "small-fast")
REAL = {
    "name": "local",
    "provider": "openai_compatible",
    "base_url": "http://models.example.com/v1",
    "api_key_env": "MODEL_KEY",
    "price": {"input_usd_per_million": 1, "output_usd_per_million": 2},
}


def test_an_alias_that_nobody_binds_is_an_error_naming_both_places(project: ProjectCopy) -> None:
    """The contract's line and the environment's are both told, with the nearest alias."""
    project.set(CONTRACT, ("model_routing", "default"), "small-fats")
    [problem] = project.report().errors
    assert (problem.path, problem.nearest) == ("model_routing.default", "small-fast")
    assert f"({SANDBOX}:" in problem.found


def test_an_environment_without_models_says_what_would_be_accepted(project: ProjectCopy) -> None:
    """An empty table of models binds nothing."""
    project.set(SANDBOX, ("models",), {})
    [problem] = project.report().errors
    assert problem.accepted == "an alias under `models` there"


def test_a_deployment_without_a_known_price_is_an_error(project: ProjectCopy) -> None:
    """Calls of an unknown price are refused, so the check refuses them first."""
    project.drop(SANDBOX, (*CHAIN, 0, "price"))
    [told] = project.errors()
    assert told.startswith("models.small-fast[0].name: the price of `scripted` is not known")


def test_a_price_from_litellms_table_is_known(project: ProjectCopy) -> None:
    """A deployment of litellm needs no declared price where the table has one."""
    project.set(LIVE, CHAIN, [{"name": "mini", "provider": "litellm", "model": "openai/gpt-4o-mini"}])
    assert project.errors("live") == []


def test_a_model_that_litellm_does_not_know_is_an_error(project: ProjectCopy) -> None:
    """A misspelt model has no price."""
    project.set(LIVE, CHAIN, [{"name": "mini", "provider": "litellm", "model": "openai/gpt-nonesuch"}])
    [told] = project.errors("live")
    assert "the price of `openai/gpt-nonesuch` is not known" in told


def test_without_litellm_an_unknown_price_is_a_warning(project: ProjectCopy) -> None:
    """Where litellm is not installed nobody can know its table, so nobody refuses."""
    project.set(LIVE, CHAIN, [{"name": "mini", "provider": "litellm", "model": "openai/gpt-nonesuch"}])
    subject = replace(project.subject("live"), litellm_installed=False)
    report = Report.of(models.prices_are_known(subject))
    assert report.errors == ()
    assert "litellm is not installed" in report.warnings[0].found


def test_a_script_in_a_live_environment_is_a_warning(project: ProjectCopy) -> None:
    """Nothing is said by a model there."""
    (project.root / "contracts/environments/sandbox").rename(project.root / "contracts/environments/own")
    scripted = {"name": "toy", "provider": "scripted", "scripts": "own/scripts", "price": REAL["price"]}
    project.set(LIVE, CHAIN, [scripted])
    project.set(PLATFORM, ("principal_of_live_writes",), "asserted")
    assert project.warnings("live") == ["models.small-fast[0].name: `toy` is a script, in a live environment"]


def test_a_key_in_the_clear_is_a_warning_in_a_live_environment_only(project: ProjectCopy) -> None:
    """A provider's key goes over https."""
    project.set(LIVE, CHAIN, [REAL])
    project.set(PLATFORM, ("principal_of_live_writes",), "asserted")
    assert ["unencrypted" in told for told in project.warnings("live")] == [True]
    project.set(LIVE, (*CHAIN, 0, "base_url"), "https://models.example.com/v1")
    assert project.warnings("live") == []
    project.set(SANDBOX, CHAIN, [REAL])
    assert project.warnings() == []


def test_two_folders_of_scripts_are_an_error(project: ProjectCopy) -> None:
    """A run records one script."""
    (project.root / "contracts/environments/other").mkdir()
    second = {
        "name": "b",
        "provider": "scripted",
        "scripts": "sandbox/../sandbox/scripts",
        "price": REAL["price"],
    }
    project.edit(SANDBOX, lambda data: data["models"]["small-fast"].append(second))
    [told] = project.errors()
    assert told.startswith(
        "models.small-fast[1].scripts: a second folder of scripts; the first is `sandbox/scripts` ("
    )


def test_a_second_deployment_with_the_same_scripts_is_fine(project: ProjectCopy) -> None:
    """Two names may share a folder."""
    second = {"name": "b", "provider": "scripted", "scripts": "sandbox/scripts", "price": REAL["price"]}
    project.edit(SANDBOX, lambda data: data["models"]["small-fast"].append(second))
    assert project.errors() == []
