"""Answers as JSON: what a command says with `--json`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import asdict

from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import AgentctlError, InternalError, InvalidInput, Problem
from agentctl.foundation.money import plain


def json_form(value: object) -> JsonValue:
    """Return an answer as JSON: values and models by field, money and moments as text, events with their type.

    Raises:
        InternalError: it holds something that has no form in JSON.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return plain(value)
        case datetime():
            return to_rfc3339(value)
        case Mapping():
            return {str(key): json_form(item) for key, item in value.items()}
        case Sequence():
            return [json_form(item) for item in value]
        case Struct():
            return json_form(asdict(value))
        case _:
            return _form_of_model(value)


def _form_of_model(value: object) -> JsonValue:
    from pydantic import BaseModel  # most answers hold no model, and it is slow to load

    from agentctl.events.base import Event

    match value:
        case Event():
            return {"type": value.type, **value.model_dump(mode="json")}
        case BaseModel():
            dumped: JsonValue = value.model_dump(mode="json")
            return dumped
        case _:
            raise InternalError(f"{type(value).__name__} has no form in JSON")


def error_form(error: AgentctlError) -> JsonValue:
    """Return an error as JSON: `{"error": {"kind", "message", "problems"}}`."""
    problems = error.problems if isinstance(error, InvalidInput) else ()
    return {
        "error": {
            "kind": error.kind,
            "message": str(error),
            "problems": [problem_form(problem) for problem in problems],
        }
    }


def problem_form(problem: Problem) -> JsonValue:
    """Return a problem as JSON; what is not known of its place is null."""
    return {
        "file": problem.place.file,
        "line": problem.place.line or None,
        "column": problem.place.column or None,
        "path": problem.path,
        "found": problem.found,
        "accepted": problem.accepted,
        "nearest": problem.nearest,
    }
