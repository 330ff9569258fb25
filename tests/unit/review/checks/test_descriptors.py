"""Effect keys and facts speak of what the schemas describe."""

import pytest

from tests.fakes.project_copy import REFUND, ProjectCopy


def test_an_effect_key_of_an_unknown_argument_is_an_error(project: ProjectCopy) -> None:
    """A key that can never be computed names no effect."""
    project.set(REFUND, ("effect_key",), "refund:{charge}:{amout}")
    [problem] = project.report().errors
    assert (problem.path, problem.nearest) == ("effect_key", "amount")
    assert problem.found.startswith("`stripe.create_refund` has no argument `amout` (")


def test_an_effect_key_of_an_optional_argument_is_an_error(project: ProjectCopy) -> None:
    """Without the argument the same effect would go through twice."""
    project.set(REFUND, ("effect_key",), "refund:{charge}:{reason}")
    [told] = project.errors()
    assert told.startswith(
        "effect_key: the argument `reason` may be absent, and the effect then has no key ("
    )


def test_a_fact_that_points_nowhere_is_an_error(project: ProjectCopy) -> None:
    """Each pointer of a fact is looked for where it reads."""
    project.set(REFUND, ("facts", "charge", "pointer"), "/chrage")
    project.set(REFUND, ("facts", "amount_usd", "currency"), "/xyz")
    project.set(REFUND, ("facts", "amount_usd", "total_per"), "/order")
    project.set(REFUND, ("facts", "made"), {"source": "result", "pointer": "/refnd"})
    nearest = {problem.path: problem.nearest for problem in project.report().errors}
    assert nearest == {
        "facts.charge.pointer": "/charge",
        "facts.amount_usd.currency": "",
        "facts.amount_usd.total_per": "",
        "facts.made.pointer": "/refund",
    }


def test_a_fact_of_the_result_may_point_there(project: ProjectCopy) -> None:
    """The result's own schema is asked."""
    project.set(REFUND, ("facts", "made"), {"source": "result", "pointer": "/refund"})
    assert project.errors() == []


@pytest.mark.parametrize(
    ("fact", "found"),
    [
        ({"pointer": "/amount"}, "`/amount` is `integer` in the arguments ("),
        ({"pointer": "/charge", "unit": "number"}, "`/charge` is `string` in the arguments ("),
        (
            {"pointer": "/charge", "unit": "minor_units", "currency": "/currency"},
            "`/charge` is `string` in the argum",
        ),
    ],
)
def test_a_fact_of_another_type_than_its_unit_is_an_error(
    project: ProjectCopy, fact: dict[str, str], found: str
) -> None:
    """It could never be computed."""
    project.set(REFUND, ("facts", "new"), fact)
    [told] = project.errors()
    assert told.startswith(f"facts.new.pointer: {found}")


def test_an_amount_with_a_point_is_an_error(project: ProjectCopy) -> None:
    """Cents are whole: money is never a float."""
    project.set(REFUND, ("arguments", "properties", "amount", "type"), "number")
    [told] = project.errors()
    assert told.startswith("facts.amount_usd.pointer: `/amount` is `number` in the arguments (")


def test_a_currency_that_is_no_text_is_an_error(project: ProjectCopy) -> None:
    """A currency is three letters."""
    project.set(REFUND, ("facts", "amount_usd", "currency"), "/amount")
    [told] = project.errors()
    assert told.startswith("facts.amount_usd.currency: `/amount` is `integer` in the arguments (")
