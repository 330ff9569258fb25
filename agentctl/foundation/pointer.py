"""JSON pointers (RFC 6901)."""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

from agentctl.foundation.canonical import JsonValue

_LONGEST_INDEX = 9
_BAD_ESCAPE = re.compile(r"~(?![01])")


class Missing(Enum):
    """What stands where nothing stands; JSON's null is a value."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


def resolve(document: JsonValue, pointer: str) -> JsonValue | Missing:
    """Return what stands at a pointer, or `MISSING`: null is a value here. What is not a pointer points at nothing."""
    if pointer and not pointer.startswith("/"):
        return MISSING
    found: JsonValue | Missing = document
    for part in pointer.split("/")[1:]:
        found = _child(found, part)
    return found


def at(document: JsonValue, pointer: str) -> JsonValue:
    """Return what stands at a pointer; None where there is nothing.

    JSON's null and absence are one here on purpose: for a judgement, both mean that there is no value.
    """
    found = resolve(document, pointer)
    return None if isinstance(found, Missing) else found


def joined(pointer: str, part: str) -> str:
    """Return the pointer to what `part` names inside what a pointer points at."""
    return f"{pointer}/{part.replace('~', '~0').replace('/', '~1')}"


def _child(value: JsonValue | Missing, part: str) -> JsonValue | Missing:
    if isinstance(value, Mapping):
        name = _unescaped(part)
        return MISSING if name is None else value.get(name, MISSING)
    if isinstance(value, Sequence) and not isinstance(value, str) and _is_index(part):
        return value[int(part)] if int(part) < len(value) else MISSING
    return MISSING


def _unescaped(part: str) -> str | None:
    """Return the name a part stands for; None where a `~` is followed by neither `0` nor `1`."""
    if "~" not in part:
        return part
    if _BAD_ESCAPE.search(part):
        return None
    return part.replace("~1", "/").replace("~0", "~")


def _is_index(part: str) -> bool:
    # A longer number indexes nothing that fits in memory, and `int` refuses very long ones.
    return (
        part.isascii() and part.isdigit() and len(part) <= _LONGEST_INDEX and (part == "0" or part[0] != "0")
    )
