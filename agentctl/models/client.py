"""The port every model stands behind: one request in, one answer or one failure out; never an exception."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, Protocol

from msgspec import Struct, field

from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.money import MILLION

Role = Literal["system", "user", "assistant", "tool"]
FailureKind = Literal[
    "rate_limited",  # 429: not executed, ask again later
    "unavailable",  # 5xx, refused connection: the provider answered that it cannot, or was never reached
    "unknown_outcome",  # time-out, broken connection, unreadable body: it may have been computed and charged
    "refused",  # 4xx: the request itself is wrong; asking again changes nothing
    "not_usable",  # no key, library not installed, unknown deployment
]


class RequestedCall(Struct, frozen=True):
    """One tool call as the model wrote it; nothing in here is trusted.

    `arguments` is the text of the arguments as received, not parsed.
    """

    provider_id: str
    name: str
    arguments: str


class Message(Struct, frozen=True, dict=True):
    """One message of a conversation; with a dictionary, so that its form on the wire can be kept with it.

    `calls` stand in assistant messages, `answers` (the provider's id of the call) in tool messages.
    """

    role: Role
    text: str
    calls: tuple[RequestedCall, ...] = ()
    answers: str | None = None


class ToolDefinition(Struct, frozen=True, dict=True):
    """A tool as a model sees it. `name` is the registry name; a client maps it to what its wire allows.

    With a dictionary, so that its form on the wire can be kept with it: it is the same in every request.
    """

    name: str
    description: str
    arguments: JsonObject


class ModelRequest(Struct, frozen=True, dict=True):
    """All that a model gets to see; with a dictionary, so that what is sent for it can be kept with it."""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolDefinition, ...]
    max_output_tokens: int
    timeout_seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None


class Usage(Struct, frozen=True):
    """Tokens as the provider counted them; None where it did not say."""

    input_tokens: int | None
    output_tokens: int | None


class ModelAnswer(Struct, frozen=True):
    """What came back."""

    text: str
    calls: tuple[RequestedCall, ...]
    usage: Usage
    finish_reason: str
    response_id: str = ""
    response_model: str = ""


class ModelFailure(Struct, frozen=True):
    """Nothing usable came back. `retry_after` is in seconds, where the provider named one."""

    kind: FailureKind
    message: str
    retry_after: float | None = None

    @property
    def worth_repeating(self) -> bool:
        """Whether the same deployment may be asked again."""
        return self.kind in {"rate_limited", "unavailable", "unknown_outcome"}

    @property
    def certainly_free(self) -> bool:
        """Whether nothing can have been charged."""
        return self.kind != "unknown_outcome"


class ModelClient(Protocol):
    """One deployment of a model."""

    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Ask the model; every failure is a value. Cancellation passes through."""
        ...

    def worst_case_input_tokens(self, request: ModelRequest) -> int:
        """Return how many input tokens the request may cost at most: the UTF-8 bytes sent, unless a local tokenizer exists."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


class TokenPrice(Struct, frozen=True):
    """US dollars per million tokens."""

    input_usd_per_million: Decimal
    output_usd_per_million: Decimal

    def cost(self, input_tokens: int, output_tokens: int) -> Decimal:
        """Return the cost of so many tokens, in US dollars, exact."""
        return (
            self.input_usd_per_million * input_tokens + self.output_usd_per_million * output_tokens
        ) / MILLION
