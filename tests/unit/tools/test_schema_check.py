"""What an author writes is judged before it judges anything."""

import asyncio

import pytest

from agentctl.foundation.canonical import JsonObject
from agentctl.tools.schema_check import check_schema
from agentctl.tools.schema_parts import DIALECT

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
