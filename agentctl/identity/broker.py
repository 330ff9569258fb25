"""The broker's port: for one call, one credential, minted after all checks and never shown to the model."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field

from agentctl.events.tool import Credential
from agentctl.foundation.discreet import Discreet

MAX_TTL_SECONDS = 120
"""No call's token lives longer, whatever a contract says."""


class CredentialRequest(Struct, frozen=True):
    """What a credential is for."""

    backend: str
    scope: str
    subject: str
    actor: str
    run: str
    call: str
    arguments_digest: str
    ttl_seconds: int


class Minted(Discreet, frozen=True):
    """A credential: what is journaled of it, and the headers that carry it, which are written nowhere."""

    hidden = frozenset({"headers"})

    record: Credential
    headers: Mapping[str, str] = field(default_factory=dict)


class NotMinted(Struct, frozen=True):
    """No credential is to be had; the call is refused."""

    reason: str


class Broker(Protocol):
    """Mints credentials."""

    def mint(self, request: CredentialRequest) -> Minted | NotMinted:
        """Return a credential for exactly this call, or why there is none."""
        ...
