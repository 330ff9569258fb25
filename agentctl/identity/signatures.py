"""Detached signatures of reviewers over messages.

The text of a signature is

    ed25519:<fingerprint>:<signature>

with the key's fingerprint in OpenSSH's form (`SHA256:` and 43 characters of base64 without padding) and the 64 bytes of
the Ed25519 signature (RFC 8032) in canonical base64, 88 characters. Nothing else is a signature: no other algorithm, no
white space, no second way to write the same bytes.

What is signed are not the message's bytes themselves but the preamble of OpenSSH's SSHSIG format over their SHA-512:

    "SSHSIG" string("agentctl-message") string("") string("sha512") string(SHA-512(message))

so a signature made for anything else, a log-in or a commit, never passes for an answer, nor an answer for those; and
`ssh-keygen -Y verify -n agentctl-message` can check one without us.
"""

import base64
import binascii
import hashlib
import re

from msgspec import Struct

from agentctl.identity.public_keys import PublicKey
from agentctl.identity.ssh_wire import string

NAMESPACE = "agentctl-message"
"""What all our signatures are for."""

_FORM = re.compile(r"ed25519:(SHA256:[A-Za-z0-9+/]{43}):([A-Za-z0-9+/]{86}==)", re.ASCII)


class NotASignature(ValueError):
    """Raised when a text is no signature; the message says why."""


class Signature(Struct, frozen=True):
    """A signature, and the fingerprint of the key that claims to have made it."""

    fingerprint: str
    raw: bytes

    @property
    def text(self) -> str:
        """The signature as it stands in a message."""
        return f"ed25519:{self.fingerprint}:{base64.b64encode(self.raw).decode()}"


def to_be_signed(message: bytes) -> bytes:
    """Return the bytes that are signed for a message."""
    digest = hashlib.sha512(message).digest()
    return b"SSHSIG" + b"".join(map(string, (NAMESPACE.encode(), b"", b"sha512", digest)))


def parse_signature(text: str) -> Signature:
    """Return the signature that a text is.

    Raises:
        NotASignature: it is none.
    """
    algorithm, _, _ = text.partition(":")
    if algorithm != "ed25519":
        raise NotASignature(f"the signature's algorithm is `{algorithm[:40]}`, and only `ed25519` is taken")
    found = _FORM.fullmatch(text)
    raw = _canonical(found[2]) if found else None
    if found is None or raw is None:
        raise NotASignature("the signature is not written as `ed25519:SHA256:...:...` in canonical base64")
    return Signature(found[1], raw)


def holds(key: PublicKey, signature: Signature, message: bytes) -> bool:
    """Return whether a key made a signature over exactly this message."""
    return signature.fingerprint == key.fingerprint and key.made(signature.raw, to_be_signed(message))


def _canonical(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return data if base64.b64encode(data).decode() == text else None
