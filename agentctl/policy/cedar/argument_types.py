"""Which of Cedar's types an argument has, read from its JSON Schema, and what Cedar cannot carry. Pure.

Cedar has no floats, no null, no mixed types and no records with unknown members. What is left out is named with its
reason, so that a policy that speaks of it fails its check.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct, field

from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.pointer import Missing, joined, resolve

Scalar = Literal["String", "Long", "Boolean", "decimal", "datetime"]


class SetOf(Struct, frozen=True):
    """Values of one scalar type; order and repetitions play no part."""

    element: Scalar


class Member(Struct, frozen=True):
    """A member of a record."""

    type: "CedarType"
    required: bool


class RecordOf(Struct, frozen=True):
    """Named members. Where it is `partial`, values may have more of them, which Cedar is not shown."""

    members: Mapping[str, Member] = field(default_factory=dict)
    partial: bool = False


CedarType: TypeAlias = Scalar | SetOf | RecordOf


class Uncarried(Struct, frozen=True):
    """A part of a tool's arguments that Cedar cannot carry: its JSON pointer, and why."""

    pointer: str
    reason: str


class NotCarried(ValueError):
    """Raised when a value of some JSON Schema has no type in Cedar; the message says why."""


_SCALARS: Mapping[str, Scalar] = {"string": "String", "integer": "Long", "boolean": "Boolean"}
_REASONS = {
    "number": "a number that is not whole; declare a fact of it",
    "null": "null",
}
_MOST_REFERENCES = 16
_DEEPEST = 8
_ELSEWHERE = frozenset({"allOf", "anyOf", "oneOf", "if", "dependentSchemas"})


def arguments_type(schema: JsonObject) -> tuple[RecordOf, tuple[Uncarried, ...]]:
    """Return the type of a tool's arguments, and what of them Cedar cannot carry."""
    left_out: list[Uncarried] = []
    record = _Reader(schema, left_out).record(schema, "")
    return record, tuple(left_out)


class _Reader(Struct, frozen=True):
    """Reads one document; what cannot be carried is added to `left_out`."""

    root: JsonObject
    left_out: list[Uncarried]

    def record(self, schema: JsonObject, at: str) -> RecordOf:
        """Return the record of an object's declared members."""
        before = len(self.left_out)
        members = dict(self._members(schema, at))
        if not _ELSEWHERE.isdisjoint(schema):
            self.left_out.append(Uncarried(joined(at, "*"), "what `properties` does not describe itself"))
        return RecordOf(members, partial=len(self.left_out) > before)

    def _members(self, schema: JsonObject, at: str) -> Iterator[tuple[str, Member]]:
        declared, needed = schema.get("properties", {}), schema.get("required", ())
        required = needed if isinstance(needed, list | tuple) else ()
        for name, described in declared.items() if isinstance(declared, Mapping) else ():
            kind = self._carried(name, described, joined(at, name))
            if kind is not None:
                yield name, Member(kind, name in required)

    def _carried(self, name: str, schema: JsonValue, pointer: str) -> CedarType | None:
        try:
            _refuse_reserved(name)
            return self._type(_followed(schema, self.root), pointer)
        except NotCarried as error:
            self.left_out.append(Uncarried(pointer, str(error)))
            return None

    def _type(self, schema: JsonObject, pointer: str) -> CedarType:
        word = _type_word(schema)
        if word == "array":
            return SetOf(self._element(schema))
        if word != "object":
            return _scalar(word)
        if schema.get("additionalProperties", False) is not False or "patternProperties" in schema:
            raise NotCarried("an object that may have members its schema does not name")
        if pointer.count("/") > _DEEPEST:
            raise NotCarried(f"an object nested deeper than {_DEEPEST}")
        return self.record(schema, pointer)

    def _element(self, schema: JsonObject) -> Scalar:
        if "prefixItems" in schema or not isinstance(schema.get("items"), Mapping):
            raise NotCarried("an array without one type for all its items")
        word = _type_word(_followed(schema["items"], self.root))
        if word in {"array", "object"}:
            raise NotCarried(f"an array of {word}s")
        return _scalar(word)


def _refuse_reserved(name: str) -> None:
    """Refuse names with which Cedar's JSON form says that a value is an entity or a call."""
    if name.startswith("__"):
        raise NotCarried("a name that begins with `__`")


def _scalar(word: str) -> Scalar:
    if word not in _SCALARS:
        raise NotCarried(_REASONS.get(word, f"the type `{word}`"))
    return _SCALARS[word]


def _type_word(schema: JsonObject) -> str:
    """Return the one type a schema permits.

    Raises:
        NotCarried: it permits several, or says nothing of types.
    """
    said = schema.get("type")
    if isinstance(said, str):
        return said
    words = set(said) if isinstance(said, list | tuple) else set(_words_of_values(schema))
    if len(words) != 1:
        raise NotCarried(f"several types: {', '.join(sorted(words))}" if words else "a value of any type")
    return str(words.pop())


def _words_of_values(schema: JsonObject) -> Iterator[str]:
    """Yield the types of the values that `enum` and `const` permit."""
    listed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    yield from (_word_of(value) for value in listed) if isinstance(listed, list | tuple) else ()


def _word_of(value: JsonValue) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case None:
            return "null"
        case Mapping():
            return "object"
        case _:
            return "array"


def _followed(schema: JsonValue, root: JsonObject) -> JsonObject:
    """Return a schema, or what its reference within the same document leads to.

    Raises:
        NotCarried: the reference leads elsewhere, nowhere or in a circle, or there is no schema.
    """
    for _ in range(_MOST_REFERENCES):
        if not isinstance(schema, Mapping):
            raise NotCarried("a value of any type")
        reference = schema.get("$ref")
        if reference is None:
            return schema
        schema = _target(reference, root)
    raise NotCarried("references without an end")


def _target(reference: JsonValue, root: JsonObject) -> JsonValue:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        raise NotCarried(f"the reference `{reference}`, which leads out of the schema")
    found = resolve(root, reference[1:])
    if isinstance(found, Missing):
        raise NotCarried(f"the reference `{reference}`, which leads nowhere")
    return found
