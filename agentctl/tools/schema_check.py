"""Judges the schemas that authors write: valid by the metaschema, safe in shape, and meaning what their author meant.

Only for checks: this is the one module that loads `jsonschema`, and only when it is used.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Literal, TypeAlias

from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.pointer import joined
from agentctl.foundation.visible import visible
from agentctl.tools.schema_parts import DIALECT, Part, SchemaProblem, parts_of, walk
from agentctl.tools.schema_shape import shape_problems
from agentctl.tools.schemas import is_schema, why_not_compiled

Role: TypeAlias = Literal["arguments", "result"]

_MAX_PROBLEMS = 20
_SHOWN = 120
_STEPS = (Decimal("1e-9"), Decimal("1e15"))


def check_schema(schema: JsonObject, role: Role = "arguments") -> tuple[SchemaProblem, ...]:
    """Return what is wrong with an author's schema; nothing if it is accepted.

    Nothing is fetched: neither a reference nor `$schema` ever leads out of the schema.

    Args:
        schema: the schema as it stands in the descriptor.
        role: what it describes; arguments are always an object that takes only the properties it names.
    """
    shape = shape_problems(schema)
    if shape:
        return shape[:_MAX_PROBLEMS]
    form = tuple(islice(_against_metaschema(schema), _MAX_PROBLEMS))
    if form:
        return form
    meaning = [*_dialect(schema), *_parts(schema), *_required(schema, "", frozenset())]
    meaning += _outermost(schema) if role == "arguments" else []
    return tuple(meaning[:_MAX_PROBLEMS]) or tuple(_not_compiled(schema))


def _against_metaschema(schema: JsonObject) -> Iterator[SchemaProblem]:
    """Yield where a schema breaks the metaschema. The quick engine knows whether; the other one has the better words for where."""
    if not is_schema(schema):
        yield from _breaches(schema)


def _breaches(schema: JsonObject) -> Iterator[SchemaProblem]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # see the module's sentence
    from jsonschema_specifications import (  # type: ignore[import-untyped]  # noqa: PLC0415  # it has no annotations
        REGISTRY,
    )

    judge = Draft202012Validator(Draft202012Validator.META_SCHEMA, registry=REGISTRY)
    for error in judge.iter_errors(schema):
        pointer = ""
        for part in error.absolute_path:
            pointer = joined(pointer, str(part))
        yield SchemaProblem(pointer, f"not a schema of draft 2020-12: {visible(error.message[:_SHOWN])}")


def _dialect(schema: JsonObject) -> Iterator[SchemaProblem]:
    for pointer, item in walk(schema):
        if isinstance(item, Mapping) and item.get("$schema", DIALECT) != DIALECT:
            yield SchemaProblem(
                joined(pointer, "$schema"), f"another dialect; accepted: `{DIALECT}` or nothing"
            )


def _outermost(schema: JsonObject) -> Iterator[SchemaProblem]:
    if schema.get("type") != "object":
        yield SchemaProblem("/type", "arguments are always an object; accepted: `type: object`")
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if schema.get(keyword, False) is not False:
            yield SchemaProblem(
                f"/{keyword}",
                "arguments take only the properties that are named; accepted: `false` or nothing",
            )


def _parts(schema: JsonObject) -> Iterator[SchemaProblem]:
    for pointer, item in walk(schema):
        if isinstance(item, Mapping):
            yield from _patterns(item, pointer)
            yield from _formats(item, pointer)
            yield from _steps(item, pointer)


def _patterns(schema: JsonObject, pointer: str) -> Iterator[SchemaProblem]:
    named = schema.get("patternProperties")
    patterns: dict[str, JsonValue] = (
        {joined(joined(pointer, "patternProperties"), name): name for name in named}
        if isinstance(named, Mapping)
        else {}
    )
    if "pattern" in schema:
        patterns[joined(pointer, "pattern")] = schema["pattern"]
    for at, pattern in patterns.items():
        if why_not_compiled({"pattern": pattern}) is not None:
            yield SchemaProblem(
                at,
                f"`{visible(str(pattern)[:_SHOWN])}` does not compile in the linear-time engine; accepted: a regular "
                "expression of moderate size without look-around and back-references",
            )


def _formats(schema: JsonObject, pointer: str) -> Iterator[SchemaProblem]:
    if "format" in schema and why_not_compiled({"format": schema["format"]}) is not None:
        found = visible(str(schema["format"])[:_SHOWN])
        yield SchemaProblem(
            joined(pointer, "format"),
            f"`{found}` is not a format that is checked; accepted: those of draft 2020-12, such as `date`, `email`, `uuid`",
        )


def _steps(schema: JsonObject, pointer: str) -> Iterator[SchemaProblem]:
    step = schema.get("multipleOf")
    if isinstance(step, int | float) and not _STEPS[0] <= Decimal(str(step)) <= _STEPS[1]:
        yield SchemaProblem(
            joined(pointer, "multipleOf"),
            f"`{step}` is no step that can be counted; accepted: {_STEPS[0]} to {_STEPS[1]}",
        )


def _required(schema: JsonValue, pointer: str, outside: frozenset[str]) -> Iterator[SchemaProblem]:
    """Yield the required names that nobody describes; `outside` are those described for the same value further out."""
    if not isinstance(schema, Mapping):
        return
    known = outside | _described(schema)
    for index, name in enumerate(_names(schema.get("required"))):
        if name not in known and not _takes_any(schema):
            yield SchemaProblem(joined(joined(pointer, "required"), str(index)), _undescribed(name, known))
    for part in parts_of(schema, pointer):
        yield from _required(part.schema, part.pointer, known if part.place == "here" else frozenset())


def _described(schema: JsonValue) -> frozenset[str]:
    """Return the properties that a schema names, itself or in what judges the same value."""
    if not isinstance(schema, Mapping):
        return frozenset()
    named = schema.get("properties")
    own = frozenset(str(name) for name in named) if isinstance(named, Mapping) else frozenset()
    return own.union(*(_described(part.schema) for part in _here(schema)))


def _here(schema: JsonObject) -> list[Part]:
    return [part for part in parts_of(schema) if part.place == "here"]


def _takes_any(schema: JsonObject) -> bool:
    """Return whether a schema describes properties otherwise than by name, or leaves it to a reference."""
    return bool(schema.get("patternProperties") or schema.get("additionalProperties") or "$ref" in schema)


def _names(value: JsonValue | None) -> list[str]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [name for name in value if isinstance(name, str)]
    return []


def _undescribed(name: str, known: frozenset[str]) -> str:
    nearest = difflib.get_close_matches(name[:_SHOWN], sorted(known), n=1)
    hint = f"; did you mean `{nearest[0]}`?" if nearest else ""
    return f"`{visible(name[:_SHOWN])}` is required, but `properties` does not describe it{hint}"


def _not_compiled(schema: JsonObject) -> Iterator[SchemaProblem]:
    reason = why_not_compiled(schema)
    if reason is not None:
        yield SchemaProblem("", f"it does not compile: {visible(reason)}")
