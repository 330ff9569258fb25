"""How what is in a record is written: each part by its fields, which the writer of JSON takes as they are.

It is what `model_dump` says of a part, without making a dict of every part first. A property test holds both to the same bytes.
"""

from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from msgspec import Struct

from agentctl.events.base import Part
from agentctl.foundation.canonical import are_doubles_simple
from agentctl.foundation.money import plain

_EXACT = frozenset({str, int, bool, Decimal, NoneType, ...})


def in_full(value: Any) -> object:
    """Return what is written for a part or an amount.

    Raises:
        TypeError: it is neither; or there is a double in it that not everybody writes alike.
    """
    if isinstance(value, Decimal):
        return plain(value)
    kind: Any = type(value)
    form, fields = form_of(kind), value.__dict__
    if len(fields) != form.fields:
        raise TypeError("something was added to it")
    if form.loose and not are_doubles_simple([fields[name] for name in form.loose]):
        raise TypeError("there is a double in it that not everybody writes alike")
    left_out = [name for name, default in form.later if fields[name] == default]
    return {name: fields[name] for name in fields if name not in left_out} if left_out else fields


class Form(Struct, frozen=True):
    """What a class says of its parts: how many fields they have, which may hold doubles, and which came later, with their defaults."""

    fields: int
    loose: tuple[str, ...]
    later: tuple[tuple[str, object], ...]


@cache
def form_of(kind: type) -> Form:
    """Return what a class says of its parts.

    Raises:
        TypeError: it is no class of parts.
    """
    if not issubclass(kind, Part):
        raise TypeError(f"{kind.__name__} is no part of an event")
    fields = kind.model_fields
    return Form(
        len(fields),
        tuple(name for name, field in fields.items() if _may_hold_doubles(field.annotation)),
        tuple((name, field.default) for name, field in fields.items() if field.exclude_if is not None),
    )


def _may_hold_doubles(annotation: object) -> bool:
    """Whether there may be a double in what a type says, beside those in parts, which are looked at by themselves."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal or annotation in _EXACT or _is_part(annotation):
        return False
    inner = inner[:1] if origin is Annotated else inner
    return not inner or any(map(_may_hold_doubles, inner))


def _is_part(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Part)
