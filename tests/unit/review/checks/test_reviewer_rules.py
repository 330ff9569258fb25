"""Rules of independent reviewers speak of tools, facts and pointers that exist and fit."""

import pytest

from tests.fakes.project_copy import CONTRACT, LOOKUP, REFUND, SANDBOX, ProjectCopy

RULE = ("reviewers", 0, "rule")


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("tool",), "stripe.refund", "tool: there is no tool `stripe.refund` in contracts/tools"),
        (
            ("look_up", "tool"),
            "stripe.look",
            "look_up.tool: there is no tool `stripe.look` in contracts/tools",
        ),
        (
            ("same", 1, "result_of"),
            "zendesk.x",
            "same[1].result_of: there is no tool `zendesk.x` in contracts/tools",
        ),
    ],
)
def test_a_rule_that_names_an_unknown_tool_is_an_error(
    project: ProjectCopy, path: tuple[str | int, ...], value: str, told: str
) -> None:
    """Each tool of a rule is looked for in the registry."""
    project.set(SANDBOX, (*RULE, *path), value)
    assert f"reviewers[0].rule.{told}" in project.errors()


def test_an_unknown_fact_is_an_error_with_the_nearest_name(project: ProjectCopy) -> None:
    """The amount that is compared is a fact of the reviewed tool."""
    project.set(SANDBOX, (*RULE, "amount_fact"), "amount_us")
    [problem] = project.report().errors
    assert (problem.path, problem.nearest) == ("reviewers[0].rule.amount_fact", "amount_usd")
    assert f"({REFUND}:" in problem.found


@pytest.mark.parametrize("fact", [{"pointer": "/amount", "unit": "number"}, None])
def test_a_fact_that_is_no_amount_with_a_total_is_an_error(
    project: ProjectCopy, fact: dict[str, str] | None
) -> None:
    """Five refunds of 49 are 245: without a total a threshold means nothing."""
    if fact is None:
        project.drop(REFUND, ("facts", "amount_usd", "total_per"))
    else:
        project.set(REFUND, ("facts", "amount_usd"), fact)
    [told] = project.errors()
    assert told.startswith(
        "reviewers[0].rule.amount_fact: the fact `amount_usd` is no amount with a total per object ("
    )


def test_an_amount_of_any_currency_is_an_error(project: ProjectCopy) -> None:
    """The rule counts dollars; only facts that end with `_usd` are dollars for certain."""
    project.edit(REFUND, lambda data: data["facts"].update(amount=data["facts"].pop("amount_usd")))
    project.set(SANDBOX, (*RULE, "amount_fact"), "amount")
    [told] = project.errors()
    assert told.startswith("reviewers[0].rule.amount_fact: the fact `amount` may be of any currency")


def test_a_look_up_that_writes_is_an_error(project: ProjectCopy) -> None:
    """A reviewer changes nothing."""
    project.set(LOOKUP, ("effect",), "write")
    assert any(
        told.startswith("reviewers[0].rule.look_up.tool: `stripe.lookup_charge` is `write`")
        for told in project.errors()
    )


def test_the_arguments_of_a_look_up_fit_its_tool(project: ProjectCopy) -> None:
    """What it needs is given, and what is given it has."""
    project.set(SANDBOX, (*RULE, "look_up", "arguments"), {"charges": "/charge"})
    missing, unknown = sorted(project.report().errors, key=lambda problem: problem.path, reverse=True)
    assert "needs the argument `charge`" in missing.found
    assert unknown.path == "reviewers[0].rule.look_up.arguments.charges"
    assert unknown.nearest == "charge"


@pytest.mark.parametrize(
    ("path", "pointer", "where"),
    [
        (("look_up", "arguments", "charge"), "/charg", "the arguments of `stripe.create_refund`"),
        (("amount",), "/amout", "the result of `stripe.lookup_charge`"),
        (("amount_spent",), "/spent", "the result of `stripe.lookup_charge`"),
        (("same", 0, "looked_up"), "/curency", "the result of `stripe.lookup_charge`"),
        (("same", 0, "argument"), "/curency", "the arguments of `stripe.create_refund`"),
        (("same", 1, "result"), "/email", "the result of `zendesk.read_ticket`"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_an_error(
    project: ProjectCopy, path: tuple[str | int, ...], pointer: str, where: str
) -> None:
    """A rule that compares with nothing denies everything."""
    project.set(SANDBOX, (*RULE, *path), pointer)
    [told] = project.errors()
    assert f"`{pointer}` leads nowhere in {where} (" in told


def test_an_amount_that_is_not_whole_is_an_error(project: ProjectCopy) -> None:
    """A text is not a number of cents."""
    project.set(SANDBOX, (*RULE, "amount"), "/currency")
    [told] = project.errors()
    assert told.startswith("reviewers[0].rule.amount: `/currency` is not a whole number (")


def test_a_comparison_with_a_tool_that_the_agent_may_not_call_is_a_warning(project: ProjectCopy) -> None:
    """It would have no result to compare with, so every request would be denied."""
    project.edit(CONTRACT, lambda data: data["tools"]["allowlist"].pop(0))
    [told] = project.warnings()
    assert told.startswith("tools.allowlist[1].name: the agent may not call `zendesk.read_ticket`")


def test_rules_for_other_agents_are_left_alone(project: ProjectCopy) -> None:
    """An agent that cannot refund is not warned of the refund rule."""
    project.edit(CONTRACT, lambda data: data["tools"]["allowlist"].clear())
    assert project.warnings() == []
