"""Our own keys, as files outside the project that only their owner can read."""

from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from agentctl.foundation.errors import IntegrityError
from agentctl.foundation.ids import random_bytes
from agentctl.identity.private_files import create_private, read_private

_SEALING_BYTES = 32


class KeyFolder:
    """Keys of one project, each made at its first use: `$XDG_STATE_HOME/agentctl/<project>/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def issuer(self) -> Ed25519PrivateKey:
        """Return the key that signs tokens.

        Raises:
            IntegrityError: the file is not such a key, or cannot be used, or others can read it.
        """
        data = self._load_or_make("issuer.pem", _new_pem)
        try:
            key = load_pem_private_key(data, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # a TypeError: it wants a password
            raise IntegrityError(f"{self._folder / 'issuer.pem'} is not a plain private key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise IntegrityError(f"{self._folder / 'issuer.pem'} is not an Ed25519 key")
        return key

    def sealing(self) -> bytes:
        """Return the 32 bytes that seal values.

        Raises:
            IntegrityError: the file has another size, or cannot be used, or others can read it.
        """
        key = self._load_or_make("sealing.key", lambda: random_bytes(_SEALING_BYTES))
        if len(key) != _SEALING_BYTES:
            raise IntegrityError(f"{self._folder / 'sealing.key'} does not hold {_SEALING_BYTES} bytes")
        return key

    def _load_or_make(self, name: str, make: Callable[[], bytes]) -> bytes:
        path = self._folder / name
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                create_private(path, make())
            return read_private(path)
        except OSError as error:
            raise IntegrityError(f"{path} cannot be used: {error.strerror or error}") from error


def _new_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
