"""Tests of whether a JSON Schema takes more than another."""

import pytest
from hypothesis import given

from agentctl.foundation.canonical import JsonObject
from agentctl.review.differences.change import opposite
from agentctl.review.differences.schemas import schema_changes
from tests.fakes.events import json_values

TEXT: JsonObject = {"type": "string"}
CLOSED: JsonObject = {"type": "object", "properties": {"a": TEXT}, "additionalProperties": False}


def found(before: JsonObject, after: JsonObject) -> list[tuple[str, str]]:
    """Return where two schemas differ and whether more is taken; from the other side it is the opposite."""
    changes = [(one.pointer, one.direction) for one in schema_changes(before, after)]
    back = [(one.pointer, opposite(one.direction)) for one in schema_changes(after, before)]
    assert sorted(back) == sorted(changes)
    return changes  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("before", "after", "pointer", "direction"),
    [
        ({"maximum": 5}, {"maximum": 6}, "/maximum", "wider"),
        ({"minLength": 5}, {"minLength": 6}, "/minLength", "narrower"),
        ({"maximum": 5}, {}, "/maximum", "wider"),
        ({"maximum": 5}, {"maximum": "6"}, "/maximum", "other"),
        ({"type": "integer"}, {"type": "number"}, "/type", "wider"),
        ({"type": "integer"}, {"type": ["integer", "null"]}, "/type", "wider"),
        ({"type": "integer"}, {"type": "string"}, "/type", "other"),
        ({"type": "integer"}, {}, "/type", "wider"),
        ({"enum": ["a", 1]}, {"enum": ["a"]}, "/enum", "narrower"),
        ({"required": ["a"]}, {"required": ["a", "b"]}, "/required", "narrower"),
        ({"required": ["a"]}, {}, "/required", "wider"),
        ({"additionalProperties": False}, {"additionalProperties": True}, "/additionalProperties", "wider"),
        (
            {"additionalProperties": {"type": "string"}},
            {"additionalProperties": {}},
            "/additionalProperties",
            "other",
        ),
        ({"pattern": "a"}, {}, "/pattern", "wider"),
        ({"pattern": "a"}, {"pattern": "b"}, "/pattern", "other"),
        ({"anyOf": []}, {}, "/anyOf", "other"),
        ({"items": {"maxLength": 2}}, {"items": {"maxLength": 3}}, "/items/maxLength", "wider"),
        ({"items": {}}, {"items": False}, "/items", "other"),
    ],
)
def test_a_keyword_that_says_otherwise(
    before: JsonObject, after: JsonObject, pointer: str, direction: str
) -> None:
    """Takes more, takes less, or nobody can say."""
    assert found(before, after) == [(pointer, direction)]


def test_a_property_that_comes_or_goes() -> None:
    """Where nothing else is taken, one more is more; where anything is, describing it is less."""
    more = {**CLOSED, "properties": {"a": TEXT, "b": TEXT}}
    assert found(CLOSED, more) == [("/properties/b", "wider")]
    assert found({"properties": {"a": TEXT}}, {"properties": {"a": TEXT, "b": TEXT}}) == [
        ("/properties/b", "narrower")
    ]
    assert found(CLOSED, {**CLOSED, "properties": {"a": True}}) == [("/properties/a", "other")]
    deep = {**CLOSED, "properties": {"a": {"type": "string", "maxLength": 3}}}
    assert found(CLOSED, deep) == [("/properties/a/maxLength", "narrower")]


def test_words_for_people_are_nothing() -> None:
    """Titles, descriptions, examples, and the order of lists that have none."""
    assert found({"title": "a", "description": "b", "default": 1}, {"examples": [2], "$comment": "c"}) == []
    assert found({"enum": ["a", "b"], "type": "string"}, {"enum": ["b", "a"], "type": ["string"]}) == []


@given(json_values)
def test_a_schema_takes_what_it_takes(value: object) -> None:
    """Whatever stands in it."""
    schema = {"properties": {"a": value}, "items": value, "type": value}
    assert list(schema_changes(schema, schema)) == []  # type: ignore[arg-type]
