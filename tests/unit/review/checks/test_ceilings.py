"""What one attempt may take is held against what a run has; what cannot fit is told before anybody wonders why."""

import pytest

from tests.fakes.project_copy import CONTRACT, LOOKUP, PLATFORM, SANDBOX, ProjectCopy


def test_our_own_contract_fits(project: ProjectCopy) -> None:
    """Nothing of it is refused every time."""
    assert not [told for told in project.warnings() if "never" in told]


@pytest.mark.parametrize(("asked", "refused"), [(19_999, False), (20_000, True), (20_001, True)])
def test_a_result_that_leaves_no_room_is_warned_of(
    project: ProjectCopy, asked: int, *, refused: bool
) -> None:
    """Its bytes are reserved with each attempt, and arguments have some too."""
    project.set(CONTRACT, ("budgets", "max_bytes"), 20_000)
    for tool in project.files.tools():
        project.set(f"contracts/tools/{tool}.yaml", ("max_result_bytes",), 19_000)
    project.set(LOOKUP, ("max_result_bytes",), asked)
    told = (
        f"max_result_bytes: `stripe.lookup_charge` can never be called: a result may have {asked} bytes, "
        "and a run has 20000 bytes for everything (contracts/refund-assistant.yaml:"
    )
    assert [told in item for item in project.warnings() if "never" in item] == [True] * refused


@pytest.mark.parametrize(("asked", "refused"), [(99, False), (100, True)])
def test_a_call_that_may_outlast_the_run_is_warned_of(
    project: ProjectCopy, asked: int, *, refused: bool
) -> None:
    """Some of a run's time has always gone when a call is made."""
    project.set(CONTRACT, ("budgets", "max_wall_clock_seconds"), 100)
    project.set(LOOKUP, ("timeout_seconds",), asked)
    [*warned] = (problem for problem in project.report().warnings if "never" in problem.found)
    assert [(one.path, one.accepted) for one in warned] == [
        ("timeout_seconds", "less than `budgets.max_wall_clock_seconds`")
    ] * refused


def test_a_model_that_may_outlast_the_run_is_warned_of(project: ProjectCopy) -> None:
    """It would never be asked; the warning names the deployment."""
    project.set(CONTRACT, ("budgets", "max_wall_clock_seconds"), 100)
    alias, chain = next(iter(project.files.environment("sandbox").document.models.items()))
    project.set(SANDBOX, ("models", alias, 0, "timeout_seconds"), 100)
    [told] = [item for item in project.warnings() if "never" in item]
    assert f"`{chain[0].name}` can never be asked: one attempt may take 100 seconds" in told


def test_the_platforms_ceiling_is_named_where_it_is_the_lower_one(project: ProjectCopy) -> None:
    """A contract that says nothing of it learns where the number comes from."""
    project.drop(CONTRACT, ("budgets",))
    project.set(PLATFORM, ("budget_ceilings", "max_bytes"), 5_000)
    told = [item for item in project.warnings() if "never" in item]
    assert told
    assert all("and a run has 5000 bytes for everything (contracts/platform.yaml:" in item for item in told)
