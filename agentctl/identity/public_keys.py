"""Public keys of reviewers, as OpenSSH writes them: `ssh-ed25519 AAAA...`, named by their SHA-256 fingerprint."""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from agentctl.identity.ssh_wire import NotSshWire, WireReader, string

KEY_TYPE = "ssh-ed25519"
_KEY_BYTES = 32
_LONGEST = 512

# Points of small order (y, little endian): under such a key signatures hold that nobody made.
_SMALL_ORDER = frozenset(
    bytes.fromhex(y)
    for y in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
_SIGN_BIT = 0x80


class NotAKey(ValueError):
    """Raised when a text is no public key that may be used; the message says why."""


class PublicKey(Struct, frozen=True):
    """An Ed25519 public key."""

    raw: bytes

    @property
    def blob(self) -> bytes:
        """The key as SSH sends it."""
        return string(KEY_TYPE.encode()) + string(self.raw)

    @property
    def text(self) -> str:
        """The key as OpenSSH writes it in a file, without a comment."""
        return f"{KEY_TYPE} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """The key's name: `SHA256:` and the digest of the blob in base64 without padding, as `ssh-keygen -l` shows it."""
        return f"SHA256:{base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip('=')}"

    def made(self, signature: bytes, data: bytes) -> bool:
        """Return whether a signature over some bytes was made with the private half of this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


def public_half(key: Ed25519PrivateKey) -> PublicKey:
    """Return the public half of a private key."""
    return PublicKey(key.public_key().public_bytes_raw())


def parse_public_key(text: str) -> PublicKey:
    """Return the key of a line `ssh-ed25519 AAAA... comment`; the comment says nothing.

    Raises:
        NotAKey: it is of another type, not written canonically, or of a kind under which anybody can sign.
    """
    words = text.strip().split() if len(text) <= _LONGEST else []
    if not 2 <= len(words) <= 3 or "\n" in text.strip():  # noqa: PLR2004 - type, key, comment
        raise NotAKey(f"it is no line `{KEY_TYPE} AAAA...`")
    if words[0] != KEY_TYPE:
        raise NotAKey(f"it is a key of type `{words[0][:40]}`, and only `{KEY_TYPE}` is taken")
    key = PublicKey(_raw(_bytes(words[1])))
    if _without_sign(key.raw) in _SMALL_ORDER:
        raise NotAKey("under this key anybody can sign: its point is of small order")
    return key


def _bytes(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAKey("what follows the type is no base64") from error
    if base64.b64encode(data).decode() != text:
        raise NotAKey("what follows the type is not canonical base64")
    return data


def _raw(blob: bytes) -> bytes:
    reader = WireReader(blob)
    try:
        kind, raw = reader.string(), reader.string()
        reader.end()
    except NotSshWire as error:
        raise NotAKey(f"the key's bytes are not those of a key: {error}") from error
    if kind != KEY_TYPE.encode() or len(raw) != _KEY_BYTES:
        raise NotAKey(f"the key's bytes are not those of `{KEY_TYPE}`")
    return raw


def _without_sign(raw: bytes) -> bytes:
    return raw[:-1] + bytes((raw[-1] & ~_SIGN_BIT,))
