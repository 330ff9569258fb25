"""What each rule makes of a request: every condition is asked of Cedar by itself."""

import pytest
from msgspec.structs import replace

from agentctl.policy.cedar.explain import RuleView, rule_views
from agentctl.policy.engine import PolicyRequest, ToolHistory
from tests.fakes.policy import policy_request
from tests.fakes.runs import repository_tools

TOOLS = {name: tool.descriptor for name, tool in repository_tools().items()}
SCOPE = 'principal, action == Action::"stripe.create_refund", resource'


def refund(**changes: object) -> PolicyRequest:
    """Return a request for a refund of 49 dollars."""
    request = replace(
        policy_request(),
        descriptor=TOOLS["stripe.create_refund"],
        arguments={"charge": "ch_1", "amount": 4900, "currency": "usd"},
        facts={"charge": "ch_1", "amount_usd": "49", "amount_usd_total": "49"},
        facts_missing={},
    )
    return replace(request, **changes)  # type: ignore[arg-type]  # replace() checks


def view(rule: str, request: PolicyRequest | None = None) -> RuleView:
    """Return what one rule makes of a request."""
    (found,) = rule_views({"one.cedar": rule}, TOOLS, request or refund())
    return found


def test_each_condition_says_whether_it_holds_and_what_it_looked_at() -> None:
    """Those that are joined by `&&` are shown one by one."""
    found = view(
        f"permit ({SCOPE}) when {{ context.facts has amount_usd && "
        'context.facts.amount_usd.lessThan(decimal("40.0")) } when { context.run.step > 1 };'
    )
    assert [(item.text, item.holds) for item in found.conditions] == [
        ("context.facts has amount_usd", True),
        ('context.facts.amount_usd.lessThan(decimal("40.0"))', False),
        ("context.run.step > 1", True),
    ]
    assert found.conditions[1].seen == {"context.facts.amount_usd": "49.0"}
    assert not found.matches


def test_an_unless_holds_where_what_stands_in_it_does_not() -> None:
    """It is shown as it was written."""
    found = view(f"forbid ({SCOPE}) unless {{ context.approval.granted }};")
    (condition,) = found.conditions
    assert (condition.text, condition.holds, found.matches) == ("unless context.approval.granted", True, True)
    assert not view(
        f"forbid ({SCOPE}) unless {{ context.approval.granted }};", refund().if_approved()
    ).matches


def test_a_condition_that_fails_cannot_be_told() -> None:
    """A fact that is not known is neither this nor that; the rule does not match."""
    rule = f'permit ({SCOPE}) when {{ context.facts has currency && context.facts.currency == "usd" }};'
    found = view(rule)
    assert [item.holds for item in found.conditions] == [False, None]
    assert found.conditions[1].seen == {"context.facts.currency": None}
    assert not found.matches


@pytest.mark.parametrize(
    ("scope", "holds"), [('principal in Team::"support"', True), ('principal == User::"kim"', False)]
)
def test_a_scope_is_a_condition_too(scope: str, *, holds: bool) -> None:
    """Who calls, and what is called."""
    (condition,) = view(f"permit ({scope}, action, resource);").conditions
    assert (condition.text, condition.holds) == (scope, holds)


def test_the_attributes_of_entities_are_shown() -> None:
    """Tool, principal and environment have no place in the context, and are looked at all the same."""
    found = view(
        'permit (principal, action, resource) when { resource.effect == "irreversible" && '
        'principal.kind == "user" && context.environment.kind == "sandbox" };'
    )
    assert [list(item.seen.values()) for item in found.conditions] == [
        ["irreversible"],
        ["user"],
        ["sandbox"],
    ]
    assert found.matches


def test_rules_for_other_tools_are_left_out() -> None:
    """Whose scope names another tool has nothing to say."""
    assert (
        rule_views({"one.cedar": 'permit (principal, action in Action::"read", resource);'}, TOOLS, refund())
        == ()
    )


def test_what_happened_before_is_shown() -> None:
    """An earlier call counts by what it came to."""
    history = {"stripe.lookup_charge": ToolHistory(ok=1, facts={"charge": ("ch_1",)})}
    rule = f'permit ({SCOPE}) when {{ context.history["stripe.lookup_charge"].ok > 0 }};'
    found = view(rule, refund(history=history))
    assert found.matches
    assert found.conditions[0].seen == {"context.history.stripe.lookup_charge.ok": 1}


def test_a_request_that_cedar_cannot_be_shown_has_no_view() -> None:
    """It is refused before any rule is asked."""
    strange = refund(arguments={"charge": "ch_1", "amount": 2**70, "currency": "usd"})
    assert rule_views({"one.cedar": f"permit ({SCOPE});"}, TOOLS, strange) == ()
