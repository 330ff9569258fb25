"""The schemas authors write are judged, and what is wrong is told with its line."""

from tests.fakes.project_copy import REFUND, ProjectCopy


def line_of(project: ProjectCopy, words: str) -> int:
    """Return the line of the refund's descriptor that holds some words."""
    lines = (project.root / REFUND).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def test_an_unknown_keyword_is_told_with_its_line(project: ProjectCopy) -> None:
    """`requierd` would demand nothing."""
    project.set(REFUND, ("arguments", "requierd"), ["charge"])
    [problem] = project.report().errors
    assert problem.path == "arguments.requierd"
    assert problem.place.line == line_of(project, "requierd")


def test_a_fault_in_a_list_is_told_with_its_line(project: ProjectCopy) -> None:
    """Pointers into lists find their items."""
    project.set(REFUND, ("result", "required"), ["refund", "nonesuch"])
    report = project.report()
    [problem] = [item for item in report.errors if item.path.startswith("result.required")]
    assert problem.path == "result.required[1]"
    assert problem.place.line == line_of(project, "nonesuch")


def test_what_is_missing_is_told_at_the_nearest_part(project: ProjectCopy) -> None:
    """A key that is not there has the line of what should hold it."""
    project.drop(REFUND, ("arguments", "type"))
    [problem] = project.report().errors
    assert problem.path == "arguments.type"
    assert problem.place.line == line_of(project, "arguments:")


def test_a_reference_to_a_server_is_an_error(project: ProjectCopy) -> None:
    """Nothing is fetched, neither in the check nor later."""
    project.set(REFUND, ("result", "properties", "refund"), {"$ref": "http://127.0.0.1:9/x.json"})
    [told] = project.errors()
    assert told.startswith("result.properties.refund.$ref: ")


def test_a_broken_schema_of_a_tool_that_nobody_uses_is_no_matter(project: ProjectCopy) -> None:
    """The check is of this agent's tools; the registry's others are checked with their agents."""
    file = project.add_tool("files.delete")
    project.set(file, ("arguments", "requierd"), [])
    assert project.errors() == []
