"""Requests are made of arguments that exist, and answers are cut to what the result's schema describes."""

import pytest

from tests.fakes.project_copy import LOOKUP, READ_TICKET, REFUND, ProjectCopy

BODY = {name: f"{{{name}}}" for name in ("charge", "amount", "currency", "reason", "instructions_email")}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("path",), "/v1/charges/{chrage}"),
        (("query",), {"charge": "{chrage}"}),
        (("form",), {"charge": "x{chrage}"}),
        (("body",), {"charge": "{chrage}"}),
    ],
)
def test_a_template_that_names_no_argument_is_an_error(
    project: ProjectCopy, path: tuple[str, ...], text: object
) -> None:
    """A slot that nobody fills is a mistake wherever it stands."""
    project.set(LOOKUP, ("executor", "method"), "POST")
    project.set(LOOKUP, ("executor", *path), text)
    [problem] = project.report().errors
    assert problem.nearest == "charge"
    assert problem.found.startswith("`stripe.lookup_charge` has no argument `chrage` (")


def test_an_optional_argument_in_a_path_is_an_error(project: ProjectCopy) -> None:
    """A path without it would be another path."""
    project.set(REFUND, ("executor", "path"), "/v1/refunds/{reason}")
    [told] = project.errors()
    assert told.startswith(
        "executor.path: the argument `reason` may be absent, and a path has no place for that ("
    )


def test_an_argument_that_never_reaches_the_backend_is_a_warning(project: ProjectCopy) -> None:
    """The model would be asked for nothing."""
    project.drop(REFUND, ("executor", "form", "reason"))
    [told] = project.warnings()
    assert told.startswith("arguments.properties.reason: the argument `reason` never reaches the backend (")


def test_a_selection_that_the_result_does_not_describe_is_an_error(project: ProjectCopy) -> None:
    """What is kept is what is described."""
    project.set(READ_TICKET, ("executor", "select", "subjct"), "/ticket/subject")
    [problem] = project.report().errors
    assert (problem.path, problem.nearest) == ("executor.select.subjct", "subject")


def test_a_result_without_a_description_takes_any_selection(project: ProjectCopy) -> None:
    """A free result promises nothing."""
    project.set(READ_TICKET, ("result",), {"type": "object"})
    assert not any("executor.select" in told for told in project.errors())


def test_a_needed_property_that_is_not_selected_is_an_error(project: ProjectCopy) -> None:
    """Every answer would fail its schema."""
    project.drop(READ_TICKET, ("executor", "select", "subject"))
    [told] = project.errors()
    assert told.startswith("executor.select: `subject`, which the result needs, is not selected (")


def test_without_a_selection_the_whole_answer_is_kept(project: ProjectCopy) -> None:
    """Nothing is chosen, so nothing is missing."""
    project.drop(READ_TICKET, ("executor", "select"))
    assert project.errors() == []


def test_a_reading_tool_with_a_method_that_changes_things_is_a_warning(project: ProjectCopy) -> None:
    """A mislabelled tool would escape every gate."""
    project.set(READ_TICKET, ("executor", "method"), "DELETE")
    [told] = project.warnings()
    assert told.startswith("executor.method: `DELETE` changes things, and the effect is `read` (")


def test_two_bodies_are_an_error(project: ProjectCopy) -> None:
    """A request has one."""
    project.set(REFUND, ("executor", "body"), BODY)
    assert project.errors() == ["executor.form: both `form` and `body`"]


def test_a_get_with_a_body_is_an_error(project: ProjectCopy) -> None:
    """Servers drop it."""
    project.set(LOOKUP, ("executor", "body"), {"charge": "{charge}"})
    assert project.errors() == ["executor.method: a `GET` with a body"]


def test_a_slot_with_other_signs_is_an_error(project: ProjectCopy) -> None:
    """`{charge-id}` would be sent as it stands, even if there is such an argument."""
    project.set(LOOKUP, ("arguments", "properties", "charge-id"), {"type": "string"})
    project.set(LOOKUP, ("executor", "query"), {"id": "{charge-id}"})
    [told] = project.errors()
    assert told == "executor.query.id: `{charge-id}` would be sent as it stands"


def test_an_object_in_a_form_is_an_error(project: ProjectCopy) -> None:
    """It has no form as text; in a JSON body it has."""
    project.set(REFUND, ("arguments", "properties", "reason"), {"type": "array", "items": {"type": "string"}})
    [told] = project.errors()
    assert told.startswith("executor.form.reason: `reason` is `array` (")
    project.set(REFUND, ("executor", "form"), None)
    project.set(REFUND, ("executor", "body"), BODY)
    assert project.errors() == []


def test_a_header_that_is_none_is_an_error(project: ProjectCopy) -> None:
    """Nothing is put into it."""
    project.set(REFUND, ("executor", "idempotency_header"), "Key: x")
    assert project.errors() == ["executor.idempotency_header: `Key: x` is no name of a header"]
