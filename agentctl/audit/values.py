"""Values of DuckDB as JSON; standard library only, no file is opened for it."""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal

from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.money import plain

_MOMENT = "TIMESTAMP WITH TIME ZONE"
_NO_FORM = ("WITH TIME ZONE", "INTERVAL", "_NS")
"""Parts of types whose values Python cannot hold, or not exactly."""


def cast_for(type_: str) -> str:
    """Return what a value of a type is cast to before it is fetched; empty for most."""
    if type_ == _MOMENT:
        return "TIMESTAMP"  # of UTC, as all others
    return "VARCHAR" if any(part in type_ for part in _NO_FORM) else ""


def as_json(value: object, *, parse: bool = False) -> JsonValue:
    """Return a value as JSON: numbers stay, amounts become decimal text, moments RFC 3339.

    Args:
        value: what DuckDB gave.
        parse: whether it is the text of a JSON value, which is returned as that value.
    """
    match value:
        case str() if parse:
            return _parsed(value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return plain(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case list() | tuple():
            return [as_json(item) for item in value]
        case Mapping():
            return {str(key): as_json(item) for key, item in value.items()}
        case _:
            return _written(value)


def _written(value: object) -> str:
    match value:
        case datetime():
            return f"{value.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _parsed(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text
    return value
