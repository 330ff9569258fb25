"""Conditions as expressions: their parts, and contradictions that comparisons with literals show."""

import json

import cedarpy
import pytest

from agentctl.foundation.canonical import JsonObject
from agentctl.policy.cedar.conditions import clauses, contradict, paths_in


def body(conditions: str) -> JsonObject:
    """Return the JSON form of a rule with some conditions."""
    document = json.loads(cedarpy.policies_to_json_str(f"permit (principal, action, resource) {conditions};"))
    form: JsonObject = document["staticPolicies"]["policy0"]
    return form


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        ("", 0),
        ("when { context.a }", 1),
        ("when { context.a && context.b && context.c }", 3),
        ("when { context.a } when { context.b }", 2),
        ("when { context.a || context.b }", 1),
        ("unless { context.a || context.b }", 2),
        ("unless { context.a && context.b }", 1),
        ("when { !(!context.a) }", 1),
    ],
)
def test_the_parts_are_what_must_all_hold(conditions: str, count: int) -> None:
    """What is joined by `&&` falls apart, what is joined by `||` does not; under `unless` it is the other way round."""
    assert len(clauses(body(conditions))) == count


@pytest.mark.parametrize(
    "conditions",
    [
        "when { false }",
        "unless { true }",
        "when { context.a && !context.a }",
        "when { context.a } unless { context.a }",
        "when { context.n > 5 && context.n < 3 }",
        "when { context.n > 3 && context.n <= 3 }",
        "when { context.n == 3 && context.n != 3 }",
        'when { context.t == "a" && context.t == "b" }',
        "when { 3 > context.n && context.n >= 3 }",
        "when { context.n > 3 } unless { context.n > 2 }",
        'when { context.d.lessThan(decimal("1.0")) && context.d.greaterThan(decimal("1.0")) }',
    ],
)
def test_contradictions_are_seen(conditions: str) -> None:
    """No value meets both."""
    assert contradict(clauses(body(conditions)))


@pytest.mark.parametrize(
    "conditions",
    [
        "",
        "when { true }",
        "when { context.n >= 3 && context.n <= 3 }",
        "when { context.n > 5 && context.m < 3 }",
        "when { context.n > 5 || context.n < 3 }",
        'when { context.t != "a" && context.t != "b" }',
        "when { context.n < context.m && context.m < 3 }",
        'when { context.d.lessThanOrEqual(decimal("1.0")) && context.d.greaterThanOrEqual(decimal("1.0")) }',
    ],
)
def test_what_can_hold_is_no_contradiction(conditions: str) -> None:
    """A rule that can match is never called dead."""
    assert not contradict(clauses(body(conditions)))


def test_what_a_condition_speaks_of_is_found() -> None:
    """Attributes are named by their whole path, tests of presence too."""
    conditions = 'when { context.facts has charge && context.history["a.b"].ok > principal.level }'
    paths = {path for clause in clauses(body(conditions)) for path in paths_in(clause)}
    assert paths == {
        ("context", "facts", "charge"),
        ("context", "history", "a.b", "ok"),
        ("principal", "level"),
    }
