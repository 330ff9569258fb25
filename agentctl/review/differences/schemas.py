"""Whether a JSON Schema takes more than another, less, or something else; pure.

What is compared is what schemas of tools are made of; where neither can be said to take more, the answer is `other`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from agentctl.foundation.canonical import JsonObject, JsonValue, canonical_bytes
from agentctl.foundation.pointer import joined
from agentctl.review.differences.change import Direction, of_sets, opposite

_WORDS_ONLY: Final = frozenset(
    {"$comment", "$id", "$schema", "default", "deprecated", "description", "examples", "title"}
)
_AT_MOST: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_AT_LEAST: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_SETS: Final = frozenset({"enum", "required", "type"})
_NUMBERS: Final = frozenset({"integer"}), frozenset({"number"})


class SchemaChange(Struct, frozen=True):
    """A keyword that says something else, where it stands, and whether more is taken now."""

    direction: Direction
    pointer: str
    before: JsonValue
    after: JsonValue


def schema_changes(before: JsonObject, after: JsonObject, pointer: str = "") -> Iterator[SchemaChange]:
    """Yield every keyword in which two schemas differ in what they take; texts for people are none."""
    for keyword in dict.fromkeys((*before, *after)):
        one, other = before.get(keyword), after.get(keyword)
        if keyword in _WORDS_ONLY or _same(keyword, one, other):
            continue
        at = joined(pointer, keyword)
        if keyword == "properties":
            yield from _of_properties(before, after, at)
        elif keyword == "items" and isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from schema_changes(one, other, at)
        else:
            yield SchemaChange(_direction(keyword, one, other), at, one, other)


def _same(keyword: str, one: JsonValue, other: JsonValue) -> bool:
    """Return whether a keyword says the same; of some lists the order is nothing."""
    if keyword in _SETS and one is not None and other is not None:
        return _texts(one) == _texts(other)
    return canonical_bytes(one) == canonical_bytes(other)


def _of_properties(before: JsonObject, after: JsonObject, pointer: str) -> Iterator[SchemaChange]:
    one, other = _mapping(before.get("properties")), _mapping(after.get("properties"))
    for name in dict.fromkeys((*one, *other)):
        schema, its = one.get(name), other.get(name)
        at = joined(pointer, name)
        if isinstance(schema, Mapping) and isinstance(its, Mapping):
            yield from schema_changes(schema, its, at)
        elif canonical_bytes(schema) != canonical_bytes(its):
            yield SchemaChange(_of_property(before, after, name), at, schema, its)


def _of_property(before: JsonObject, after: JsonObject, name: str) -> Direction:
    """Return where a property goes that came or went: what is not described is refused only where nothing else is taken."""
    if name in _mapping(before.get("properties")) and name in _mapping(after.get("properties")):
        return "other"
    came = name in _mapping(after.get("properties"))
    lacks = before if came else after
    if lacks.get("additionalProperties", True) is False:
        return "wider" if came else "narrower"
    return "narrower" if came else "wider"


def _direction(keyword: str, one: JsonValue, other: JsonValue) -> Direction:
    if keyword in _AT_MOST | _AT_LEAST:
        return _of_bound(one, other, "wider" if keyword in _AT_MOST else "narrower")
    judge = _BY_KEYWORD.get(keyword)
    if judge is not None and one is not None and other is not None:
        return judge(one, other)
    if keyword in _RESTRICTING:
        return "wider" if other is None else "narrower" if one is None else "other"
    return "other"


def _of_bound(one: JsonValue, other: JsonValue, more_is: Direction) -> Direction:
    if one is None or other is None:
        return "narrower" if one is None else "wider"
    if isinstance(one, int | float) and isinstance(other, int | float):
        return more_is if other > one else opposite(more_is)
    return "other"


def _of_types(one: JsonValue, other: JsonValue) -> Direction:
    before, after = _texts(one), _texts(other)
    if (before, after) == _NUMBERS:
        return "wider"
    return "narrower" if (after, before) == _NUMBERS else of_sets(before, after)


def _of_additional(one: JsonValue, other: JsonValue) -> Direction:
    if one is False:
        return "wider"
    return "narrower" if other is False else "other"


_BY_KEYWORD: Final[Mapping[str, Callable[[JsonValue, JsonValue], Direction]]] = {
    "type": _of_types,
    "enum": lambda one, other: of_sets(_texts(one), _texts(other)),
    "required": lambda one, other: of_sets(_texts(one), _texts(other), "narrower"),
    "additionalProperties": _of_additional,
}
_RESTRICTING: Final = frozenset(
    {
        "type",
        "enum",
        "required",
        "additionalProperties",
        "const",
        "pattern",
        "format",
        "multipleOf",
        "uniqueItems",
        "not",
    }
)
"""Keywords that take less than their absence does."""


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: JsonValue) -> frozenset[str]:
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return frozenset(item if isinstance(item, str) else canonical_bytes(item).decode() for item in items)
