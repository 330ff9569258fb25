"""The allowlist names tools that exist, once, and that are not taken for others."""

import pytest

from agentctl.review.checks.allowlist import are_confusable
from tests.fakes.project_copy import CONTRACT, READ_TICKET, ProjectCopy


def test_a_tool_that_does_not_exist_is_an_error_with_the_nearest_name(project: ProjectCopy) -> None:
    """A misspelt tool is refused where it stands, and the right one is offered."""
    project.set(CONTRACT, ("tools", "allowlist", 0, "name"), "zendesk.read_tickt")
    [problem] = project.report().errors
    assert problem.path == "tools.allowlist[0].name"
    assert problem.nearest == "zendesk.read_ticket"
    assert problem.place.file == CONTRACT


def test_a_tool_listed_twice_is_an_error_with_both_places(project: ProjectCopy) -> None:
    """The second entry would be dead letters, so it is refused."""
    project.allow("zendesk.read_ticket", requires_approval=True)
    [told] = project.errors()
    assert told.startswith("tools.allowlist[3].name: `zendesk.read_ticket` a second time; first at ")
    assert f"{CONTRACT}:" in told


def test_a_confusable_neighbour_in_the_registry_is_a_warning(project: ProjectCopy) -> None:
    """A reviewer learns that the registry has a twin of a listed tool."""
    project.add_tool("zendesk.read_tickets")
    [told] = project.warnings()
    assert told.startswith("tools.allowlist[0].name: `zendesk.read_ticket` is easily taken for")
    assert "contracts/tools/zendesk.read_tickets.yaml:" in told


def test_confusable_tools_that_nobody_lists_are_no_matter(project: ProjectCopy) -> None:
    """Two strange names beside the allowlist are not this contract's business."""
    project.add_tool("files.read_all", READ_TICKET)
    project.add_tool("files.read_a11", READ_TICKET)
    assert project.warnings() == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.list", "a.1ist"),
        ("a.read_one", "a.read-one"),
        ("a.burn", "a.bum"),
        ("a.read", "a.reads"),
        ("a.read", "a.raed"),
        ("a.read", "a.reaf"),
    ],
)
def test_names_that_look_alike_are_confusable(one: str, other: str) -> None:
    """One letter more, other, or exchanged; or signs that look the same."""
    assert are_confusable(one, other)
    assert are_confusable(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.read", "a.write"),
        ("a.read", "a.read_all"),
        ("a.abcd", "a.badc"),
        ("a.abc", "a.cba"),
        ("a.abc", "a.axy"),
    ],
)
def test_names_that_differ_in_more_are_not_confusable(one: str, other: str) -> None:
    """Two letters apart is far enough."""
    assert not are_confusable(one, other)
