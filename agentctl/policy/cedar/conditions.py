"""The conditions of Cedar rules as expressions: their parts, what they speak of, and whether they contradict. Pure.

Expressions are in Cedar's JSON form: `{"<": {"left": ..., "right": {"Value": 3}}}`.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from agentctl.foundation.canonical import JsonObject, JsonValue, canonical_bytes

Sign: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]
Literal_: TypeAlias = Decimal | str | bool

TRUE: Final[JsonObject] = {"Value": True}
FALSE: Final[JsonObject] = {"Value": False}

_SIGNS: Final[Mapping[str, Sign]] = {
    "==": "==",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "lessThan": "<",
    "lessThanOrEqual": "<=",
    "greaterThan": ">",
    "greaterThanOrEqual": ">=",
}
_OPPOSITE: Final[Mapping[Sign, Sign]] = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_MIRRORED: Final[Mapping[Sign, Sign]] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Comparison(Struct, frozen=True):
    """Something that is compared with a literal. `subject` is its canonical form."""

    subject: bytes
    sign: Sign
    literal: Literal_


def clauses(body: JsonObject) -> tuple[JsonObject, ...]:
    """Return the parts of a rule's conditions that must all hold; an `unless` is the opposite of what stands in it."""
    return tuple(part for kind, condition in _conditions(body) for part in _parts(kind, condition))


def opposite(expression: JsonObject) -> JsonObject:
    """Return the expression that holds where this one does not."""
    return {"!": {"arg": expression}}


def parts_of(expression: JsonObject) -> Iterator[JsonObject]:
    """Yield what must all hold for an expression to hold."""
    operator, operands = _split(expression)
    match operator, operands:
        case "&&", {"left": Mapping() as left, "right": Mapping() as right}:
            yield from parts_of(left)
            yield from parts_of(right)
        case "!", {"arg": Mapping() as inner}:
            yield from _parts_of_opposite(expression, inner)
        case _:
            yield expression


def contradict(parts: Iterable[JsonObject]) -> bool:
    """Return whether some parts can never hold together, as far as comparisons with literals tell."""
    listed = tuple(parts)
    if FALSE in listed:
        return True
    forms = {canonical_bytes(part) for part in listed}
    if any(canonical_bytes(opposite(part)) in forms for part in listed):
        return True
    by_subject: dict[bytes, list[Comparison]] = {}
    for comparison in map(comparison_of, listed):
        if comparison is not None:
            by_subject.setdefault(comparison.subject, []).append(comparison)
    return any(_is_impossible(comparisons) for comparisons in by_subject.values())


def comparison_of(expression: JsonObject) -> Comparison | None:
    """Return an expression as a comparison with a literal; None where it is none."""
    operator, operands = _split(expression)
    if operator == "!" and isinstance(operands, Mapping):
        opposed = operands.get("arg")
        inner = comparison_of(opposed) if isinstance(opposed, Mapping) else None
        return inner and Comparison(inner.subject, _OPPOSITE[inner.sign], inner.literal)
    sign = _SIGNS.get(operator)
    sides = _sides(operands)
    if sign is None or sides is None:
        return None
    left, right = map(_literal, sides)
    if right is not None and left is None:
        return Comparison(canonical_bytes(sides[0]), sign, right)
    if left is not None and right is None:
        return Comparison(canonical_bytes(sides[1]), _MIRRORED[sign], left)
    return None


def paths_in(expression: JsonValue) -> Iterator[tuple[str, ...]]:
    """Yield what an expression speaks of, outermost attribute last: `("context", "facts", "amount_usd")`."""
    path = _path(expression)
    if path is not None:
        yield path
        return
    inner: Iterable[JsonValue] = ()
    if isinstance(expression, Mapping):
        inner = _spoken_of(expression)
    elif isinstance(expression, list | tuple):
        inner = expression
    for part in inner:
        yield from paths_in(part)


def _conditions(body: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    listed = body.get("conditions")
    for item in listed if isinstance(listed, list | tuple) else ():
        if isinstance(item, Mapping) and isinstance(item["body"], Mapping):
            yield str(item["kind"]), item["body"]


def _parts(kind: str, condition: JsonObject) -> Iterator[JsonObject]:
    yield from parts_of(condition if kind == "when" else opposite(condition))


def _parts_of_opposite(expression: JsonObject, inner: JsonObject) -> Iterator[JsonObject]:
    operator, operands = _split(inner)
    match operator, operands:
        case "||", {"left": Mapping() as left, "right": Mapping() as right}:
            yield from parts_of(opposite(left))
            yield from parts_of(opposite(right))
        case "!", {"arg": Mapping() as twice}:
            yield from parts_of(twice)
        case "Value", bool():
            yield TRUE if operands is False else FALSE
        case _:
            yield expression


def _split(expression: JsonObject) -> tuple[str, JsonValue]:
    return next(iter(expression.items()), ("", None))


def _sides(operands: JsonValue) -> tuple[JsonValue, JsonValue] | None:
    match operands:
        case {"left": left, "right": right}:
            return left, right
        case [left, right]:
            return left, right
        case _:
            return None


def _literal(expression: JsonValue) -> Literal_ | None:
    match expression:
        case {"Value": bool() | str() as value}:
            return value
        case {"Value": int() as number}:
            return Decimal(number)
        case {"decimal": [{"Value": str() as text}]} | {
            "Value": {"__extn": {"fn": "decimal", "arg": str() as text}}
        }:
            return _decimal(text)
        case _:
            return None


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _is_impossible(comparisons: list[Comparison]) -> bool:
    same = {item.literal for item in comparisons if item.sign == "=="}
    others = {item.literal for item in comparisons if item.sign == "!="}
    if len(same) > 1 or same & others:
        return True
    numbers = [(item.sign, item.literal) for item in comparisons if type(item.literal) is Decimal]
    low = max(((n, sign == ">") for sign, n in numbers if sign in {">", ">=", "=="}), default=None)
    high = min(((n, sign != "<") for sign, n in numbers if sign in {"<", "<=", "=="}), default=None)
    if low is None or high is None:
        return False
    return low[0] > high[0] or (low[0] == high[0] and (low[1] or not high[1]))


def _path(expression: JsonValue) -> tuple[str, ...] | None:
    match expression:
        case {"Var": str() as name}:
            return (name,)
        case {"unknown": [{"Value": str() as name}]}:
            return (name,)
        case {".": {"left": left, "attr": str() as name}} | {"has": {"left": left, "attr": str() as name}}:
            above = _path(left)
            return None if above is None else (*above, name)
        case _:
            return None


def _spoken_of(expression: JsonObject) -> Iterator[JsonValue]:
    """Yield the operands of an expression; what stands in a literal speaks of nothing."""
    for operator, operands in expression.items():
        if operator != "Value":
            yield from operands.values() if isinstance(operands, Mapping) else (operands,)
