"""Cedar's expressions as a person would write them: no more parentheses than are needed. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from agentctl.foundation.canonical import JsonObject, JsonValue

_INFIX: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "in", "&&", "||"})
_METHODS: Final = frozenset({"contains", "containsAll", "containsAny", "getTag", "hasTag"})
_CONSTRUCTORS: Final = frozenset({"decimal", "ip", "datetime", "duration"})
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BINDING: Final = {"if-then-else": 0, "||": 1, "&&": 2, "+": 4, "-": 4, "*": 5, "!": 6}
_COMPARES: Final = 3
_TIGHTEST: Final = 7
_LOOSE: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "has", "like", "is"})


def text_of(expression: JsonValue) -> str:
    """Return an expression on one line."""
    if not isinstance(expression, Mapping) or len(expression) != 1:
        return json.dumps(expression)
    ((operator, operands),) = expression.items()
    match operands:
        case str() if operator == "Var":
            return operands
        case Mapping() if operator in _INFIX:
            level = _level(expression)
            looser = level + 1 if operator in _LOOSE else level
            return f"{_inner(operands['left'], looser)} {operator} {_inner(operands['right'], looser)}"
        case Mapping() if operator in _METHODS:
            return f"{_inner(operands['left'])}.{operator}({text_of(operands['right'])})"
        case list() | tuple():
            return _call(operator, operands)
        case Mapping():
            return _special(operator, operands)
        case _:
            return _value(operands)


def _call(operator: str, operands: Sequence[JsonValue]) -> str:
    listed = [text_of(item) for item in operands]
    if operator == "Set":
        return f"[{', '.join(listed)}]"
    if operator in _CONSTRUCTORS:
        return f"{operator}({', '.join(listed)})"
    return f"{_inner(operands[0])}.{operator}({', '.join(listed[1:])})"


def _special(operator: str, operands: JsonObject) -> str:
    match operator, operands:
        case ".", {"left": left, "attr": str() as name}:
            return f"{_inner(left)}{_attribute(name)}"
        case "has", {"left": left, "attr": str() as name}:
            return f"{_inner(left, _COMPARES + 1)} has {name if _NAME.fullmatch(name) else json.dumps(name)}"
        case "!", {"arg": inner}:
            return f"!{_inner(inner, _BINDING['!'])}"
        case "like", {"left": left, "pattern": list() as pattern}:
            return f"{_inner(left, _COMPARES + 1)} like {json.dumps(''.join(map(_piece, pattern)))}"
        case "is", {"left": left, "entity_type": kind}:
            within = f" in {_inner(operands['in'], _COMPARES + 1)}" if "in" in operands else ""
            return f"{_inner(left, _COMPARES + 1)} is {kind}{within}"
        case "if-then-else", {"if": condition, "then": yes, "else": no}:
            return f"if {text_of(condition)} then {text_of(yes)} else {text_of(no)}"
        case "Record", _:
            return f"{{{', '.join(f'{name}: {text_of(item)}' for name, item in operands.items())}}}"
        case _:
            return _value(operands)


def _value(value: JsonValue) -> str:
    match value:
        case {"__entity": {"type": kind, "id": name}}:
            return f"{kind}::{json.dumps(name)}"
        case {"__extn": {"fn": function, "arg": arg}}:
            return f"{function}({json.dumps(arg)})"
        case _:
            return json.dumps(value)


def _inner(expression: JsonValue, level: int = _TIGHTEST) -> str:
    """Return an operand, in parentheses where it binds less than what stands around it."""
    text = text_of(expression)
    return text if _level(expression) >= level else f"({text})"


def _level(expression: JsonValue) -> int:
    operator = next(iter(expression), "") if isinstance(expression, Mapping) else ""
    return _COMPARES if operator in _LOOSE else _BINDING.get(operator, _TIGHTEST)


def _attribute(name: str) -> str:
    return f".{name}" if _NAME.fullmatch(name) else f"[{json.dumps(name)}]"


def _piece(part: JsonValue) -> str:
    return str(part["Literal"]) if isinstance(part, Mapping) else "*"


def scope_text(which: str, scope: JsonObject) -> str:
    """Return what a rule's scope says of its principal or resource."""
    match scope:
        case {"op": "is", "entity_type": kind, "in": {"entity": entity}}:
            return f"{which} is {kind} in {_entity(entity)}"
        case {"op": "is", "entity_type": kind}:
            return f"{which} is {kind}"
        case {"op": operator, "entity": entity}:
            return f"{which} {operator} {_entity(entity)}"
        case _:
            return which


def _entity(entity: JsonValue) -> str:
    return f"{entity['type']}::{json.dumps(entity['id'])}" if isinstance(entity, Mapping) else "?"
