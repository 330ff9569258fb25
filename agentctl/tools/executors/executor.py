"""The port every executor stands behind: one call in, one outcome out; never an exception."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field

from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.discreet import Discreet


class Execution(Discreet, frozen=True):
    """One attempt, with real values: arguments are restored, `secret_headers` carry the credential."""

    hidden = frozenset({"secret_headers"})

    descriptor: ToolDescriptor
    arguments: JsonObject
    idempotency_key: str
    secret_headers: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Answered(Struct, frozen=True):
    """The tool did what was asked and answered this."""

    value: JsonValue
    status: int = 0


class Failed(Struct, frozen=True):
    """The tool says, or we know, that it did not do it. `repeatable`: asking again may help (429, busy)."""

    message: str
    status: int = 0
    repeatable: bool = False
    retry_after: float | None = None


class Unknown(Struct, frozen=True):
    """Nobody can say whether it was done: time-out, broken connection, 5xx, unreadable answer."""

    reason: str
    status: int = 0


Outcome = Answered | Failed | Unknown


class Executor(Protocol):
    """Reaches one kind of tool."""

    async def execute(self, execution: Execution) -> Outcome:
        """Perform one attempt within the descriptor's time-out; every failure is a value. Cancellation passes through."""
        ...

    async def close(self) -> None:
        """Give back connections and end child processes."""
        ...
