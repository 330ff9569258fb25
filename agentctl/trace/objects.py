"""Content by digest, as files: `traces/objects/<sha256>`."""

import re
from pathlib import Path

from agentctl.foundation.canonical import digest_bytes
from agentctl.foundation.errors import IntegrityError, JournalUnavailable
from agentctl.trace.disk import make_private_folder, write_once

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


class FileObjects:
    """Objects of a project in one folder; what is stored is never changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Store bytes durably and return their digest.

        Raises:
            JournalUnavailable: the disk refused.
        """
        digest = digest_bytes(data)
        try:
            make_private_folder(self._folder)
            write_once(self._path(digest), data)
        except OSError as error:
            raise JournalUnavailable(
                f"object {digest} cannot be stored: {error.strerror or error}"
            ) from error
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a digest.

        Raises:
            IntegrityError: they are missing, or are not what the digest says.
        """
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise IntegrityError(f"object {digest} is missing") from error
        except OSError as error:
            raise IntegrityError(f"object {digest} cannot be read: {error.strerror or error}") from error
        if digest_bytes(data) != digest:
            raise IntegrityError(f"object {digest} is not what its digest says")
        return data

    def beginning_with(self, prefix: str) -> tuple[str, ...]:
        """Return the digests of all stored objects that begin so, sorted; what only looks like an object is left out."""
        stored = (f"sha256:{path.name}" for path in self._folder.glob("*"))
        return tuple(
            sorted(digest for digest in stored if digest.startswith(prefix) and _DIGEST.fullmatch(digest))
        )

    def _path(self, digest: str) -> Path:
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise IntegrityError(f"`{digest}` is not a digest")
        return self._folder / match[1]
