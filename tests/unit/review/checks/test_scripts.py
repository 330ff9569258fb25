"""Scripts are made of expressions that compile and of conditions that can be met."""

from tests.fakes.project_copy import LIVE, SCRIPT, ProjectCopy


def test_an_expression_that_does_not_compile_is_an_error(project: ProjectCopy) -> None:
    """It is told with the rule's line in the script."""
    project.set(SCRIPT, ("rules", 0, "when", "input_matches"), "(unclosed")
    [problem] = project.report().errors
    assert problem.place.file == SCRIPT
    assert problem.path == "rules[0].when.input_matches"
    assert problem.found.startswith("`(unclosed` is not a regular expression: ")


def test_an_expression_too_large_to_compile_is_an_error(project: ProjectCopy) -> None:
    """A repetition beyond the engine's numbers is refused, not raised."""
    project.set(SCRIPT, ("rules", 0, "when", "input_matches"), "a{99999999999999999999}")
    assert len(project.errors()) == 1


def test_an_expression_without_its_tool_is_an_error(project: ProjectCopy) -> None:
    """Nobody says whose result is searched."""
    project.set(SCRIPT, ("rules", 0, "when"), {"result_matches": "made", "failure_matches": "not made"})
    assert sorted(project.errors()) == [
        "rules[0].when.failure_matches: `failure_matches` without `failed` is never met",
        "rules[0].when.result_matches: `result_matches` without `result_of` is never met",
    ]


def test_an_environment_without_scripts_has_none_to_judge(project: ProjectCopy) -> None:
    """Real models follow no script."""
    project.set(
        LIVE, ("models", "small-fast"), [{"name": "m", "provider": "litellm", "model": "openai/gpt-4o-mini"}]
    )
    assert project.subject("live").script is None
    assert project.errors("live") == []
