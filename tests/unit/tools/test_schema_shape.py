"""Only schemas whose work is bounded, and that stay at home, are taken."""

import pytest

from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.tools.schema_graph import COUNTED_TO, Graph
from agentctl.tools.schema_shape import MAX_OVERLAP, shape_problems
from tests.unit.tools.samples import nested


def branching(levels: int) -> JsonObject:
    """Return alternatives inside alternatives: judging grows as 2 to the levels."""
    definitions: dict[str, JsonValue] = {"l0": {"type": "integer"}}
    for level in range(levels):
        reference: JsonValue = {"$ref": f"#/$defs/l{level}"}
        definitions[f"l{level + 1}"] = {"anyOf": [reference, reference]}
    return {"$defs": definitions, "$ref": f"#/$defs/l{levels}"}


def doubled(levels: int) -> JsonObject:
    """Return the same without references."""
    schema: JsonObject = {"type": "integer"}
    for _ in range(levels):
        schema = {"anyOf": [schema, schema]}
    return schema


GOOD: list[JsonObject] = [
    {},
    {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "string"}}},
    {"properties": {"a": True, "b": False}},
    {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}},
    {"items": {"$ref": "#"}, "additionalProperties": {"$ref": "#"}},
    {
        "$ref": "#/$defs/tree",
        "$defs": {"tree": {"properties": {"children": {"items": {"$ref": "#/$defs/tree"}}}}},
    },
    {"$ref": "#/properties/a~1b", "properties": {"a/b": {}}},
    {"examples": [{"requierd": 1}], "default": {"$ref": "http://nobody"}, "enum": [{"$id": "x"}]},
    branching(6),
    doubled(7),
]


@pytest.mark.parametrize("schema", GOOD)
def test_a_schema_of_bounded_work_is_accepted(schema: JsonObject) -> None:
    """References at home, trees, and some alternatives are fine."""
    assert shape_problems(schema) == ()


BAD: list[tuple[JsonObject, str, str]] = [
    ({"$ref": "http://127.0.0.1:1/x"}, "/$ref", "accepted: `#/...`"),
    ({"$ref": "file:///etc/passwd"}, "/$ref", "no schema in this document"),
    ({"items": {"$ref": "other.json#/a"}}, "/items/$ref", "`other.json#/a`"),
    ({"$ref": "#/nope"}, "/$ref", "no schema in this document"),
    ({"$ref": "#/properties", "properties": {}}, "/$ref", "no schema in this document"),
    ({"$ref": "#/enum/0", "enum": [{}]}, "/$ref", "no schema in this document"),
    ({"$ref": 5}, "/$ref", "`5`"),
    ({"$ref": "#/%24defs/a", "$defs": {"a": {}}}, "/$ref", "no schema in this document"),
    ({"$id": "http://x/"}, "/$id", "`$id` is not a keyword"),
    ({"$anchor": "a"}, "/$anchor", "not a keyword"),
    ({"$dynamicRef": "#a"}, "/$dynamicRef", "not a keyword"),
    ({"requierd": ["a"]}, "/requierd", "did you mean `required`?"),
    ({"properties": {"a": {"maxlength": 1}}}, "/properties/a/maxlength", "did you mean `maxLength`?"),
    ({"zzzzzz": 1}, "/zzzzzz", "`zzzzzz` is not a keyword that is accepted here"),
    ({"$ref": "#"}, "", "without going deeper: `#` -> `#`"),
    (
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        "/$defs/a",
        "`#/$defs/a` -> `#/$defs/b` -> `#/$defs/a`",
    ),
    ({"allOf": [{"anyOf": [{"$ref": "#"}]}]}, "", "without going deeper"),
    (
        {"properties": {"a": {"$ref": "#"}}, "patternProperties": {"a": {"$ref": "#"}}},
        "",
        "`patternProperties`",
    ),
    ({"items": {"$ref": "#"}, "contains": {"$ref": "#"}}, "", "`contains`"),
    ({"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}, "/items", "`anyOf`"),
    (
        {
            "$defs": {
                "n": {"items": {"$ref": "#/$defs/m"}},
                "m": {"$ref": "#/$defs/n", "items": {"$ref": "#/$defs/n"}},
            }
        },
        "/$defs/m",
        "`$ref`",
    ),
    (branching(25), "", f"more than {MAX_OVERLAP} schemas"),
    (doubled(8), "", f"more than {MAX_OVERLAP} schemas"),
    (doubled(25), "", "more than 20000 values"),
    ({"enum": [nested(50_000)]}, "", "nested deeper than 64"),
    ({"const": "x" * 300_000}, "", "accepted: at most 262144"),
    ({"maximum": 2**63}, "", "no canonical form"),
    ({"maximum": float("nan")}, "", "no canonical form"),
]


@pytest.mark.parametrize(("schema", "pointer", "told"), BAD)
def test_a_schema_that_reaches_out_or_explodes_is_refused(
    schema: JsonObject, pointer: str, told: str
) -> None:
    """What is wrong is said with its place and with what would be accepted."""
    problem = shape_problems(schema)[0]
    assert problem.pointer == pointer
    assert told in problem.message


def test_overlap_counts_what_meets_at_one_place() -> None:
    """Properties of other names do not meet; patterns over the same names, and alternatives, do."""
    apart: JsonObject = {"properties": {f"p{number}": {} for number in range(50)}}
    together: JsonObject = {
        "properties": {"a": {}},
        "patternProperties": {f"a{number}": {} for number in range(9)},
    }
    both: JsonObject = {"allOf": [{"properties": {"a": {"oneOf": [{}, {}]}}}, {"properties": {"a": {}}}]}
    assert [Graph.of(schema).overlap() for schema in (apart, together, both)] == [1, 10, 4]
    assert Graph.of(branching(60)).overlap() == COUNTED_TO


def test_a_long_chain_of_references_is_counted_without_recursion() -> None:
    """A thousand references in a row exhaust no stack; they meet at one value and are too many."""
    definitions: dict[str, JsonValue] = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(1000)}
    problems = shape_problems({"$defs": {**definitions, "d1000": {}}, "$ref": "#/$defs/d0"})
    assert "judged by more than" in problems[0].message
