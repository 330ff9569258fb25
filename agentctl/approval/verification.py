"""The port of whoever knows reviewers' keys: whether a message is really from whom it names."""

from typing import Literal, Protocol

from msgspec import Struct


class Letter(Struct, frozen=True):
    """What is to be verified: who is named, the bytes a signature covers, the signature, and whose file it was.

    `uid` is the owner of the file that brought it; None for somebody who answers in this process.
    """

    by: str
    signed: bytes
    signature: str | None
    uid: int | None


class Verified(Struct, frozen=True):
    """It may be taken as theirs; `key` is the fingerprint of the key that signed.

    `boundary` is `none` where the answer came from the very user the run belongs to: the agent's own tools could have
    written it, were it not signed.
    """

    assurance: Literal["asserted", "signed"]
    key: str | None
    boundary: Literal["uid", "none"]


class NotVerified(Struct, frozen=True):
    """It must not be taken as theirs."""

    reason: str


class Verifier(Protocol):
    """Knows the reviewers' public keys. A name that has a key answers only with it."""

    def verify(self, letter: Letter, *, signatures_required: bool) -> Verified | NotVerified:
        """Return whether a message is from whom it names; without a signature it is at best asserted."""
        ...
