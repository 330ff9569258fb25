"""Canonical JSON (RFC 8785), digests over it, and a strict reader for JSON that strangers wrote.

What is hashed is what is executed: callers take a value back from its canonical bytes.
"""

import hashlib
import json
import math
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import orjson
import rfc8785
from msgspec import Struct
from typing_extensions import TypeAliasType

JsonValue = TypeAliasType(
    "JsonValue", "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
JsonObject = TypeAliasType("JsonObject", Mapping[str, JsonValue])

MAX_DEPTH = 64
MAX_NODES = 50_000
_SAFE_DIGITS = 15  # any integer this short is below 2^53
_SAFE_INTEGER = (1 << 53) - 1
_SIMPLE_FROM, _SIMPLE_BELOW = 1e-4, 1e16  # between them nobody writes a double with an exponent
_STRICTLY = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)
_LATE_CHARACTER = re.compile(rb"[\xee-\xf4]")  # what begins a character that UTF-16 sorts in another way
_LONG_NUMBER = re.compile(rb"\d{16}")  # as an integer it may be another number than as a double
_WITHOUT_DOUBLES = frozenset({str, bool, int, type(None)})
_LEAVES = _WITHOUT_DOUBLES | {float}
_HOLDERS = frozenset({dict, list, tuple})


class NotCanonical(ValueError):
    """Raised when a value has no canonical form: NaN, infinity, a lone surrogate, an integer beyond 2^53."""


class NotJson(ValueError):
    """Raised when text is not strict JSON within the limits; the message says what was found."""


class Limits(Struct, frozen=True):
    """How much JSON a reader takes: bytes of text, depth of nesting, number of values."""

    max_bytes: int
    max_depth: int = MAX_DEPTH
    max_nodes: int = MAX_NODES


ARGUMENT_LIMITS = Limits(max_bytes=1 << 20)
RESULT_LIMITS = Limits(max_bytes=8 << 20)


def canonical_bytes(value: JsonValue) -> bytes:
    """Return the RFC 8785 bytes of a value.

    Raises:
        NotCanonical: the value has no canonical form.
    """
    try:
        quick = quick_bytes(value) if are_doubles_simple((value,)) else None
        return rfc8785.dumps(value) if quick is None else quick
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeEncodeError) as error:
        raise NotCanonical(str(error)) from error


def quick_bytes(value: object, in_full: Callable[[Any], object] | None = None) -> bytes | None:
    """Return what a writer in Rust makes of a value, where that is what RFC 8785 wants; None where it may not be.

    It differs in doubles that JavaScript writes in another way, which are to be looked for first, and in keys that UTF-16
    puts in another order; what is no JSON it refuses by itself. `in_full` says what stands for what is none, or raises
    TypeError.
    """
    try:
        data = orjson.dumps(value, in_full, _STRICTLY)
    except TypeError as error:  # the reference says better what is wrong
        if error.__cause__ is None or isinstance(error.__cause__, Exception):
            return None
        raise error.__cause__ from None  # an interrupt, which the writer takes for a refusal
    return data if data.isascii() or not _LATE_CHARACTER.search(data) else None


def are_doubles_simple(items: Iterable[Any]) -> bool:
    """Whether every double in some values is written alike by everybody; also no, where there is what is no JSON.

    Raises:
        RecursionError: they are very deep; perhaps one holds itself.
    """
    for item in items:
        kind = type(item)
        if kind in _WITHOUT_DOUBLES:
            continue
        if kind in _HOLDERS:
            if not are_doubles_simple(item.values() if kind is dict else item):
                return False
        elif kind is not float or not _is_simple_double(item):
            return False
    return True


def _is_simple_double(number: float) -> bool:
    return _SIMPLE_FROM <= abs(number) < _SIMPLE_BELOW and not number.is_integer()


def digest_of(value: JsonValue) -> str:
    """Return `sha256:<hex>` of the canonical bytes of a value."""
    return digest_bytes(canonical_bytes(value))


def digest_bytes(data: bytes) -> str:
    """Return `sha256:<hex>` of some bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def canonical_copy(value: JsonValue) -> JsonValue:
    """Return the value as read back from its canonical bytes: what is hashed is what is used.

    Raises:
        NotCanonical: the value has no canonical form.
    """
    data = canonical_bytes(value)
    copy: JsonValue = (
        json.loads(data, parse_int=_integer) if _LONG_NUMBER.search(data) else orjson.loads(data)
    )
    return copy


def parse_json(text: str | bytes, limits: Limits) -> JsonValue:
    """Return the value of strict JSON text.

    Refused, beside what is not JSON: too many bytes, too deep, too many values, a key given twice, NaN and
    infinity, numbers that overflow, text that is not UTF-8, half a surrogate pair.

    Raises:
        NotJson: the text is refused.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > limits.max_bytes:
        raise NotJson(f"{len(data)} bytes, more than the {limits.max_bytes} allowed")
    if data.startswith(BOM_UTF8):
        raise NotJson("a byte order mark (BOM), which is no part of JSON")
    try:
        value: JsonValue = _READER.decode(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error
    if is_perhaps_beyond(data, limits):
        refuse_size(value, limits)
    if b"\\u" in data:  # only an escape can bring half a pair past the decoding above
        _refuse_half_pairs(value)
    return value


def is_perhaps_beyond(data: bytes, limits: Limits) -> bool:
    """Whether JSON text could be deeper, or hold more values, than a reader takes; where not, nobody need walk through it.

    It holds no more values than bytes, and is at most one deeper than it has brackets.
    """
    return len(data) > limits.max_nodes or data.count(b"{") + data.count(b"[") >= limits.max_depth


def refuse_size(value: JsonValue, limits: Limits) -> None:
    """Check a value that did not come from text: depth and number of values.

    Raises:
        NotJson: the value is deeper or larger than the limits.
    """
    nodes, depth, level = 0, 0, [value]
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if depth > limits.max_depth:
            raise NotJson(f"nested deeper than {limits.max_depth}")
        if nodes > limits.max_nodes:
            raise NotJson(f"more than {limits.max_nodes} values")
        level = [child for item in level if type(item) not in _LEAVES for child in _children(item)]


def _children(item: JsonValue) -> Iterable[JsonValue]:
    if isinstance(item, Mapping):
        return item.values()
    if isinstance(item, Sequence) and not isinstance(item, str):
        return item
    return ()


def _object_without_duplicates(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        key, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise NotJson(f"the key `{key}` stands twice")
    return found


def _refuse_half_pairs(value: JsonValue) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotJson("half a surrogate pair, which is no character") from error


def _integer(text: str) -> int | float:
    """Return an integer, or the double whose canonical form reads like one.

    RFC 8785 writes doubles below 1e21 without an exponent; read as integers they would have no canonical form.
    """
    number = int(text)
    if len(text) <= _SAFE_DIGITS or abs(number) <= _SAFE_INTEGER:
        return number
    double = float(text)
    return double if math.isfinite(double) and rfc8785.dumps(double) == text.encode() else number


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"`{name}` is not a JSON number")


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotJson(f"`{text}` is too large a number")
    return number


_READER = json.JSONDecoder(
    object_pairs_hook=_object_without_duplicates,
    parse_constant=_refuse_constant,
    parse_float=_finite_float,
    parse_int=_integer,
)
