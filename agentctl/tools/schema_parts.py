"""The parts of a JSON Schema (draft 2020-12): which keywords we take, and where schemas stand inside a schema."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.pointer import joined

Place: TypeAlias = Literal["here", "object", "array", "text", "store"]
"""What a schema inside a schema judges: the same value, a property's value, an item, some text, or nothing by itself."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ONE: Mapping[str, Place] = {
    "not": "here",
    "if": "here",
    "then": "here",
    "else": "here",
    "additionalProperties": "object",
    "unevaluatedProperties": "object",
    "propertyNames": "text",
    "items": "array",
    "contains": "array",
    "unevaluatedItems": "array",
    "contentSchema": "text",
}
_LISTED: Mapping[str, Place] = {"allOf": "here", "anyOf": "here", "oneOf": "here", "prefixItems": "array"}
_NAMED: Mapping[str, Place] = {
    "dependentSchemas": "here",
    "properties": "object",
    "patternProperties": "object",
    "$defs": "store",
}
_ASSERTIONS = frozenset(
    [
        "type",
        "enum",
        "const",
        "multipleOf",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "format",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxContains",
        "minContains",
        "maxProperties",
        "minProperties",
        "required",
        "dependentRequired",
        "contentEncoding",
        "contentMediaType",
    ]
)
_NOTES = frozenset(
    [
        "$schema",
        "$comment",
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
    ]
)

KEYWORDS = frozenset({"$ref", *_ONE, *_LISTED, *_NAMED, *_ASSERTIONS, *_NOTES})
"""Every keyword a tool's schema may use. `$id`, anchors and dynamic references are not among them: they move what `#` means."""


class SchemaProblem(Struct, frozen=True):
    """One thing that is wrong with a schema: where (a JSON pointer, `` is the whole) and a sentence."""

    pointer: str
    message: str


class Part(Struct, frozen=True):
    """A schema that stands inside another one, and the keyword that put it there."""

    keyword: str
    name: str
    place: Place
    pointer: str
    schema: JsonValue


def parts_of(schema: JsonValue, pointer: str = "") -> Iterator[Part]:
    """Yield the schemas directly inside a schema; what does not have the form of one is left to the metaschema."""
    if not isinstance(schema, Mapping):
        return
    for keyword, value in schema.items():
        yield from _parts_at(keyword, value, pointer)


def _parts_at(keyword: str, value: JsonValue, pointer: str) -> Iterator[Part]:
    at = joined(pointer, keyword)
    if keyword in _ONE:
        yield Part(keyword, "", _ONE[keyword], at, value)
    elif keyword in _LISTED and isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            yield Part(keyword, str(index), _LISTED[keyword], joined(at, str(index)), item)
    elif keyword in _NAMED and isinstance(value, Mapping):
        for name, item in value.items():
            yield Part(keyword, name, _NAMED[keyword], joined(at, name), item)


def walk(schema: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Yield every schema in a schema with its pointer, the whole first."""
    waiting = [("", schema)]
    while waiting:
        pointer, item = waiting.pop()
        yield pointer, item
        waiting.extend(reversed([(part.pointer, part.schema) for part in parts_of(item, pointer)]))


def rebuilt(schema: JsonObject, pointer: str, change: Callable[[Part], JsonValue]) -> dict[str, JsonValue]:
    """Return a schema with each schema directly inside it replaced by what `change` returns."""
    return {
        keyword: _with_parts(value, list(_parts_at(keyword, value, pointer)), change)
        for keyword, value in schema.items()
    }


def _with_parts(value: JsonValue, parts: list[Part], change: Callable[[Part], JsonValue]) -> JsonValue:
    if not parts:
        return value
    if parts[0].keyword in _ONE:
        return change(parts[0])
    if parts[0].keyword in _LISTED:
        return [change(part) for part in parts]
    return {part.name: change(part) for part in parts}
