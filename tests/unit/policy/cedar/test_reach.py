"""Which tools' calls a rule can match: Cedar itself says so."""

import pytest

from agentctl.policy.cedar.reach import Reach, reaches
from agentctl.policy.cedar.rules import read_rules
from tests.fakes.runs import repository_tools

READ, LOOK_UP, REFUND = "zendesk.read_ticket", "stripe.lookup_charge", "stripe.create_refund"
ALL = frozenset({READ, LOOK_UP, REFUND})


def reach(rule: str) -> Reach:
    """Return what one rule can match of our own tools' calls."""
    reading = read_rules({"one.cedar": rule})
    assert reading.problems == ()
    (found,) = reaches(reading.rules, {name: tool.descriptor for name, tool in repository_tools().items()})
    return found


@pytest.mark.parametrize(
    ("rule", "tools", "always"),
    [
        ("permit (principal, action, resource);", ALL, ALL),
        ('permit (principal, action in Action::"read", resource);', {READ, LOOK_UP}, {READ, LOOK_UP}),
        (
            'permit (principal, action, resource) when { resource.effect == "irreversible" };',
            {REFUND},
            {REFUND},
        ),
        ('permit (principal, action, resource) when { resource.effect == "write" };', set(), set()),
        ('permit (principal, action, resource == Tool::"nobody.knows");', set(), set()),
        ('permit (principal == User::"casey", action, resource);', ALL, set()),
        ("permit (principal, action, resource) when { context.run.step > 1 };", ALL, set()),
        (
            'permit (principal, action, resource) when { action == Action::"zendesk.read_ticket" };',
            {READ},
            {READ},
        ),
    ],
)
def test_scope_and_what_is_known_of_tools_decide(rule: str, tools: set[str], always: set[str]) -> None:
    """The rest of a request is open: whoever calls, with whatever arguments."""
    found = reach(rule)
    assert (found.tools, found.always, found.impossible) == (tools, always, False)


@pytest.mark.parametrize(
    "conditions",
    [
        "when { false }",
        "when { context has nothing_of_the_kind }",
        "when { principal is Tool }",
        "when { context.run.step > 3 && context.run.step < 2 }",
        "when { context.approval.granted } unless { context.approval.granted }",
    ],
)
def test_conditions_that_can_never_hold_are_seen(conditions: str) -> None:
    """By what they compare, or by their types."""
    assert reach(f"permit (principal, action, resource) {conditions};").impossible


def test_a_permit_that_wants_an_approval_is_told_apart() -> None:
    """Whatever else it wants."""
    scope = 'permit (principal, action == Action::"stripe.create_refund", resource)'
    assert reach(f"{scope} when {{ context.run.step > 1 && context.approval.granted }};").approved == {REFUND}
    assert reach(f"{scope} when {{ context.run.step > 1 || context.approval.granted }};").approved == set()


@pytest.mark.parametrize("lifted", ["context.approval.granted", "context.approval.granted == true"])
def test_a_forbid_that_only_an_approval_lifts_is_told_apart(lifted: str) -> None:
    """Then no permit beside it needs to ask."""
    gate = f'forbid (principal, action, resource) when {{ resource.effect != "read" }} unless {{ {lifted} }};'
    assert reach(gate).unapproved == {REFUND}
    narrower = f'forbid (principal == User::"casey", action, resource) unless {{ {lifted} }};'
    assert reach(narrower).unapproved == set()
