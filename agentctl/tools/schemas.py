"""Judges hostile values with a tool's schemas: offline, in linear time, behind limits on size and depth."""

import json
from functools import lru_cache

import jsonschema_rs as rs

from agentctl.foundation.canonical import (
    ARGUMENT_LIMITS,
    RESULT_LIMITS,
    JsonObject,
    JsonValue,
    Limits,
    NotJson,
    is_perhaps_beyond,
    refuse_size,
)
from agentctl.tools.schema_closing import closed
from agentctl.tools.schema_graph import Graph
from agentctl.tools.schema_parts import DIALECT
from agentctl.tools.schema_shape import shape_problems
from agentctl.tools.schema_words import MAX_PROBLEMS, sentences

_EXPLAINED = 20_000
"""The most a value's size times the schemas that judge each part of it may be, for its faults to be listed: about a second."""


_COMPACT = json.JSONEncoder(allow_nan=False, separators=(",", ":"), ensure_ascii=False)


class UnusableSchema(ValueError):
    """Raised when a schema cannot be compiled, or is not safe to judge with; the message names what is wrong with it."""


class Validator:
    """A compiled schema."""

    def __init__(self, schema: JsonObject, limits: Limits) -> None:
        self.schema = schema
        self._limits = limits
        self._compiled = _compiled(schema)
        self._overlap = Graph.of(schema).overlap()

    def problems(self, instance: JsonValue) -> tuple[str, ...]:
        """Return what is wrong with a value, in at most ten sentences, in a fixed order; nothing if it is accepted."""
        try:
            size = self._size(instance)
        except NotJson as error:
            return (f"it is {error}",)
        except (TypeError, ValueError):
            return ("it is not JSON: NaN, infinity, half of a character, or a value of another kind",)
        if size > self._limits.max_bytes:
            return (f"it has {size} bytes; accepted: at most {self._limits.max_bytes}",)
        return self._judged(instance)

    def _size(self, instance: JsonValue) -> int:
        """Return the bytes of a value as JSON.

        Raises:
            NotJson: it is deeper, or holds more values, than is accepted.
            ValueError: NaN, infinity, or half of a character.
            TypeError: a value that JSON has no form for.
        """
        try:
            data = _COMPACT.encode(instance).encode()
        except (TypeError, ValueError, RecursionError):
            refuse_size(instance, self._limits)  # where it is too deep, that is what is wrong with it
            raise
        if is_perhaps_beyond(data, self._limits):
            refuse_size(instance, self._limits)
        return len(data)

    def _judged(self, instance: JsonValue) -> tuple[str, ...]:
        # The verdict stops at the first fault and is cheap; a list of all faults can be a million times as long.
        try:
            if self._compiled.is_valid(instance):
                return ()
            if not self._is_explainable(instance):
                return ("it does not have the accepted form, and is too large to say where",)
            return sentences(self._compiled.iter_errors(instance), self.schema)
        except ValueError:
            return ("it is not JSON: a key that is no text, or a value of another kind",)

    def _is_explainable(self, instance: JsonValue) -> bool:
        try:
            refuse_size(instance, Limits(0, self._limits.max_depth, _EXPLAINED // self._overlap))
        except NotJson:
            return False
        return True


def compile_schema(schema: JsonObject, *, limits: Limits = RESULT_LIMITS) -> Validator:
    """Return the validator of a schema as it stands.

    Raises:
        UnusableSchema: the schema is not safe to judge with, or not a schema.
    """
    _refuse(schema)
    return Validator(schema, limits)


def compile_arguments(schema: JsonObject) -> Validator:
    """Return the validator of a tool's arguments: an object that takes only the properties it names.

    Raises:
        UnusableSchema: the schema is not safe to judge with, or not a schema.
    """
    _refuse(schema)
    return Validator(closed(schema), ARGUMENT_LIMITS)


def why_not_compiled(schema: JsonObject) -> str | None:
    """Return why the engine does not take a schema; None if it does."""
    try:
        _compiled(schema)
    except UnusableSchema as error:
        return str(error)
    return None


def is_schema(schema: JsonObject) -> bool:
    """Return whether a value keeps to the metaschema of our dialect, whatever dialect it names itself."""
    try:
        return _metaschema().is_valid(schema)
    except ValueError:  # a key that is no text, or a value that JSON has no form for
        return False


@lru_cache(maxsize=1)
def _metaschema() -> rs.Draft202012Validator:
    return rs.Draft202012Validator({"$ref": DIALECT}, offline=True)


def _refuse(schema: JsonObject) -> None:
    problems = shape_problems(schema)
    if problems:
        told = "; ".join(f"`#{problem.pointer}`: {problem.message}" for problem in problems[:MAX_PROBLEMS])
        raise UnusableSchema(told)


def _compiled(schema: JsonObject) -> rs.Draft202012Validator:
    try:
        return rs.Draft202012Validator(
            dict(schema),
            validate_formats=True,
            ignore_unknown_formats=False,
            pattern_options=rs.RegexOptions(),
            offline=True,
        )
    except ValueError as error:
        raise UnusableSchema(str(error).partition("\n")[0][:300]) from error
