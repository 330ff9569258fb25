"""The `{name}` in a script's texts and arguments, filled with what the conditions bound."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from agentctl.foundation.canonical import JsonValue
from agentctl.models.script_conversation import json_text

Names = Mapping[str, JsonValue]

_SLOT = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::([a-z]+))?\}")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_CENTS_PER_UNIT = 100


class UnfitScript(ValueError):
    """Raised when a rule cannot do what it says; the message says why."""


def filled(value: JsonValue, names: Names) -> JsonValue:
    """Return a value with every slot in its texts filled; a text that is one slot becomes the bound value itself.

    Raises:
        UnfitScript: nothing binds a name, or its value is not a number where one is needed.
    """
    if isinstance(value, str):
        slot = _SLOT.fullmatch(value)
        return _value_of(slot, names) if slot else filled_text(value, names)
    if isinstance(value, Mapping):
        return {key: filled(item, names) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [filled(item, names) for item in value]
    return value


def filled_text(text: str, names: Names) -> str:
    """Return a text with every slot filled.

    Raises:
        UnfitScript: as for `filled`.
    """
    return _SLOT.sub(lambda slot: _as_text(_value_of(slot, names)), text)


def _value_of(slot: re.Match[str], names: Names) -> JsonValue:
    name, form = slot.group(1), slot.group(2)
    if name not in names:
        raise UnfitScript(f"`{slot.group()}` is used and nothing binds `{name}`")
    if form is None:
        return names[name]
    if form not in {"int", "cents"}:
        raise UnfitScript(f"`{slot.group()}` has an unknown form `{form}`; accepted: `int`, `cents`")
    return _whole(slot.group(), names[name], _CENTS_PER_UNIT if form == "cents" else 1)


def _whole(slot: str, value: JsonValue, factor: int) -> int:
    """Return a bound number times the factor; only what comes out whole is a number of cents or things."""
    text = _as_text(value)
    number = Decimal(text) * factor if _NUMBER.fullmatch(text) else None
    if number is None or number != number.to_integral_value():
        raise UnfitScript(f"`{slot}` is `{text[:80]}`, which is not a number of that form")
    return int(number)


def _as_text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json_text(value)
