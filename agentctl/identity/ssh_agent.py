"""A small client of the agent that a person runs (`ssh-agent`): it holds unlocked keys and signs with them.

Only what we need of the SSH agent protocol: list the keys, sign with one, add one for a while. Every answer is bounded
in size and in time; what is no answer is a failure, never a guess.
"""

import socket
import struct
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from agentctl.identity.public_keys import KEY_TYPE, PublicKey, public_half
from agentctl.identity.ssh_wire import NotSshWire, WireReader, number, string

_FAILURE, _SUCCESS = 5, 6
_LIST, _LISTED = 11, 12
_SIGN, _SIGNED = 13, 14
_ADD_CONSTRAINED = 25
_LIFETIME, _CONFIRM = b"\x01", b"\x02"
_LENGTH = struct.Struct(">I")
_LARGEST = 256 << 10
_MOST_KEYS = 1_024
_SIGNATURE_BYTES = 64
_QUICK_SECONDS = 5.0
_PERSON_SECONDS = 90.0
"""An agent may ask its owner before it signs."""


class AgentFailed(Exception):
    """Raised when the agent cannot be reached, refuses, or answers what is no answer."""


class SshAgent(Struct, frozen=True):
    """The agent that listens on a socket."""

    socket: Path
    patience_seconds: float = _PERSON_SECONDS

    def holds(self, key: PublicKey) -> bool:
        """Return whether the agent can sign with a key.

        Raises:
            AgentFailed: nobody can say.
        """
        reader = self._asked(bytes((_LIST,)), _LISTED, _QUICK_SECONDS)
        try:
            count = reader.number()
            if count > _MOST_KEYS:
                raise AgentFailed(f"it lists {count} keys")
            return key.blob in [(reader.string(), reader.string())[0] for _ in range(count)]
        except NotSshWire as error:
            raise AgentFailed(f"its list is none: {error}") from error

    def sign(self, key: PublicKey, data: bytes) -> bytes:
        """Return the 64 bytes of a signature over some bytes, once they were seen to be one.

        Raises:
            AgentFailed: it does not sign.
        """
        request = bytes((_SIGN,)) + string(key.blob) + string(data) + number(0)
        reader = self._asked(request, _SIGNED, self.patience_seconds)
        try:
            signed = WireReader(reader.string())
            kind, raw = signed.string(), signed.string()
        except NotSshWire as error:
            raise AgentFailed(f"its signature is none: {error}") from error
        if kind != KEY_TYPE.encode() or len(raw) != _SIGNATURE_BYTES or not key.made(raw, data):
            raise AgentFailed("its signature does not hold")
        return raw

    def add(self, key: Ed25519PrivateKey, comment: str, *, seconds: int, confirm: bool) -> None:
        """Give the agent a key for a while; with `confirm` it asks its owner before each signature.

        Raises:
            AgentFailed: it does not take the key.
        """
        public = public_half(key).raw
        private = string(public) + string(key.private_bytes_raw() + public)
        limits = _LIFETIME + number(seconds) + (_CONFIRM if confirm else b"")
        request = (
            bytes((_ADD_CONSTRAINED,))
            + string(KEY_TYPE.encode())
            + private
            + string(comment.encode())
            + limits
        )
        self._asked(request, _SUCCESS, _QUICK_SECONDS)

    def _asked(self, request: bytes, expected: int, seconds: float) -> WireReader:
        """Send one request and return what follows the kind of its answer."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(seconds)
                link.connect(str(self.socket))
                link.sendall(string(request))
                answer = _answer(link)
        except TimeoutError as error:
            raise AgentFailed(f"it did not answer within {seconds:g} s") from error
        except OSError as error:
            raise AgentFailed(f"it cannot be reached: {error.strerror or error}") from error
        if answer[:1] == bytes((_FAILURE,)):
            raise AgentFailed("it refused")
        if answer[:1] != bytes((expected,)):
            raise AgentFailed("it answered something else than it was asked")
        return WireReader(answer[1:])


def _answer(link: socket.socket) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(link, _LENGTH.size))
    if not 1 <= length <= _LARGEST:
        raise AgentFailed(f"its answer has {length} bytes")
    return _exactly(link, length)


def _exactly(link: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = link.recv(count - len(data))
        if not piece:
            raise AgentFailed("it hung up before it had answered")
        data += piece
    return data
