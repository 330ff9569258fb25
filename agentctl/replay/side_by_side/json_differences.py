"""Where two JSON values differ, by pointer; pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from msgspec import Struct
from typing_extensions import TypeIs

from agentctl.foundation.canonical import JsonValue, canonical_bytes
from agentctl.foundation.pointer import MISSING, Missing, joined


class JsonDifference(Struct, frozen=True):
    """One place where two values differ, and what stands there on either side; `MISSING` where nothing does."""

    pointer: str
    before: JsonValue | Missing
    after: JsonValue | Missing


def json_differences(before: JsonValue, after: JsonValue, pointer: str = "") -> Iterator[JsonDifference]:
    """Yield every place where two values differ, as deep as both are of one shape."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _of_mappings(before, after, pointer)
    elif _is_list(before) and _is_list(after):
        for index, (one, other) in enumerate(zip_longest(before, after, fillvalue=MISSING)):
            yield from _of_places(one, other, joined(pointer, str(index)))
    elif not same(before, after):
        yield JsonDifference(pointer, before, after)


def same(before: JsonValue | Missing, after: JsonValue | Missing) -> bool:
    """Return whether two values are the same JSON: `1` and `true` are not, though Python says so; 1 and 1.0 are."""
    if isinstance(before, Missing) or isinstance(after, Missing):
        return before is after
    return canonical_bytes(before) == canonical_bytes(after)


def said(value: JsonValue | Missing) -> str:
    """Return a value for a reader: a text as it is, anything else as JSON, nothing where there is nothing."""
    if isinstance(value, Missing):
        return ""
    return value if isinstance(value, str) else canonical_bytes(value).decode()


def _of_mappings(
    before: Mapping[str, JsonValue], after: Mapping[str, JsonValue], pointer: str
) -> Iterator[JsonDifference]:
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name, MISSING), after.get(name, MISSING)
        yield from _of_places(one, other, joined(pointer, name))


def _of_places(
    before: JsonValue | Missing, after: JsonValue | Missing, pointer: str
) -> Iterator[JsonDifference]:
    if isinstance(before, Missing) or isinstance(after, Missing):
        yield JsonDifference(pointer, before, after)
    else:
        yield from json_differences(before, after, pointer)


def _is_list(value: JsonValue) -> TypeIs[Sequence[JsonValue]]:
    return isinstance(value, Sequence) and not isinstance(value, str)
