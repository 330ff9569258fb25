"""The broker's port: for one call, one credential, minted after all checks and never shown to the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from agentctl.events.tool import Credential

MAX_TTL_SECONDS = 120
"""No call's token lives longer, whatever a contract says."""


@dataclass(frozen=True, slots=True)
class CredentialRequest:
    """What a credential is for."""

    backend: str
    scope: str
    subject: str
    actor: str
    run: str
    call: str
    arguments_digest: str
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class Minted:
    """A credential: what is journaled of it, and the headers that carry it, which are written nowhere."""

    record: Credential
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class NotMinted:
    """No credential is to be had; the call is refused."""

    reason: str


class Broker(Protocol):
    """Mints credentials."""

    def mint(self, request: CredentialRequest) -> Minted | NotMinted:
        """Return a credential for exactly this call, or why there is none."""
        ...
