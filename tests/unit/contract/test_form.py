"""What a document may hold at one place, in words."""

from typing import Any

import pytest

from agentctl.contract.form import Form


@pytest.mark.parametrize(
    ("schema", "phrase"),
    [
        ({}, ""),
        ({"type": "null"}, "nothing"),
        ({"type": "boolean"}, "`true` or `false`"),
        ({"type": "integer"}, "a whole number"),
        ({"type": "integer", "minimum": 1}, "a whole number >= 1"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "a whole number from 1 to 9"),
        ({"type": "integer", "maximum": 9, "multipleOf": 3}, "a whole number <= 9, a multiple of 3"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "a number > 0 and <= 1"),
        ({"type": "string"}, "text"),
        ({"type": "string", "minLength": 1}, "text of at least 1 character"),
        ({"type": "string", "maxLength": 3}, "text of 0 to 3 characters"),
        (
            {"type": "string", "minLength": 2, "pattern": "^a"},
            "text of at least 2 characters that matches `^a`",
        ),
        ({"type": "array"}, "a list"),
        ({"type": "array", "minItems": 2}, "a list of at least 2 items"),
        ({"type": "object"}, "a mapping"),
        ({"type": "object", "required": ["a"]}, "a mapping with the key `a`"),
        ({"type": "object", "required": ["a", "b"]}, "a mapping with the keys `a`, `b`"),
        ({"const": "a"}, "`a`"),
        ({"enum": ["a", 1]}, "one of `a`, `1`"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}, {}]}, "text or a whole number"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
    ],
)
def test_what_is_accepted_is_a_phrase(schema: dict[str, Any], phrase: str) -> None:
    """Each kind of schema has its words; what cannot be said is left out."""
    assert Form({"items": schema}, {}).part(0).accepted() == phrase


@pytest.mark.parametrize(
    ("schema", "phrase"),
    [
        ({"patternProperties": {"^a": {}}}, "a key that matches `^a`"),
        ({"propertyNames": {"maxLength": 3, "type": "string"}}, "as a key, text of 0 to 3 characters"),
        ({}, "as a key, text"),
    ],
)
def test_which_keys_are_accepted_is_a_phrase(schema: dict[str, Any], phrase: str) -> None:
    """A mapping's keys have words too."""
    assert Form(schema, {}).accepted_key() == phrase


def test_parts_are_found_behind_references() -> None:
    """Keys, items, free keys and references lead to parts; the words beside a reference win."""
    form = Form(
        {
            "properties": {"a": {"$ref": "#/$defs/A", "description": "this one"}, "any": {}},
            "additionalProperties": {"type": "string"},
            "items": {"type": "integer"},
        },
        {"A": {"type": "boolean", "description": "any of them"}},
    )
    assert (form.part("a").accepted(), form.part("a").description) == ("`true` or `false`", "this one")
    assert form.part("any").accepted() == ""
    assert form.part("other").accepted() == "text"
    assert form.part(7).accepted() == "a whole number"
    assert Form({"additionalProperties": False}, {}).part("x").accepted() == ""
    assert Form({}, {}).part(0).accepted() == ""


@pytest.mark.parametrize(
    ("schema", "fitting"),
    [
        ({"type": "object"}, [{}]),
        ({"type": "array"}, [[]]),
        ({"type": "string"}, ["x", 1, None]),
        ({"enum": ["x"]}, ["x", 1, None]),
        ({}, [{}, [], "x", 1, None]),
        ({"anyOf": [{"type": "object"}, {"type": "array"}]}, [{}, []]),
    ],
)
def test_shapes_are_told_apart(schema: dict[str, Any], fitting: list[object]) -> None:
    """Mappings, lists and scalars are three shapes; a form without a type takes all of them."""
    values: list[object] = [{}, [], "x", 1, None]
    assert [value for value in values if Form(schema, {}).fits_shape(value)] == fitting
