"""What an author writes is judged before it judges anything."""

import asyncio
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from jsonschema import Draft202012Validator

from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.tools.schema_check import check_schema
from agentctl.tools.schema_parts import DIALECT
from agentctl.tools.schemas import is_schema

GOOD: list[JsonObject] = [
    {"type": "object"},
    {"$schema": DIALECT, "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {"type": "object", "allOf": [{"properties": {"a": True}}], "required": ["a"]},
    {"type": "object", "properties": {"m": {"additionalProperties": {"type": "string"}, "required": ["x"]}}},
    {"type": "object", "patternProperties": {"^x": {}}, "required": ["x1"]},
    {"type": "object", "$ref": "#/$defs/a", "$defs": {"a": {"properties": {"b": {}}}}, "required": ["b"]},
    {"type": "object", "properties": {"a": {"type": "number", "multipleOf": 0.01}}},
    {"type": "object", "properties": {"a": {"format": "date-time", "pattern": "^[0-9T:Z-]+$"}}},
    {"type": "object", "additionalProperties": False},
    {"type": "object", "properties": {"a": {}}, "allOf": [True], "required": ["a"]},
]


@pytest.mark.parametrize("schema", GOOD)
def test_a_sound_schema_is_accepted(schema: JsonObject) -> None:
    """Nothing is said about it."""
    assert check_schema(schema) == ()


BAD: list[tuple[JsonObject, str, str]] = [
    ({"type": "object", "requierd": ["a"]}, "/requierd", "did you mean `required`?"),
    ({"type": "strin"}, "/type", "not a schema of draft 2020-12"),
    ({"type": "object", "properties": []}, "/properties", "not a schema"),
    ({"type": "object", "properties": {"a/b": {"minLength": -1}}}, "/properties/a~1b/minLength", "-1"),
    ({"type": "array"}, "/type", "accepted: `type: object`"),
    ({}, "/type", "accepted: `type: object`"),
    (
        {"type": "object", "additionalProperties": True},
        "/additionalProperties",
        "accepted: `false` or nothing",
    ),
    ({"type": "object", "$schema": "http://127.0.0.1:1/s"}, "/$schema", f"accepted: `{DIALECT}`"),
    ({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema", "another dialect"),
    (
        {"type": "object", "properties": {"amount": {}}, "required": ["amuont"]},
        "/required/0",
        "did you mean `amount`?",
    ),
    ({"type": "object", "required": ["\u202ea"]}, "/required/0", "`\\u202ea` is required"),
    (
        {"type": "object", "properties": {"a": {"items": {"properties": {"b": {}}, "required": ["c"]}}}},
        "/properties/a/items/required/0",
        "`c` is required",
    ),
    (
        {"type": "object", "properties": {"a": {}}, "anyOf": [{"required": ["b"]}]},
        "/anyOf/0/required/0",
        "`b`",
    ),
    ({"type": "object", "properties": {"a": {"pattern": r"(x)\1"}}}, "/properties/a/pattern", "linear-time"),
    ({"type": "object", "properties": {"a": {"pattern": "(?<=x)y"}}}, "/properties/a/pattern", "look-around"),
    ({"type": "object", "patternProperties": {"(?!x)": {}}}, "/patternProperties/(?!x)", "linear-time"),
    (
        {"type": "object", "properties": {"a": {"pattern": "a{999}{999}"}}},
        "/properties/a/pattern",
        "moderate size",
    ),
    (
        {"type": "object", "properties": {"a": {"format": "dat"}}},
        "/properties/a/format",
        "`dat` is not a format",
    ),
    ({"type": "object", "properties": {"a": {"multipleOf": 1e-300}}}, "/properties/a/multipleOf", "1e-300"),
    ({"type": "object", "properties": {"a": {"multipleOf": 0}}}, "/properties/a/multipleOf", "not a schema"),
    ({"type": "object", "$ref": "http://127.0.0.1:1/"}, "/$ref", "accepted: `#/...`"),
]


@pytest.mark.parametrize(("schema", "pointer", "told"), BAD)
def test_an_unsound_schema_is_told_with_its_place(schema: JsonObject, pointer: str, told: str) -> None:
    """Each fault has a pointer, what was found, and what is accepted."""
    problem = check_schema(schema)[0]
    assert problem.pointer == pointer
    assert told in problem.message


def test_all_faults_of_a_kind_are_told_at_once() -> None:
    """An author repairs everything in one go, up to twenty."""
    schema: JsonObject = {
        "type": "object",
        "properties": {},
        "required": [f"r{number}" for number in range(50)],
    }
    assert len(check_schema(schema)) == 20
    assert len(check_schema({f"k{number}": 1 for number in range(50)})) == 20


def test_a_result_may_be_anything() -> None:
    """Only arguments are always an object."""
    assert check_schema({"type": "array"}, "result") == ()
    assert check_schema({"type": "object", "additionalProperties": True}, "result") == ()


def test_what_only_the_engine_refuses_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last word is the engine's that will judge."""
    monkeypatch.setattr(
        "agentctl.tools.schema_check.why_not_compiled", lambda schema: "\x1b no" if schema else None
    )
    (problem,) = check_schema({"type": "object"})
    assert problem.message == "it does not compile: \\x1b no"


async def test_the_check_makes_no_request() -> None:
    """Zero hits at a real server."""
    hits: list[bytes] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hits.append(await reader.read(10))
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/schema"
    for key in ("$ref", "$schema", "$id", "$dynamicRef"):
        assert await asyncio.to_thread(check_schema, {"type": "object", key: url})
    server.close()
    await server.wait_closed()
    assert hits == []


WORDS = (
    *(
        "type",
        "properties",
        "items",
        "additionalProperties",
        "required",
        "enum",
        "const",
        "minLength",
        "maximum",
    ),
    *(
        "multipleOf",
        "pattern",
        "format",
        "$ref",
        "$schema",
        "$id",
        "$anchor",
        "$dynamicRef",
        "$defs",
        "allOf",
    ),
    *("anyOf", "not", "if", "prefixItems", "contains", "uniqueItems", "patternProperties", "propertyNames"),
    *("dependentRequired", "unevaluatedItems", "title", "default", "examples", "deprecated", "$vocabulary"),
)
VALUES: tuple[JsonValue, ...] = (
    *(
        True,
        None,
        1,
        -1,
        1.5,
        1.0,
        "string",
        "object",
        "a b",
        "#/x",
        DIALECT,
        "(",
        [],
        ["a"],
        ["a", "a"],
        [1],
    ),
    *(["string"], ["string", "string"], {}, {"a": ["b"]}, {"a": 1}, [{}], [True], 10**20),
)


def some_value(source: Random, depth: int) -> JsonValue:
    """Return a value that may stand in a schema, or may not."""
    return some_schema(source, depth - 1) if depth and source.random() < 0.45 else source.choice(VALUES)


def some_schema(source: Random, depth: int) -> JsonObject:
    """Return what looks like a schema; a quarter of them are."""
    return {source.choice(WORDS): some_value(source, depth) for _ in range(source.randint(0, 4))}


@pytest.mark.parametrize("count", [400, pytest.param(40_000, marks=pytest.mark.campaign)])
def test_both_engines_agree_on_what_a_schema_is(count: int) -> None:
    """The quick one says whether, the other one says where: neither accepts what the other refuses."""
    source = Random(20261126)
    judge = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    schemas = [some_schema(source, source.randint(0, 3)) for _ in range(count)]
    assert [is_schema(one) for one in schemas] == [judge.is_valid(one) for one in schemas]


def test_what_is_no_json_is_no_schema() -> None:
    """A key that is no text ends neither engine."""
    assert not is_schema({1: "x"})  # type: ignore[dict-item]  # hostile


def test_a_sound_schema_is_judged_without_the_slow_engine() -> None:
    """It is loaded for its words, and a sound schema needs none."""
    code = (
        "import sys; from agentctl.tools.schema_check import check_schema\n"
        "assert check_schema({'type': 'object', 'properties': {}}) == ()\n"
        "assert 'jsonschema' not in sys.modules\n"
        "assert check_schema({'type': 1}) and 'jsonschema' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)
