"""Acts outside runs, in a journal of their own: who may answer approval requests, and with which key."""

from typing import ClassVar

from agentctl.events.base import Event, Principal


class ReviewerAdded(Event):
    """Somebody may answer with this key from here on; a key they had before does not count any more."""

    type: ClassVar[str] = "reviewer.added"
    reviewer: str
    """The reviewer's name."""
    public_key: str
    """Their public key: `ssh-ed25519 AAAA...`."""
    fingerprint: str
    """Its fingerprint: `SHA256:...`."""
    by: Principal
    """Who added them."""
    reason: str
    """Why."""


class ReviewerRevoked(Event):
    """No answer of this reviewer counts from here on."""

    type: ClassVar[str] = "reviewer.revoked"
    reviewer: str
    """The reviewer's name."""
    fingerprint: str
    """The key that is revoked."""
    by: Principal
    """Who revoked it."""
    reason: str
    """Why."""
