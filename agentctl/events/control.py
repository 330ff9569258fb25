"""Acts outside runs, in journals of their own: who may answer approval requests and with which key, what people think of runs."""

from typing import ClassVar, Literal, TypeAlias

from agentctl.events.base import Event, Principal

Label: TypeAlias = Literal["good", "bad", "overridden"]
"""What somebody thinks of a run; `overridden`: a person did it again, otherwise."""


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


class RunLabelled(Event):
    """Somebody says what they think of a run; the last word counts, earlier ones stay."""

    type: ClassVar[str] = "run.labelled"
    run: str
    """The run's id."""
    label: Label
    """What they think of it."""
    by: Principal
    """Who says so."""
    reason: str
    """Why."""
