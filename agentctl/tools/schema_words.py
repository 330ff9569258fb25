"""Says what is wrong with a value in words that a model can act on: where, what was found, what is accepted.

Values themselves are never repeated, only names of properties, cut short and made visible: a refusal is journaled.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

import jsonschema_rs as rs

from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.pointer import joined, resolve
from agentctl.foundation.visible import visible

MAX_PROBLEMS = 10
_PATH, _NAMES = 48, 32  # together what may be repeated of names that strangers chose: 80 characters
_ACCEPTED = 300
_BRANCHES_DEEP = 3

_FOUND: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a number"),
    (str, "a string"),
    (list, "an array"),
    (dict, "an object"),
    (type(None), "null"),
)
_LIMITS: Mapping[str, tuple[str, str]] = {
    "minimum": ("too small", "at least {}"),
    "exclusiveMinimum": ("too small", "more than {}"),
    "maximum": ("too large", "at most {}"),
    "exclusiveMaximum": ("too large", "less than {}"),
    "multipleOf": ("not a multiple", "a multiple of {}"),
    "minLength": ("too short", "at least {} characters"),
    "maxLength": ("too long", "at most {} characters"),
    "pattern": ("of another form", "what matches {}"),
    "format": ("of another form", "a text of the format {}"),
    "const": ("another value", "{}"),
    "enum": ("not one of the accepted values", "{}"),
    "minItems": ("too few items", "at least {}"),
    "maxItems": ("too many items", "at most {}"),
    "minProperties": ("too few properties", "at least {}"),
    "maxProperties": ("too many properties", "at most {}"),
    "minContains": ("too few items of the wanted form", "at least {}"),
    "maxContains": ("too many items of the wanted form", "at most {}"),
}
_PLAIN: Mapping[str, str] = {
    "uniqueItems": "two items are the same; accepted: items that differ",
    "contains": "no item has the wanted form",
    "falseSchema": "nothing is accepted here",
    "not": "it has a form that is not accepted",
    "unevaluatedItems": "too many items",
    "oneOf": "it fits more than one of the forms of which exactly one must fit",
}


def sentences(errors: Iterable[rs.ValidationError], schema: JsonObject) -> tuple[str, ...]:
    """Return at most ten sentences, sorted by place, each once."""
    said = {_where(error.instance_path) + _complaint(error, schema, 0) for error in errors}
    return tuple(sorted(said)[:MAX_PROBLEMS])


def _complaint(error: rs.ValidationError, schema: JsonObject, depth: int) -> str:
    match error.kind:
        case rs.ValidationErrorKind.Type(types=types):
            return f"found {_found(error.instance)}; accepted: {' or '.join(types)}"
        case rs.ValidationErrorKind.Required(property=name):
            return f"the property {_quoted([name])} is missing"
        case (
            rs.ValidationErrorKind.AdditionalProperties(unexpected=names)
            | rs.ValidationErrorKind.UnevaluatedProperties(unexpected=names)
        ):
            return f"unexpected {_quoted(names)}; accepted: {_known_names(error, schema)}"
        case rs.ValidationErrorKind.PropertyNames(error=inner):
            return f"the name of a property is not accepted: {_complaint(inner, schema, depth)}"
        case (
            rs.ValidationErrorKind.AnyOf(context=branches)
            | rs.ValidationErrorKind.OneOfNotValid(context=branches)
        ):
            return _no_branch(branches, error.instance_path, schema, depth)
        case _:
            return _plain_complaint(error, schema)


def _plain_complaint(error: rs.ValidationError, schema: JsonObject) -> str:
    keyword = str(error.schema_path[-1])
    if keyword in _LIMITS:
        found, accepted = _LIMITS[keyword]
        return f"{found}; accepted: {accepted.format(_accepted(error, schema))}"
    return _PLAIN.get(error.kind.name, "it does not have the form that is accepted")


def _found(value: object) -> str:
    return next((words for kind, words in _FOUND if isinstance(value, kind)), "something else")


def _accepted(error: rs.ValidationError, schema: JsonObject) -> str:
    """Return what stands at the keyword that was violated, as the author wrote it."""
    value = resolve(schema, _pointer(error.schema_path))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{_cut(text, _ACCEPTED)}`"


def _known_names(error: rs.ValidationError, schema: JsonObject) -> str:
    """Return the properties that are named beside the keyword that was violated."""
    beside = resolve(schema, _pointer([*error.schema_path[:-1], "properties"]))
    if not isinstance(beside, Mapping):
        return "only the properties that are named"
    return _cut(", ".join(f"`{name}`" for name in beside), _ACCEPTED) or "no property at all"


def _no_branch(
    branches: list[list[rs.ValidationError]], at: list[str | int], schema: JsonObject, depth: int
) -> str:
    """Say what is wrong with the form that fits best: the one with the fewest complaints."""
    start = f"it fits none of the {len(branches)} accepted forms"
    if depth == _BRANCHES_DEEP:
        return start
    number, best = min(enumerate(branches, start=1), key=lambda numbered: len(numbered[1]))
    told = (
        _where([] if error.instance_path == at else error.instance_path)
        + _complaint(error, schema, depth + 1)
        for error in best[:2]
    )
    return f"{start}; form {number}: {'; '.join(told)}"


def _where(path: Sequence[str | int]) -> str:
    return f"`{_cut(_pointer(path), _PATH)}`: " if path else ""


def _pointer(path: Sequence[str | int]) -> str:
    pointer = ""
    for part in path:
        pointer = joined(pointer, str(part))
    return pointer


def _quoted(names: list[str]) -> str:
    return f"`{_cut(', '.join(names), _NAMES)}`"


def _cut(text: str, length: int) -> str:
    return visible(text if len(text) <= length else f"{text[: length - 1]}…")
