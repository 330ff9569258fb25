"""JSON pointers (RFC 6901)."""

from collections.abc import Mapping, Sequence

from agentctl.foundation.canonical import JsonValue

_DIGITS = 9
"""No list is longer than what so many digits can count."""


def at(document: JsonValue, pointer: str) -> JsonValue:
    """Return what stands at a pointer; None where there is nothing.

    JSON's null and absence are one here on purpose: for a judgement, both mean that there is no value. What is not a
    pointer points at nothing; it is never taken for the empty pointer, which is the whole document.
    """
    if pointer and not pointer.startswith("/"):
        return None
    for part in pointer.split("/")[1:]:
        document = _child(document, part.replace("~1", "/").replace("~0", "~"))
    return document


def _child(document: JsonValue, part: str) -> JsonValue:
    if isinstance(document, Mapping):
        return document.get(part)
    if isinstance(document, Sequence) and not isinstance(document, str) and _is_index(part):
        return document[int(part)] if int(part) < len(document) else None
    return None


def _is_index(part: str) -> bool:
    return part == "0" or (
        part.isascii() and part.isdigit() and not part.startswith("0") and len(part) <= _DIGITS
    )
