"""Says what became of an HTTP request, from its status and its body: pure."""

import math
import zlib
from collections.abc import Iterable, Mapping

from msgspec import Struct

from agentctl.contract.tool import HttpExecutor, ToolDescriptor
from agentctl.foundation.canonical import RESULT_LIMITS, JsonValue, Limits, NotJson, parse_json
from agentctl.foundation.pointer import Missing, resolve
from agentctl.tools.executors.executor import Answered, Failed, Outcome, Unknown

MAX_BODY_BYTES = RESULT_LIMITS.max_bytes
_MESSAGE = 500
_SHORTEST_SECRET = 8
_NO_CONTENT = frozenset({204, 205})
_NOBODY_KNOWS = frozenset({408, 409})
_TOO_MANY = 429
_SUCCESS, _REDIRECT, _CLIENT = range(200, 300), range(300, 400), range(400, 500)


class Reply(Struct, frozen=True):
    """What came back. `body` is decompressed; None when it is larger than any answer, broken, or in a form nobody asked for."""

    status: int
    body: bytes | None
    retry_after: str | None = None


def largest_body(descriptor: ToolDescriptor) -> int:
    """Return how many bytes of an answer are taken: what the descriptor says, and never more than any answer has."""
    return min(MAX_BODY_BYTES, descriptor.max_result_bytes)


def outcome_of(descriptor: ToolDescriptor, executor: HttpExecutor, reply: Reply) -> Outcome:
    """Return what a reply says about the effect of a request."""
    status = reply.status
    if status in _SUCCESS:
        return _answered(descriptor, executor, reply)
    if status == _TOO_MANY:
        return Failed(
            _message(executor, reply), status, repeatable=True, retry_after=_seconds(reply.retry_after)
        )
    if status in _REDIRECT:
        return Failed(f"the backend answered {status}; redirects are not followed", status)
    if status in _CLIENT and status not in _NOBODY_KNOWS:
        return Failed(_message(executor, reply), status)
    return uncertain(descriptor, _message(executor, reply), status, retry_after=_seconds(reply.retry_after))


def uncertain(
    descriptor: ToolDescriptor, reason: str, status: int = 0, *, retry_after: float | None = None
) -> Failed | Unknown:
    """Return what it means that nobody can say what happened: nothing for a read, which may be asked again."""
    if descriptor.effect == "read":
        return Failed(reason, status, repeatable=True, retry_after=retry_after)
    return Unknown(reason, status)


def without_secrets(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return a body in which no secret that was sent with the request comes back."""
    words = {word for secret in secrets for word in (secret, secret.rpartition(" ")[2])}
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= _SHORTEST_SECRET:
            body = body.replace(word.encode("utf-8", "surrogatepass"), b"***")
    return body


def decompressed(body: bytes, encoding: str, largest: int = MAX_BODY_BYTES) -> bytes | None:
    """Return the content of a body; None when it is broken, in another encoding, or grows beyond `largest` bytes."""
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _inflated(body, zlib.MAX_WBITS | 16, largest)
        case "deflate":
            return _inflated(body, zlib.MAX_WBITS, largest)
        case _:
            return None


def _inflated(body: bytes, window: int, largest: int) -> bytes | None:
    inflater = zlib.decompressobj(window)
    try:
        content = inflater.decompress(body, largest + 1)
    except zlib.error:
        return None
    return content if inflater.eof and len(content) <= largest else None


def _answered(descriptor: ToolDescriptor, executor: HttpExecutor, reply: Reply) -> Outcome:
    if reply.status in _NO_CONTENT:
        return Answered(None, reply.status)
    value = _json(reply.body, largest_body(descriptor))
    if isinstance(value, NotJson):
        reason = f"the backend answered {reply.status}, and its answer cannot be read: {value}"
        return Failed(reason, reply.status) if descriptor.effect == "read" else Unknown(reason, reply.status)
    return Answered(_selected(executor.select, value), reply.status)


def _selected(select: Mapping[str, str], value: JsonValue) -> JsonValue:
    if not select:
        return value
    found = {name: resolve(value, pointer) for name, pointer in select.items()}
    return {name: item for name, item in found.items() if not isinstance(item, Missing)}


def _message(executor: HttpExecutor, reply: Reply) -> str:
    value = _json(reply.body)
    message = None if isinstance(value, NotJson) else resolve(value, executor.error_message)
    said = f": {message[:_MESSAGE]}" if isinstance(message, str) and message else ""
    return f"the backend answered {reply.status}{said}"[:_MESSAGE]


def _json(body: bytes | None, largest: int = MAX_BODY_BYTES) -> JsonValue | NotJson:
    if body is None:
        return NotJson(f"it is broken, or has more than {largest} bytes")
    try:
        return parse_json(body, Limits(max_bytes=largest))
    except NotJson as error:
        return NotJson(str(error)[:200])


def _seconds(text: str | None) -> float | None:
    """Return the seconds of a `Retry-After`; None where it names none, or a date."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
