"""Models that review are bound, are of another provider than the agent's own, and know which tools there are."""

import pytest

from tests.fakes.project_copy import LIVE, SANDBOX, ProjectCopy

SERVER = {
    "name": "second",
    "provider": "openai_compatible",
    "base_url": "https://m.example.com",
    "price": {"input_usd_per_million": 1, "output_usd_per_million": 1},
}
PATH = "reviewers[3].model"


def with_model(project: ProjectCopy, deployment: dict[str, object] | None = None, **model: object) -> None:
    """Let a model review."""
    project.set(SANDBOX, ("models", "second"), [deployment or SERVER])
    reviewer = {"name": "system:second", "model": {"alias": "second", **model}}
    project.edit(SANDBOX, lambda data: data["reviewers"].append(reviewer))


def test_a_model_of_another_provider_is_fine(project: ProjectCopy) -> None:
    """It is asked beside the people."""
    with_model(project)
    assert project.errors() == []
    assert project.warnings() == []


def test_an_alias_that_nobody_binds_is_an_error(project: ProjectCopy) -> None:
    """With the nearest."""
    with_model(project, alias="secnd")
    [problem] = project.report().errors
    assert (problem.path, problem.nearest) == (f"{PATH}.alias", "second")
    assert f"({SANDBOX}:" in problem.found


def litellm(model: str) -> dict[str, object]:
    """Return a deployment that litellm reaches."""
    return {"name": model.replace("/", "-"), "provider": "litellm", "model": model, "price": SERVER["price"]}


@pytest.mark.parametrize(
    ("own", "second", "told"),
    [
        (
            litellm("openai/a"),
            litellm("openai/b"),
            "`openai-b` is of the provider `openai`, as the agent's own",
        ),
        (
            litellm("openai/a"),
            litellm("b"),
            "`b` names no provider, and may be of the same as the agent's own",
        ),
        (SERVER, SERVER, "`second` is of the provider `openai_compatible`, as the agent's own"),
    ],
)
def test_a_model_of_the_agents_own_provider_is_an_error_naming_both_places(
    project: ProjectCopy, own: dict[str, object], second: dict[str, object], told: str
) -> None:
    """Kin have the same blind spots; in doubt they are kin."""
    project.set(SANDBOX, ("models", "small-fast"), [own])
    with_model(project, second)
    [problem] = [item for item in project.report().errors if item.path == f"{PATH}.alias"]
    assert problem.found.startswith(told)
    assert f"({SANDBOX}:" in problem.found


def test_another_provider_behind_litellm_is_fine(project: ProjectCopy) -> None:
    """The part before the slash tells them apart."""
    project.set(LIVE, ("models", "small-fast"), [litellm("openai/a")])
    project.set(LIVE, ("models", "second"), [litellm("anthropic/b")])
    reviewer = {"name": "system:second", "model": {"alias": "second"}}
    project.edit(LIVE, lambda data: data["reviewers"].append(reviewer))
    assert project.errors("live") == []


def test_a_tool_that_does_not_exist_is_an_error_with_the_nearest(project: ProjectCopy) -> None:
    """It would never be asked about the one that was meant."""
    with_model(project, tools=["stripe.create_refund", "zendesk.read_tickets"])
    [problem] = project.report().errors
    assert (problem.path, problem.nearest) == (f"{PATH}.tools[1]", "zendesk.read_ticket")
