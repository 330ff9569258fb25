"""Pointers into schemas: where they can lead, and to which types."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.foundation.canonical import JsonObject
from agentctl.review.checks.schema_paths import names_in, required_in, schemas_at, types_at

SCHEMA: JsonObject = {
    "type": "object",
    "required": ["a"],
    "properties": {
        "a": {"type": "string"},
        "free": {"type": "object"},
        "anything": True,
        "list": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "integer"}}}},
        "pair": {"prefixItems": [{"type": "boolean"}], "items": {"type": ["number", "null"]}},
        "named": {"$ref": "#/$defs/thing"},
        "lost": {"$ref": "#/$defs/nothing"},
        "map": {"additionalProperties": {"type": "integer"}},
        "loose": {"additionalProperties": True, "properties": {"known": {"type": "string"}}},
        "patterned": {"patternProperties": {"^x": {"type": "string"}}},
        "twice": {"allOf": [{"$ref": "#/$defs/thing"}, {"$ref": "#/$defs/thing"}]},
        "either": {
            "anyOf": [{"properties": {"l": {"type": "string"}}}, {"properties": {"r": {"type": "null"}}}]
        },
        "when": {"if": {}, "then": {"properties": {"t": {}}}, "else": {"properties": {"e": {}}}},
        "a/b": {"properties": {"~": {"type": "boolean"}}},
    },
    "allOf": [{"required": ["free", "list"], "properties": {"extra": {"type": "integer"}}}],
    "$defs": {"thing": {"properties": {"self": {"$ref": "#/$defs/thing"}, "n": {"type": "integer"}}}},
}


@pytest.mark.parametrize(
    ("pointer", "types"),
    [
        ("", {"object"}),
        ("/a", {"string"}),
        ("/list/0/x", {"integer"}),
        ("/pair/0", {"boolean", "number", "null"}),
        ("/named/n", {"integer"}),
        ("/named/self/self/n", {"integer"}),
        ("/map/whatever", {"integer"}),
        ("/twice/n", {"integer"}),
        ("/loose/known", {"string"}),
        ("/either/l", {"string"}),
        ("/either/r", {"null"}),
        ("/a~1b/~0", {"boolean"}),
        ("/extra", {"integer"}),
    ],
)
def test_a_pointer_leads_to_the_types_that_the_schema_names(pointer: str, types: set[str]) -> None:
    """References, alternatives, lists and maps are followed."""
    assert types_at(SCHEMA, pointer) == types


@pytest.mark.parametrize(
    "pointer", ["/free", "/free/b/c", "/anything/x", "/loose/other", "/patterned/x1", "/when/t", "/when/e"]
)
def test_where_the_schema_says_nothing_anything_may_stand(pointer: str) -> None:
    """A part that is not described can be there."""
    assert schemas_at(SCHEMA, pointer)


@pytest.mark.parametrize(
    "pointer", ["/b", "/a/b", "/list/x", "/lost/x", "/either/m", "/named/m", "/list/0/y"]
)
def test_where_the_schema_describes_other_parts_a_pointer_leads_nowhere(pointer: str) -> None:
    """A name beside the described ones is a mistake, and so is a part of a text."""
    assert schemas_at(SCHEMA, pointer) == ()


def test_names_and_needs_are_gathered_from_all_parts_that_hold() -> None:
    """What `allOf` adds counts as well."""
    assert {"a", "extra"} < names_in(SCHEMA)
    assert required_in(SCHEMA) == {"a", "free", "list"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "$ref", "anyOf", "required", "x"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from(["type", "properties", "items", "$ref", "allOf", "then"]), JSON),
    st.text(max_size=6),
)
def test_schemas_of_any_shape_are_read(schema: dict[str, object], name: str) -> None:
    """What is no schema is judged elsewhere; nothing here fails over it."""
    types_at(schema, f"/{name}/0")
    names_in(schema)
    required_in(schema)
