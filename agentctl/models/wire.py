"""The chat-completions protocol as data: a request into its body, a response or a status into an answer or a failure.

Pure, and shared by every client that speaks the protocol, so that two clients read the same server alike.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from agentctl.foundation.addresses import host_and_port
from agentctl.foundation.canonical import (
    ARGUMENT_LIMITS,
    RESULT_LIMITS,
    JsonObject,
    JsonValue,
    NotJson,
    parse_json,
)
from agentctl.models.client import (
    Message,
    ModelAnswer,
    ModelFailure,
    ModelRequest,
    RequestedCall,
    ToolDefinition,
    Usage,
)
from agentctl.models.wire_names import names_by_wire_name, wire_name

MAX_RESPONSE_BYTES = RESULT_LIMITS.max_bytes
_MAX_MESSAGE = 500
_MAX_LABEL = 256
_SHORTEST_SECRET = 8  # anything shorter is a stand-in, and may be part of any word
_MAX_TOKENS = 100_000_000  # ten times the largest context there is; above, the count is nonsense
_SECONDS = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)

_WRITER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=dict
)  # any mapping is an object
_SENT = "_sent"
_Part = TypeVar("_Part", Message, ToolDefinition)

_TOO_MANY_REQUESTS = 429
_GAVE_UP_WAITING = {408, 504}  # somebody on the way stopped waiting; the model may have answered all the same
_SERVER_ERRORS = range(500, 600)


# -- what is sent ---------------------------------------------------------------------------------


def sent_bytes(request: ModelRequest) -> bytes:
    """Return the body of a chat-completions request, as it is sent; what has no UTF-8 form (lone surrogates) becomes `?`.

    The bytes are made once: a request is priced by them and then sent. So is what of them the next request sends again, its
    tools and the messages so far.
    """
    kept: dict[str, bytes] = vars(request)
    if _SENT not in kept:
        kept[_SENT] = _joined(request).encode("utf-8", "replace")
    return kept[_SENT]


def request_body(request: ModelRequest) -> dict[str, JsonValue]:
    """Return the body of a chat-completions request as whoever is sent it reads it: a copy that may be changed."""
    body: dict[str, JsonValue] = json.loads(sent_bytes(request))
    return body


def request_bytes(request: ModelRequest) -> int:
    """Return the number of bytes sent for a request: no tokenizer makes more tokens of it."""
    return len(sent_bytes(request))


def _joined(request: ModelRequest) -> str:
    """Return the text of a request's body, put together from the texts of its messages and tools."""
    messages, tools = _listed(request.messages, _wire_message), _listed(request.tools, _wire_tool)
    members = (
        f'"model":{_text(request.model)}',
        f'"messages":[{messages}]',
        f'"max_tokens":{request.max_output_tokens}',
        *((f'"tools":[{tools}]',) if request.tools else ()),
        *((f'"seed":{request.seed}',) if request.seed is not None else ()),
    )
    return "{" + ",".join(members) + "}"


def _listed(parts: Iterable[_Part], wired: Callable[[_Part], JsonObject]) -> str:
    """Return the texts of parts on the wire; each is kept with its part."""
    return ",".join([vars(part).get(_SENT) or _written(part, wired) for part in parts])


def _written(part: _Part, wired: Callable[[_Part], JsonObject]) -> str:
    text = vars(part)[_SENT] = _text(wired(part))
    return text


def _text(value: JsonValue) -> str:
    return _WRITER.encode(value)


def _wire_message(message: Message) -> JsonObject:
    wired: dict[str, JsonValue] = {"role": message.role, "content": message.text}
    if message.calls:
        wired["content"] = message.text or None
        wired["tool_calls"] = [_wire_call(call) for call in message.calls]
    if message.answers is not None:
        wired["tool_call_id"] = message.answers
    return wired


def _wire_call(call: RequestedCall) -> JsonObject:
    function = {"name": wire_name(call.name), "arguments": _sendable_arguments(call.arguments)}
    return {"id": call.provider_id, "type": "function", "function": function}


def _sendable_arguments(text: str) -> str:
    """Return the arguments of an earlier call so that a server which parses the history does not fail over them."""
    if not text.strip():
        return "{}"
    try:
        value = parse_json(text, ARGUMENT_LIMITS)
    except NotJson:
        return json.dumps({"malformed_arguments": text})
    return text if isinstance(value, dict) else json.dumps({"malformed_arguments": text})


def _wire_tool(tool: ToolDefinition) -> JsonObject:
    function: JsonObject = {
        "name": wire_name(tool.name),
        "description": tool.description,
        "parameters": tool.arguments,
    }
    return {"type": "function", "function": function}


# -- what comes back ------------------------------------------------------------------------------


def answer_from_bytes(data: bytes, request: ModelRequest) -> ModelAnswer | ModelFailure:
    """Return what a 2xx body says; one that cannot be read may have been computed and charged."""
    try:
        return answer_from_value(parse_json(data, RESULT_LIMITS), request)
    except NotJson as error:
        return unreadable(str(error))


def answer_from_value(body: JsonValue, request: ModelRequest) -> ModelAnswer | ModelFailure:
    """Return what a parsed 2xx body says."""
    root = _object(body)
    choice = _object(_first(root.get("choices")))
    message = _object(choice.get("message"))
    if not message:
        return unreadable(_error_message(root) or "there is no message in it")
    text = _text_of(message)
    calls = _calls_of(message.get("tool_calls"), request)
    return ModelAnswer(
        text=text,
        calls=calls,
        usage=_usage_of(_object(root.get("usage")), something_came=bool(text or calls)),
        finish_reason=_label(choice.get("finish_reason")),
        response_id=_label(root.get("id")),
        response_model=_label(root.get("model")),
    )


def not_reached(url: str | None, why: str) -> ModelFailure:
    """Return the failure where no connection was made: nothing was sent, nothing can have been charged.

    Args:
        url: where it should have led; None: only the provider's library knows.
        why: what the system says.
    """
    place = "" if url is None else " at {}:{}".format(*host_and_port(url))
    return ModelFailure("unavailable", shortened(f"the server{place} was not reached: {why}"))


def unreadable(reason: str) -> ModelFailure:
    """Return the failure for a response that arrived and cannot be used."""
    return ModelFailure("unknown_outcome", shortened(f"the response cannot be read: {reason}"))


def _text_of(message: JsonObject) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(_clean(_object(part).get("text")) for part in content)
    return _clean(content) or _clean(message.get("refusal"))


def _calls_of(found: JsonValue, request: ModelRequest) -> tuple[RequestedCall, ...]:
    entries = [_object(entry) for entry in _list(found)]
    if not entries:  # a final text, mostly
        return ()
    functions = [_object(entry.get("function")) for entry in entries]
    offered = names_by_wire_name(tool.name for tool in request.tools)
    ids = _unique_ids([_clean(entry.get("id")) for entry in entries], _ids_in(request))
    return tuple(
        RequestedCall(provider_id, _name_of(function, offered), _arguments_of(function))
        for provider_id, function in zip(ids, functions, strict=True)
    )


def _name_of(function: JsonObject, offered: Mapping[str, str]) -> str:
    name = _clean(function.get("name"))
    return offered.get(name, name)


def _arguments_of(function: JsonObject) -> str:
    """Return the text of the arguments; some servers send an object where the protocol says text."""
    arguments = function.get("arguments")
    if arguments is None or isinstance(arguments, str):
        return _clean(arguments)
    return _clean(json.dumps(arguments, ensure_ascii=False))


def _ids_in(request: ModelRequest) -> set[str]:
    return {call.provider_id for message in request.messages for call in message.calls}


def _unique_ids(wanted: Iterable[str], taken: set[str]) -> list[str]:
    """Return one id for each call, none used before: servers repeat ids and leave them out."""
    used = set(taken)
    suffixes: dict[str, int] = {}
    return [_free(name or f"call_{number}", used, suffixes) for number, name in enumerate(wanted, start=1)]


def _free(wanted: str, used: set[str], suffixes: dict[str, int]) -> str:
    name = wanted
    while name in used:
        suffixes[wanted] = suffixes.get(wanted, 1) + 1
        name = f"{wanted}_{suffixes[wanted]}"
    used.add(name)
    return name


def _usage_of(usage: JsonObject, *, something_came: bool) -> Usage:
    """Return the counts that can be believed. Zero for something means that nobody counted."""
    return Usage(
        input_tokens=_count(usage.get("prompt_tokens"), at_least=1),
        output_tokens=_count(usage.get("completion_tokens"), at_least=1 if something_came else 0),
    )


def _count(found: JsonValue, *, at_least: int) -> int | None:
    if isinstance(found, bool) or not isinstance(found, int):
        return None
    return found if at_least <= found <= _MAX_TOKENS else None


# -- failures -------------------------------------------------------------------------------------


def failure_from_status(status: int, message: str, retry_after: str | None = None) -> ModelFailure:
    """Return the failure that an HTTP status other than 2xx stands for."""
    said = shortened(
        f"the provider answered {status}: {message}" if message else f"the provider answered {status}"
    )
    if status == _TOO_MANY_REQUESTS:
        return ModelFailure("rate_limited", said, retry_after_seconds(retry_after))
    if status in _GAVE_UP_WAITING:
        return ModelFailure("unknown_outcome", said)
    if status in _SERVER_ERRORS:
        return ModelFailure("unavailable", said, retry_after_seconds(retry_after))
    return ModelFailure("refused", said)


def error_message_in(data: bytes) -> str:
    """Return the server's own message out of an error body, else the beginning of the body."""
    try:
        message = _error_message(_object(parse_json(data, RESULT_LIMITS)))
    except NotJson:
        message = ""
    return message or data[:_MAX_MESSAGE].decode("utf-8", "replace").strip()


def retry_after_seconds(header: str | None) -> float | None:
    """Return a `Retry-After` in seconds; its other form, a date, is not read."""
    if header is None or not _SECONDS.fullmatch(header.strip()):
        return None
    return float(header)


def shortened(message: str) -> str:
    """Return a message of strangers on one line and not longer than people read."""
    return " ".join(message.split())[:_MAX_MESSAGE]


def without_secret(failure: ModelFailure, secret: str | None) -> ModelFailure:
    """Return the failure with the key taken out of its message: some servers repeat it there."""
    if secret is None or len(secret) < _SHORTEST_SECRET or secret not in failure.message:
        return failure
    return ModelFailure(failure.kind, failure.message.replace(secret, "[api key]"), failure.retry_after)


def _error_message(root: JsonObject) -> str:
    error = root.get("error")
    return _clean(_object(error).get("message")) or _clean(error) or _clean(root.get("message"))


# -- reading what strangers wrote -----------------------------------------------------------------


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list) else ()


def _first(value: JsonValue) -> JsonValue:
    return next(iter(_list(value)), None)


def _clean(value: JsonValue) -> str:
    """Return text that has a UTF-8 form, so that it can be journaled; anything but text is empty."""
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _label(value: JsonValue) -> str:
    return _clean(value)[:_MAX_LABEL]
