"""What passes between the HTTP server and the two APIs: a call goes in, an answer comes out."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from agentctl.foundation.canonical import JsonObject

Pairs = tuple[tuple[str, str], ...]
"""Parameters in the order they came; a name may stand twice."""


class Caller(Struct, frozen=True):
    """Who a token says is calling: the principal, the agent that acts for it, and the token's own id."""

    subject: str = ""
    actor: str = ""
    token_id: str = ""


NOBODY = Caller()
"""The caller of a request whose token could not be believed."""


class TokenRefused(Struct, frozen=True):
    """Why a request is not let in, in the words of RFC 6750; `caller` is known once the signature was right."""

    error: Literal["no_token", "invalid_token", "insufficient_scope"]
    description: str
    caller: Caller = NOBODY


class Call(Struct, frozen=True):
    """One request that was let in. `values` holds what the path's placeholders stand for."""

    method: str
    path: str
    caller: Caller
    values: Mapping[str, str] = field(default_factory=dict)
    query: Pairs = ()
    content_type: str = ""
    body: bytes = b""
    idempotency_key: str | None = None


class Answer(Struct, frozen=True):
    """One HTTP answer; the body is sent as JSON."""

    status: int
    body: JsonObject
    headers: Mapping[str, str] = field(default_factory=dict)
