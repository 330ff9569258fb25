"""Private keys of reviewers on this machine, each encrypted with a passphrase that only its owner knows.

A file is one JSON object: the public key in clear, and the private key's 32 bytes under AES-256-GCM with a key that
scrypt makes of the passphrase (n = 2^17, r = 8, p = 1: 128 MiB for every guess). These parameters belong to the form,
so nobody can talk us into weaker ones; the reviewer's name and the public key are authenticated with it.
"""

import base64
import binascii
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Struct

from agentctl.foundation.canonical import JsonObject, JsonValue, Limits, NotJson, canonical_bytes, parse_json
from agentctl.foundation.errors import IntegrityError, InternalError, JournalUnavailable
from agentctl.foundation.ids import is_plain_name, random_bytes
from agentctl.identity.private_files import put_private, read_private
from agentctl.identity.public_keys import NotAKey, PublicKey, parse_public_key, public_half

_LIMITS = Limits(max_bytes=4_096)
_FORM = "agentctl-reviewer-key-1"
_FIELDS = frozenset({"form", "public_key", "salt", "nonce", "sealed"})
_SALT, _NONCE, _TAG, _SEED = 16, 12, 16, 32
_COST = 1 << 17


class WrongPassphrase(Exception):
    """Raised when a passphrase does not open a key."""


class LockedKey(Struct, frozen=True):
    """A reviewer's key as it lies in its file; only `unlocked` tells whether a passphrase is right."""

    name: str
    public: PublicKey
    salt: bytes
    nonce: bytes
    sealed: bytes

    def unlocked(self, passphrase: str) -> Ed25519PrivateKey:
        """Return the private key.

        Raises:
            WrongPassphrase: it is not this one.
            IntegrityError: the file's public key is not that of its private key.
        """
        try:
            seed = _cipher(passphrase, self.salt).decrypt(
                self.nonce, self.sealed, _about(self.name, self.public)
            )
        except InvalidTag as error:
            raise WrongPassphrase(self.name) from error
        key = Ed25519PrivateKey.from_private_bytes(seed)
        if public_half(key) != self.public:
            raise IntegrityError(f"the key of `{self.name}` is not the one its file names")
        return key


class ReviewerKeys:
    """The keys of reviewers who work on this machine: `<folder>/<name>.key`, readable by their owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, name: str, passphrase: str) -> PublicKey:
        """Make a key pair for a reviewer; a key they had here before is destroyed.

        Raises:
            JournalUnavailable: the disk refused.
        """
        if not is_plain_name(name) or not passphrase:
            raise InternalError("a reviewer's key needs a plain name and a passphrase")
        locked = _locked(name, passphrase)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            put_private(self._path(name), _written(locked))
        except OSError as error:
            raise JournalUnavailable(
                f"the key of `{name}` cannot be kept in {self._folder}: {error.strerror or error}"
            ) from error
        return locked.public

    def find(self, name: str) -> LockedKey | None:
        """Return a reviewer's key; None when there is none here.

        Raises:
            IntegrityError: the file is no such key, cannot be read, or can be read by others.
        """
        if not is_plain_name(name):
            return None
        path = self._path(name)
        try:
            data = read_private(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise IntegrityError(f"{path} cannot be read: {error.strerror or error}") from error
        return _read(path, name, data)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.key"


def _locked(name: str, passphrase: str) -> LockedKey:
    key = Ed25519PrivateKey.generate()
    public, salt, nonce = public_half(key), random_bytes(_SALT), random_bytes(_NONCE)
    sealed = _cipher(passphrase, salt).encrypt(nonce, key.private_bytes_raw(), _about(name, public))
    return LockedKey(name, public, salt, nonce, sealed)


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    secret = passphrase.encode("utf-8", "surrogateescape")
    return AESGCM(Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(secret))


def _about(name: str, public: PublicKey) -> bytes:
    return canonical_bytes([_FORM, name, public.text])


def _written(locked: LockedKey) -> bytes:
    form: dict[str, JsonValue] = {
        "form": _FORM,
        "public_key": locked.public.text,
        "salt": base64.b64encode(locked.salt).decode(),
        "nonce": base64.b64encode(locked.nonce).decode(),
        "sealed": base64.b64encode(locked.sealed).decode(),
    }
    return canonical_bytes(form) + b"\n"


def _read(path: Path, name: str, data: bytes) -> LockedKey:
    try:
        form = _form(data)
        return LockedKey(
            name,
            parse_public_key(str(form["public_key"])),
            _part(form["salt"], _SALT),
            _part(form["nonce"], _NONCE),
            _part(form["sealed"], _SEED + _TAG),
        )
    except (NotJson, NotAKey) as error:
        raise IntegrityError(f"{path} is no reviewer's key: {error}") from error


def _form(data: bytes) -> JsonObject:
    form = parse_json(data, _LIMITS)
    if not isinstance(form, dict) or form.keys() != _FIELDS or form["form"] != _FORM:
        raise NotJson("it has other fields than a key's")
    return form


def _part(value: JsonValue, length: int) -> bytes:
    try:
        data = base64.b64decode(str(value), validate=True)
    except binascii.Error as error:
        raise NotJson("a part of it is no base64") from error
    if len(data) != length:
        raise NotJson(f"a part of it has {len(data)} bytes, not {length}")
    return data
