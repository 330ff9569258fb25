"""Plain data as YAML text that our own reader takes back as it was: block style, and quotes wherever a word could be doubted."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, assert_never

from agentctl.contract.scalars import resolve, resolve_key
from agentctl.foundation.canonical import JsonValue

_PLAIN: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9 _./@+-]|:(?=[A-Za-z0-9]))*")
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_SEEN: Final = re.compile(
    r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]+"
)
_LONGEST_LINE: Final = 100
_STEP: Final = "  "


def yaml_text(value: JsonValue, indent: int = 0) -> str:
    """Return a value as YAML lines, each indented by so many spaces."""
    return "".join(f"{' ' * indent}{line}\n" for line in _lines(value))


def _lines(value: JsonValue) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _entry(f"{_key(name)}:", item)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for item in value:
            yield from _item(item)
    else:
        yield _flow(value)


def _entry(head: str, item: JsonValue) -> Iterator[str]:
    flow = _flow(item)
    if not _is_long(item, f"{head} {flow}"):
        yield f"{head} {flow}"
        return
    yield head
    yield from (f"{_STEP}{line}" for line in _lines(item))


def _item(item: JsonValue) -> Iterator[str]:
    flow = _flow(item)
    if not _is_long(item, flow):
        yield f"- {flow}"
        return
    first, *rest = _lines(item)
    yield f"- {first}"
    yield from (f"{_STEP}{line}" for line in rest)


def _is_long(item: JsonValue, line: str) -> bool:
    """Whether a value is better written over several lines; a text is always one."""
    return isinstance(item, Mapping | list | tuple) and bool(item) and len(line) > _LONGEST_LINE


def _flow(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _number(value)
        case str():
            return _text(value)
        case Mapping():
            return "{" + ", ".join(f"{_key(name)}: {_flow(item)}" for name, item in value.items()) + "}"
        case Sequence():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case _ as never:
            assert_never(never)


def _number(value: float) -> str:
    """Return a number without an exponent, with a point, and with the 15 digits that our reader takes."""
    text = format(Decimal(f"{value:.15g}"), "f")
    return text if "." in text else f"{text}.0"


def _key(name: str) -> str:
    return name if _KEY.fullmatch(name) and resolve_key(name) == name else _quoted(name)


def _text(text: str) -> str:
    is_plain = _PLAIN.fullmatch(text) and not text.endswith(" ") and resolve(text) == text
    return text if is_plain else _quoted(text)


def _quoted(text: str) -> str:
    """Return a text in double quotes; whatever a reader would not see is written as its escape."""
    pieces = (
        json.dumps(piece, ensure_ascii=False)[1:-1]
        if _SEEN.fullmatch(piece)
        else "".join(map(_escape, piece))
        for piece in _pieces(text)
    )
    return f'"{"".join(pieces)}"'


def _pieces(text: str) -> Iterator[str]:
    """Yield a text in stretches that are seen, and others."""
    done = 0
    for seen in _SEEN.finditer(text):
        if seen.start() > done:
            yield text[done : seen.start()]
        yield seen.group()
        done = seen.end()
    if done < len(text):
        yield text[done:]


def _escape(char: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char) or (
        f"\\U{ord(char):08x}" if ord(char) > 0xFFFF else f"\\u{ord(char):04x}"  # noqa: PLR2004 - the end of the plane
    )
