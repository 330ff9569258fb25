"""Turns a descriptor's templates and a call's arguments into one HTTP request: pure.

`{name}` stands for an argument. What an argument holds never becomes structure: no new path segment, field or header.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote, urlencode

from msgspec import Struct

from agentctl.contract.tool import HttpExecutor
from agentctl.foundation.canonical import JsonObject, JsonValue, NotCanonical, canonical_bytes
from agentctl.foundation.pointer import MISSING, Missing

_NAME = re.compile(r"\{([A-Za-z0-9_]+)\}")
_DECODED_AT_MOST = 4
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class NotRendered(ValueError):
    """Raised when arguments do not make a request; the message says why, and nothing was sent."""


class RenderedRequest(Struct, frozen=True):
    """What is sent: `target` is path and query below the backend's URL, percent-encoded."""

    target: str
    content_type: str | None = None
    body: bytes | None = None


def render(executor: HttpExecutor, arguments: JsonObject) -> RenderedRequest:
    """Return the request of a call.

    Raises:
        NotRendered: an argument is missing, or holds what has no place where it should stand.
    """
    query = _encoded(executor.query, arguments)
    target = _path(executor.path, arguments) + (f"?{query}" if query else "")
    if executor.form is not None:
        form = _encoded(executor.form, arguments)
        return RenderedRequest(target, "application/x-www-form-urlencoded", form.encode("ascii"))
    if executor.body is not None:
        return RenderedRequest(target, "application/json", _json_body(executor.body, arguments))
    return RenderedRequest(target)


def _path(template: str, arguments: JsonObject) -> str:
    return "/".join(_segment(segment, arguments) for segment in template.split("/"))


def _segment(template: str, arguments: JsonObject) -> str:
    if not _NAME.search(template):
        return quote(template, safe="%:@!$&'()*+,;=~")
    segment = _text(template, arguments)
    if segment == "" or _CONTROL.search(segment) or not _is_one_segment(segment):
        raise NotRendered(f"`{template}` in the path would not be one plain segment")
    return _quoted(segment)


def _is_one_segment(segment: str) -> bool:
    """Return whether nobody can read more than one name in it, however often it is decoded on the way."""
    for _ in range(_DECODED_AT_MOST):
        plain = unicodedata.normalize("NFKC", segment)
        if plain.strip() in {"", ".", ".."} or "/" in plain or "\\" in plain:
            return False
        segment = unquote(segment)
    return "%" not in segment or unquote(segment) == segment


def _quoted(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise NotRendered("half of a character cannot be sent") from error


def _encoded(fields: Mapping[str, str], arguments: JsonObject) -> str:
    try:
        return urlencode(
            [(name, _text(template, arguments)) for name, template in _present(fields, arguments)]
        )
    except UnicodeEncodeError as error:
        raise NotRendered("half of a character cannot be sent") from error


def _present(fields: Mapping[str, str], arguments: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield the fields that have something to say: those without arguments, and those with at least one that is given."""
    for name, template in fields.items():
        names = _NAME.findall(template)
        if not names or any(arguments.get(argument) is not None for argument in names):
            yield name, template


def _json_body(fields: Mapping[str, str], arguments: JsonObject) -> bytes:
    body: dict[str, JsonValue] = {}
    for name, template in fields.items():
        value = _json_field(template, arguments)
        if not isinstance(value, Missing):
            body[name] = value
    try:
        return canonical_bytes(body)
    except NotCanonical as error:
        raise NotRendered(f"the body has no canonical form: {error}") from error


def _json_field(template: str, arguments: JsonObject) -> JsonValue | Missing:
    """Return the argument itself where the template is nothing but its name, else text."""
    alone = _NAME.fullmatch(template)
    if alone is not None:
        return arguments.get(alone[1], MISSING)
    return _text(template, arguments) if list(_present({"": template}, arguments)) else MISSING


def _text(template: str, arguments: JsonObject) -> str:
    return _NAME.sub(lambda match: _scalar(match[1], arguments), template)


def _scalar(name: str, arguments: JsonObject) -> str:
    match arguments.get(name):
        case None:
            raise NotRendered(f"the argument `{name}` is missing")
        case bool() as value:
            return "true" if value else "false"
        case int() | float() as value:
            return _number(name, value)
        case str() as value:
            return value
        case _:
            raise NotRendered(
                f"the argument `{name}` is an object or an array, and only text has a place there"
            )


def _number(name: str, value: float) -> str:
    try:
        return canonical_bytes(value).decode()
    except NotCanonical as error:
        raise NotRendered(f"the argument `{name}` is no number that can be sent") from error
