"""The digest of everything a model is shown. Pure; what a later request shows again is written once."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from agentctl.foundation.canonical import JsonValue, canonical_bytes, digest_bytes
from agentctl.models.client import Message, ModelRequest, ToolDefinition

_CANONICAL: Final = "_canonical"
_Part = TypeVar("_Part", Message, ToolDefinition)


def request_digest(request: ModelRequest) -> str:
    """Return the digest of a request in its redacted form: of the canonical bytes of an object with these four members.

    Those of a message and of a tool are kept with it.
    """
    written = (
        canonical_bytes(request.max_output_tokens),
        _listed(request.messages, _message),
        canonical_bytes(request.model),
        _listed(request.tools, _tool),
    )
    return digest_bytes(b'{"max_output_tokens":%b,"messages":[%b],"model":%b,"tools":[%b]}' % written)


def _listed(parts: Iterable[_Part], value_of: Callable[[_Part], JsonValue]) -> bytes:
    return b",".join([vars(part).get(_CANONICAL) or _written(part, value_of) for part in parts])


def _written(part: _Part, value_of: Callable[[_Part], JsonValue]) -> bytes:
    written = vars(part)[_CANONICAL] = canonical_bytes(value_of(part))
    return written


def _message(message: Message) -> JsonValue:
    return {
        "role": message.role,
        "text": message.text,
        "calls": [[call.provider_id, call.name, call.arguments] for call in message.calls],
        "answers": message.answers,
    }


def _tool(tool: ToolDefinition) -> JsonValue:
    return [tool.name, tool.description, tool.arguments]
