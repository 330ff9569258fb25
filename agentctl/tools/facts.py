"""The facts of a call, computed from its arguments or result, and the name of its effect: pure.

A fact that cannot be computed is absent, with a reason; what depends on it then takes the restrictive reading.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias
from urllib.parse import quote

from msgspec import Struct

from agentctl.contract.tool import Fact, ToolDescriptor
from agentctl.foundation.canonical import JsonValue, NotCanonical, canonical_bytes
from agentctl.foundation.money import from_minor_units, parse_decimal
from agentctl.foundation.pointer import MISSING, Missing, resolve

FactValue: TypeAlias = str | Decimal
"""A text, or an exact number; amounts are in major units."""

_EXACT = 2**53
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_PLACEHOLDER = re.compile(r"\{([a-zA-Z0-9_]+)\}")


class Facts(Struct, frozen=True):
    """What is known of a call, and why the rest is not."""

    values: Mapping[str, FactValue]
    missing: Mapping[str, str]


class _NotComputed(ValueError):
    """Raised when a fact or a name cannot be computed; the message says why."""


def facts_of(
    descriptor: ToolDescriptor, arguments: JsonValue, result: JsonValue | Missing = MISSING
) -> Facts:
    """Return the facts of a call; without a result, those that are read from it are missing."""
    values: dict[str, FactValue] = {}
    missing: dict[str, str] = {}
    for name, fact in descriptor.facts.items():
        try:
            values[name] = _computed(name, fact, arguments if fact.source == "arguments" else result)
        except _NotComputed as error:
            missing[name] = str(error)
    return Facts(values, missing)


def effect_key(descriptor: ToolDescriptor, arguments: JsonValue) -> str | None:
    """Return the name of a call's effect: `refund:ch_1:5000`.

    Calls with other values have other names, whatever the values hold; a number and its text count as the same value.
    None if the descriptor declares no name, or if it cannot be filled: `effect_key_problem` tells these two apart.
    """
    try:
        return _filled(descriptor.effect_key or "", arguments) or None
    except _NotComputed:
        return None


def effect_key_problem(descriptor: ToolDescriptor, arguments: JsonValue) -> str | None:
    """Return why the declared name of a call's effect cannot be filled; None if it can, or if none is declared."""
    try:
        _filled(descriptor.effect_key or "", arguments)
    except _NotComputed as error:
        return str(error)
    return None


def _computed(name: str, fact: Fact, document: JsonValue | Missing) -> FactValue:
    if isinstance(document, Missing):
        raise _NotComputed("it is read from the result, and there is none yet")
    value = _at(document, fact.pointer)
    currency = None if fact.currency is None else _currency(_at(document, fact.currency))
    if name.endswith("_usd") and currency not in {None, "USD"}:
        raise _NotComputed(f"the currency is `{currency}`; accepted: `USD`")
    match fact.unit:
        case "text":
            return _text(value)
        case "number":
            return _not_negative(name, fact, _number(value))
        case "minor_units":
            return _not_negative(name, fact, _amount(value, currency))


def _at(document: JsonValue, pointer: str) -> JsonValue:
    value = resolve(document, pointer)
    if isinstance(value, Missing) or value is None:
        raise _NotComputed(f"there is nothing at `{pointer}`")
    return value


def _currency(value: JsonValue) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise _NotComputed(f"the currency is {_kind(value)}; accepted: a text of three letters")
    return value.upper()


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise _NotComputed(f"found {_kind(value)}; accepted: a text")
    return value


def _number(value: JsonValue) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _NotComputed(f"found {_kind(value)}; accepted: a number")
    if abs(value) > _EXACT:
        raise _NotComputed("it is too large a number to be exact")
    try:
        return parse_decimal(str(value))
    except ValueError as error:
        raise _NotComputed(str(error)) from error


def _amount(value: JsonValue, currency: str | None) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _NotComputed(f"found {_kind(value)}; accepted: a whole number of minor units")
    if abs(value) > _EXACT:
        raise _NotComputed("it is too large a number to be exact")
    return from_minor_units(value, currency or "")


def _not_negative(name: str, fact: Fact, number: Decimal) -> Decimal:
    """Refuse a negative amount: it would make a total smaller than what was spent."""
    if number < 0 and (fact.unit == "minor_units" or fact.total_per is not None or name.endswith("_usd")):
        raise _NotComputed("the amount is negative; accepted: zero or more")
    return number


def _filled(template: str, arguments: JsonValue) -> str:
    return _PLACEHOLDER.sub(lambda match: _part(match[1], arguments), template)


def _part(name: str, arguments: JsonValue) -> str:
    """Return a value so encoded that it holds no separator."""
    value = _at(arguments, f"/{name}")
    try:
        data = value.encode() if isinstance(value, str) else canonical_bytes(value)
    except (NotCanonical, UnicodeEncodeError) as error:
        raise _NotComputed(f"the argument `{name}` has no canonical form") from error
    return quote(data, safe="")


def _kind(value: JsonValue) -> str:
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "another text"
        case Mapping():
            return "an object"
        case _:
            return "an array"
