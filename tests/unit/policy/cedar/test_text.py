"""Expressions read as their author would have written them."""

import json

import cedarpy
import pytest

from agentctl.policy.cedar.text import scope_text, text_of


def parsed(rule: str) -> dict[str, object]:
    """Return the JSON form of a rule."""
    form: dict[str, object] = json.loads(cedarpy.policies_to_json_str(rule))["staticPolicies"]["policy0"]
    return form


@pytest.mark.parametrize(
    "expression",
    [
        "context.a",
        'context.history["a.b"].ok > 0',
        "context.a.b has c",
        'context has "c-d"',
        "context.a == 3 && context.b",
        "context.a && (context.b || context.c)",
        "!context.a",
        "!(context.a < context.b)",
        'context.d.lessThan(decimal("1.5"))',
        '["a", "b"].contains(context.t)',
        "context.s.containsAll([1, 2])",
        'context.t like "a*b"',
        'principal in Team::"x"',
        "principal is User",
        'principal is User in Team::"x"',
        'principal == User::"casey"',
        "if context.a then context.b else true",
        "context.n + 1 <= context.m * 2",
        '{a: 1, b: "x"} == context.r',
        'context.now < datetime("2026-01-01")',
    ],
)
def test_what_was_written_is_written_again(expression: str) -> None:
    """No more parentheses than are needed, and all that are."""
    rule = parsed(f"permit (principal, action, resource) when {{ {expression} }};")
    body = rule["conditions"][0]["body"]  # type: ignore[index]
    assert text_of(body) == expression


@pytest.mark.parametrize(
    "scope",
    [
        'principal == User::"casey"',
        'principal in Team::"x"',
        "principal is User",
        'principal is User in Team::"x"',
    ],
)
def test_scopes_are_written_again(scope: str) -> None:
    """What stands before the comma."""
    rule = parsed(f"permit ({scope}, action, resource);")
    assert scope_text("principal", rule["principal"]) == scope  # type: ignore[arg-type]


def test_nothing_that_is_strange_breaks_it() -> None:
    """A form that a later Cedar brings is shown as it is."""
    assert text_of({"strange": {"left": 1}}) == '{"left": 1}'
