"""Telling others that a request waits: what a webhook is sent, and the port of whatever sends it.

Nothing in it is more than the journal holds: the view is the redacted one. What was told is folded from the journal, so
a crash loses nothing, and the same announcement has the same id however often it is sent.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Protocol, TypeAlias

from msgspec import Struct

from agentctl.approval.pending import Approval
from agentctl.foundation.canonical import JsonValue, canonical_bytes


class Announcement(Struct, frozen=True):
    """One message to one webhook. Its id is the same for every attempt, in this process and in later ones."""

    id: str
    body: bytes


class Taken(Struct, frozen=True):
    """The other side took it."""

    detail: str


class NotTaken(Struct, frozen=True):
    """The other side did not take it; `retry_after` is in seconds, where it named them."""

    detail: str
    again: bool = False
    retry_after: float | None = None


Delivery: TypeAlias = Taken | NotTaken


class Announcer(Protocol):
    """One webhook."""

    @property
    def max_attempts(self) -> int:
        """How often a message is sent before it counts as not delivered."""
        ...

    async def send(self, announcement: Announcement) -> Delivery:
        """Send a message once; every failure is a value. Cancellation passes through."""
        ...


def not_told(approval: Approval, webhooks: Iterable[str]) -> tuple[str, ...]:
    """Return the webhooks that do not know of an open request as it is now: of the request, or of its last escalation."""
    if not approval.open:
        return ()
    steps = len(approval.escalations)
    return tuple(name for name in webhooks if approval.announced.get(name, -1) < steps)


def announcement_of(approval: Approval, webhook: str) -> Announcement:
    """Return what a webhook is told of a request as it is now."""
    name, steps = approval.request.approval, len(approval.escalations)
    seed = hashlib.sha256(f"{name}\n{webhook}\n{steps}".encode()).digest()
    identifier = "msg_" + base64.b32encode(seed).decode().rstrip("=").lower()
    return Announcement(identifier, canonical_bytes(_body(approval)))


def _body(approval: Approval) -> dict[str, JsonValue]:
    request, last = approval.request, approval.escalations[-1:]
    return {
        "type": "approval.escalated" if last else "approval.requested",
        "approval": request.approval,
        "run": request.binding.run,
        "agent": request.actor,
        "tool": request.tool,
        "requester": request.requester,
        "reviewers": list(approval.reviewers),
        "quorum": request.quorum,
        "requested_at": approval.requested_at,
        "expires_at": request.expires_at,
        "escalated_because": last[0].why if last else None,
        "view": request.view,
        "binding": request.binding.model_dump(mode="json"),
        "how_to_answer": _how_to_answer(request.approval),
    }


def _how_to_answer(name: str) -> dict[str, JsonValue]:
    return {
        "show": f"agentctl approvals show {name}",
        "approve": f"agentctl approvals approve {name} --as NAME",
        "deny": f"agentctl approvals deny {name} --as NAME --reason WHY",
        "deliver": "agentctl approvals deliver FILE",
    }
