"""Tests of strict validation: everything that is wrong, each with its file, line and reason."""

import pytest

from agentctl.contract.tool import Effect
from agentctl.policy.authority import Authority
from agentctl.policy.cedar.check import Checked, checked
from agentctl.policy.cedar.rules import read_rules
from agentctl.policy.cedar.schema import CedarSchema
from tests.fakes.policy import described, sample_policy, sample_tools

OPEN = "permit (principal, action, resource);"


def check(text: str, authority: Authority = "policy", schema: CedarSchema | None = None) -> Checked:
    """Return what is found in one file."""
    return checked(
        read_rules({"a.cedar": text}), CedarSchema.of(sample_tools()) if schema is None else schema, authority
    )


@pytest.mark.parametrize(("name", "authority"), [("refund-assistant", "policy"), ("platform", "platform")])
def test_the_sample_policies_are_strictly_valid(name: str, authority: Authority) -> None:
    """What we show passes its own check, and every rule of it can match."""
    found = checked(read_rules(sample_policy(name)), CedarSchema.of(sample_tools()), authority)
    assert (found.problems, found.idle) == ((), ())


@pytest.mark.parametrize("effects", [(), ("read",), ("write",), ("irreversible",), ("read", "write")])
def test_the_platforms_sample_is_valid_for_any_set_of_tools(effects: tuple[Effect, ...]) -> None:
    """It holds over every contract, whatever tools that has."""
    tools = {f"a.{effect}": described(f"a.{effect}", {"properties": {}}, effect=effect) for effect in effects}
    found = checked(read_rules(sample_policy("platform")), CedarSchema.of(tools), "platform")
    assert found.problems == ()


def test_every_problem_is_found_with_its_line() -> None:
    """Not only the first: several rules, several slips in one."""
    text = (
        f"{OPEN}\n"
        "permit (principal, action, resource) when { context.nothing };\n"
        'forbid (principal, action == Action::"stripe.create_refund", resource)\n'
        'when { context.args.amount == "x" && context.args.reason == "y" };\n'
    )
    problems = check(text).problems
    assert [problem.place.line for problem in problems] == [2, 2, 2, 3, 3]
    assert all(
        "rule `a.cedar:" in problem.found and "for policy" not in problem.found for problem in problems
    )


def test_what_cedar_cannot_carry_is_named_with_its_reason() -> None:
    """A policy on an argument that Cedar is not shown fails, and its author reads why."""
    tool = described(
        "a.b",
        {
            "properties": {
                "weight": {"type": "number"},
                "where": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"height": {"type": "number"}},
                },
            },
        },
    )
    schema = CedarSchema.of({"a.b": tool})
    for path in ("weight", "where.height"):
        text = f"permit (principal, action, resource) when {{ context.args has where && context.args.{path} == 1 }};"
        [problem] = check(text, schema=schema).problems
        assert "not whole; declare a fact of it" in problem.accepted


def test_a_tool_that_is_not_there_is_a_slip_with_its_nearest_name() -> None:
    """In a contract's own policy such a rule would silently never match."""
    [problem] = check('forbid (principal, action == Action::"stripe.create_refunds", resource);').problems
    assert problem.nearest == "stripe.create_refund"
    [mixed] = check(
        'permit (principal, action in [Action::"stripe.create_refund", Action::"stripe.nope"], resource);'
    ).problems
    assert "`stripe.nope`" in mixed.found


def test_the_platform_may_speak_of_other_contracts_tools() -> None:
    """Its rules hold over all contracts; one on a tool that is not here takes no call here."""
    text = f'{OPEN}\n@id("other") forbid (principal, action == Action::"hr.fire", resource);'
    found = check(text, "platform")
    assert found.problems == ()
    assert [rule.id for rule in found.idle] == ["other"]
    mixed = 'forbid (principal, action in [Action::"stripe.create_refund", Action::"hr.fire"], resource);'
    assert check(mixed, "platform").problems == ()
    assert check(mixed.replace(";", " when { context.nope };"), "platform").problems


def test_a_group_without_tools_is_no_slip() -> None:
    """A contract that only reads may say what would hold for writes."""
    found = check('@id("w") permit (principal, action in Action::"write", resource);')
    assert found.problems == ()
    assert [rule.id for rule in found.idle] == ["w"]
