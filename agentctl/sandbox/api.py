"""The form both APIs have: a name that tokens must be made for, and operations that each need a scope of their own."""

from collections.abc import Callable

from msgspec import Struct

from agentctl.sandbox.exchange import Answer, Call, TokenRefused
from agentctl.sandbox.ledger import Ledger

Perform = Callable[[Ledger, Call], Answer]


class Operation(Struct, frozen=True):
    """One thing that can be asked; `scope` names exactly this one.

    `break_down` answers in its place when a fault is planned; `in_use` is the answer while another request with the
    same `Idempotency-Key` is at work, None where keys mean nothing.
    """

    method: str
    path: str
    scope: str
    perform: Perform
    break_down: Perform
    in_use: Answer | None = None

    @property
    def name(self) -> str:
        """Return `METHOD /path/{placeholder}`, as fault rules name it."""
        return f"{self.method} {self.path}"


class Api(Struct, frozen=True):
    """One API: its operations, and its own words for what goes wrong before an operation is reached."""

    audience: str
    operations: tuple[Operation, ...]
    refuse: Callable[[TokenRefused], Answer]
    fail: Callable[[int, str], Answer]
