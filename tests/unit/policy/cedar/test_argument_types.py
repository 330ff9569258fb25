"""Tests of which of Cedar's types an argument has, and of what is left out: never silently."""

from typing import Any

import pytest

from agentctl.policy.cedar.argument_types import CedarType, Member, RecordOf, SetOf, Uncarried, arguments_type

DEFINED = {"$defs": {"id": {"type": "string"}, "a/b": {"type": "integer"}, "again": {"$ref": "#/$defs/id"}}}
CARRIED: list[tuple[dict[str, Any], CedarType]] = [
    ({"type": "string", "pattern": "x"}, "String"),
    ({"type": "integer", "minimum": 1}, "Long"),
    ({"type": "boolean"}, "Boolean"),
    ({"type": ["string"]}, "String"),
    ({"enum": ["a", "b"]}, "String"),
    ({"enum": [1, 2]}, "Long"),
    ({"const": True}, "Boolean"),
    ({"type": "string", "anyOf": [{"pattern": "a"}, {"pattern": "b"}]}, "String"),
    ({"type": "array", "items": {"type": "integer"}}, SetOf("Long")),
    ({"type": "array", "items": {"enum": ["a"]}}, SetOf("String")),
    ({"$ref": "#/$defs/id"}, "String"),
    ({"$ref": "#/$defs/again"}, "String"),
    ({"$ref": "#/$defs/a~1b"}, "Long"),
    (
        {
            "type": "object",
            "required": ["a"],
            "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        },
        RecordOf({"a": Member("String", required=True), "b": Member("Long", required=False)}),
    ),
    ({"type": "object", "additionalProperties": False}, RecordOf()),
]

LEFT_OUT: list[tuple[Any, str]] = [
    ({"type": "number"}, "not whole"),
    ({"type": "null"}, "null"),
    ({"type": ["string", "null"]}, "several types: null, string"),
    ({"enum": ["a", 1]}, "several types: integer, string"),
    ({"enum": [1.5]}, "not whole"),
    ({"enum": [None]}, "null"),
    ({"enum": [{}, []]}, "several types: array, object"),
    ({}, "any type"),
    (True, "any type"),
    ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "any type"),
    ({"type": "object", "additionalProperties": True}, "members its schema does not name"),
    ({"type": "object", "additionalProperties": {"type": "string"}}, "members its schema does not name"),
    ({"type": "object", "patternProperties": {"^x": {}}}, "members its schema does not name"),
    ({"type": "array"}, "without one type"),
    ({"type": "array", "items": {"type": "number"}}, "not whole"),
    ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, "an array of arrays"),
    ({"type": "array", "items": {"type": "object"}}, "an array of objects"),
    ({"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "string"}}, "without one type"),
    ({"$ref": "https://example.com/x"}, "leads out"),
    ({"$ref": "#"}, "leads out"),
    ({"$ref": "#/$defs/none"}, "leads nowhere"),
    ({"$ref": "#/properties/x"}, "without an end"),
]


def arguments(schema: Any, name: str = "x") -> dict[str, Any]:
    """Return the schema of arguments one of which has such a schema."""
    return {**DEFINED, "type": "object", "required": [name], "properties": {name: schema}}


@pytest.mark.parametrize(("schema", "expected"), CARRIED)
def test_what_cedar_carries_has_its_type(schema: dict[str, Any], expected: CedarType) -> None:
    """Texts, whole numbers, booleans, sets of them and closed records."""
    record, left_out = arguments_type(arguments(schema))
    assert record == RecordOf({"x": Member(expected, required=True)})
    assert left_out == ()


@pytest.mark.parametrize(("schema", "why"), LEFT_OUT)
def test_what_cedar_cannot_carry_is_named_with_its_reason(schema: Any, why: str) -> None:
    """Left out of the type, and said so: where it stands and why."""
    record, left_out = arguments_type(arguments(schema))
    assert record == RecordOf({}, partial=True)
    assert [item.pointer for item in left_out] == ["/x"]
    assert why in left_out[0].reason


def test_a_reserved_name_is_left_out() -> None:
    """A member that could pose as an entity never becomes one."""
    record, left_out = arguments_type(arguments({"type": "string"}, "__entity"))
    assert record.members == {}
    assert left_out == (Uncarried("/__entity", "a name that begins with `__`"),)


def test_a_record_carries_what_it_can() -> None:
    """What is left out of it is named by its own pointer, escaped."""
    schema = {"type": "object", "properties": {"a/b": {"type": "number"}, "c": {"type": "string"}}}
    record, left_out = arguments_type(arguments(schema))
    assert record.members["x"].type == RecordOf({"c": Member("String", required=False)}, partial=True)
    assert [item.pointer for item in left_out] == ["/x/a~1b"]


def test_members_that_are_described_elsewhere_are_named() -> None:
    """What `allOf` adds, Cedar does not see; that is said, not hidden."""
    schema = {**arguments({"type": "string"}), "allOf": [{"properties": {"y": {"type": "string"}}}]}
    record, left_out = arguments_type(schema)
    assert record.partial
    assert [item.pointer for item in left_out] == ["/*"]


def test_a_type_that_holds_itself_ends() -> None:
    """A tree of any depth is left out where it gets too deep."""
    node = {"type": "object", "properties": {"child": {"$ref": "#/$defs/node"}, "name": {"type": "string"}}}
    record, left_out = arguments_type({"$defs": {"node": node}, **node})
    assert record.members["name"] == Member("String", required=False)
    assert [item.reason for item in left_out] == ["an object nested deeper than 8"]


@pytest.mark.parametrize(
    "schema", [{}, {"properties": []}, {"properties": {}, "required": "x"}, {"properties": {"x": 1}}]
)
def test_a_schema_of_another_form_describes_nothing(schema: dict[str, Any]) -> None:
    """No arguments, no members: nothing that a policy could speak of."""
    assert arguments_type(schema)[0].members == {}
