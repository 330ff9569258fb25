"""The file of a run's sealed values: one encrypted line per value, appended and synced, opened only with the key."""

import base64
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agentctl.foundation.canonical import JsonValue, Limits, canonical_bytes, parse_json
from agentctl.foundation.errors import IntegrityError, JournalUnavailable
from agentctl.foundation.ids import random_bytes
from agentctl.trace.disk import Disk, make_private_folder, read_plain_file, sync_directory

KEY_BYTES = 32
_NONCE_BYTES = 12
_MAX_FILE = 1 << 30
_LINE_LIMITS = Limits(max_bytes=64 << 20, max_depth=2)


class Seal:
    """Encrypts and names values under keys that belong to one run."""

    def __init__(self, key: bytes, run_id: str) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the sealing key has {len(key)} bytes, not {KEY_BYTES}")
        self._key = key
        self._run_id = run_id

    @cached_property
    def _cipher(self) -> AESGCM:
        """Made when the first value is sealed or opened: most runs have none."""
        return AESGCM(_derived(self._key, self._run_id, b"agentctl sealed value"))

    @cached_property
    def _digest_key(self) -> bytes:
        return _derived(self._key, self._run_id, b"agentctl sealed digest")

    def digest(self, value: JsonValue) -> str:
        """Return a digest that says whether two values of the run are equal and, without the key, nothing else."""
        return f"hmac-sha256:{hmac.digest(self._digest_key, written(value).encode(), 'sha256').hex()}"

    def line(self, placeholder: str, value: JsonValue) -> bytes:
        """Return one line of the file, with its newline."""
        nonce = random_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, written(value).encode(), self._bound_to(placeholder))
        return self._record(placeholder, nonce, sealed, self.digest(value))

    def opened(self, place: str, line: bytes) -> tuple[str, JsonValue]:
        """Return placeholder and value of a line.

        Raises:
            IntegrityError: the line is not the one that was written, or was written under another key or run.
        """
        placeholder, nonce, sealed = _fields(place, line)
        try:
            value: JsonValue = json.loads(self._cipher.decrypt(nonce, sealed, self._bound_to(placeholder)))
        except (InvalidTag, ValueError) as error:
            raise IntegrityError(
                f"{place}: cannot be opened: the sealing key does not fit, or the line was changed"
            ) from error
        if line != self._record(placeholder, nonce, sealed, self.digest(value)):
            raise IntegrityError(f"{place}: not the line that was written")
        return placeholder, value

    def _bound_to(self, placeholder: str) -> bytes:
        return f"{self._run_id}\0{placeholder}".encode()

    def _record(self, placeholder: str, nonce: bytes, sealed: bytes, digest: str) -> bytes:
        record = {
            "placeholder": placeholder,
            "nonce": base64.b64encode(nonce).decode(),
            "ciphertext": base64.b64encode(sealed).decode(),
            "digest": digest,
        }
        return canonical_bytes(record) + b"\n"


class SealedFile:
    """An append-only file of lines; an unfinished last one was never named by a record and does not count."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk
        self._size = self._whole = 0
        self._broken = False

    def lines(self) -> Iterator[tuple[str, bytes]]:
        """Return each whole line, with its newline, and where it stands.

        Raises:
            IntegrityError: there is something that is not a readable file.
        """
        data = self._read()
        self._size, self._whole = len(data), data.rfind(b"\n") + 1
        for number, line in enumerate(data[: self._whole].splitlines(keepends=True), start=1):
            yield f"{self._path.name}:{number}", line

    def append(self, data: bytes) -> None:
        """Write bytes behind the last whole line and return when they are durable.

        Raises:
            JournalUnavailable: the disk refused, now or before.
            IntegrityError: another process wrote to the file.
        """
        if self._broken:
            raise JournalUnavailable(
                f"`{self._path.name}`: sealed values could not be written before; start again"
            )
        self._broken = True
        with self._failing_as_unavailable():
            make_private_folder(self._path.parent)
            self._append(data)
        self._broken = False

    def delete(self) -> None:
        """Remove the file, durably; it need not exist.

        Raises:
            JournalUnavailable: the disk refused.
        """
        with self._failing_as_unavailable():
            if self._path.parent.exists():
                self._path.unlink(missing_ok=True)
                sync_directory(self._path.parent)

    def _read(self) -> bytes:
        try:
            return read_plain_file(self._path, _MAX_FILE)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise IntegrityError(
                f"`{self._path.name}`: sealed values cannot be read: {error.strerror}"
            ) from error

    def _append(self, data: bytes) -> None:
        with self._opened() as descriptor:
            if os.fstat(descriptor).st_size != self._size:
                raise IntegrityError(f"`{self._path.name}`: another process wrote sealed values")
            if self._whole < self._size:
                os.ftruncate(descriptor, self._whole)
            os.fchmod(descriptor, 0o600)
            self._disk.write(descriptor, data)
            self._disk.sync(descriptor)
        if not self._whole:
            sync_directory(self._path.parent)
        self._whole = self._size = self._whole + len(data)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _failing_as_unavailable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JournalUnavailable(f"`{self._path.name}`: sealed values: {error.strerror}") from error


def written(value: JsonValue) -> str:
    """Return the JSON text of a value: ASCII, and different for `1`, `1.0` and `"1"`."""
    return json.dumps(value)


def _derived(key: bytes, run_id: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=run_id.encode(), info=purpose).derive(key)


def _fields(place: str, line: bytes) -> tuple[str, bytes, bytes]:
    try:
        match parse_json(line, _LINE_LIMITS):
            case {"placeholder": str(name), "nonce": str(nonce), "ciphertext": str(sealed)}:
                return name, base64.b64decode(nonce), base64.b64decode(sealed)
            case _:
                raise IntegrityError(f"{place}: not a sealed value")
    except ValueError as error:
        raise IntegrityError(f"{place}: not a sealed value: {error}") from error
