"""Files that only their owner can read, put in their place whole and durably."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agentctl.foundation.errors import IntegrityError
from agentctl.foundation.ids import new_secret_id

_PRIVATE = 0o600
_OTHERS = 0o077


def read_private(path: Path) -> bytes:
    """Return the bytes of a file that only its owner can read; what is judged is the very file that is read.

    Raises:
        IntegrityError: others can read it.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & _OTHERS:
            raise IntegrityError(
                f"{path} can be read by others; `chmod 600` it, or remove it if it may have leaked"
            )
        return file.read()


def create_private(path: Path, data: bytes) -> None:
    """Create a file; of several who try at once, the first wins and all then read the same bytes.

    Raises:
        OSError: the disk refused.
    """
    with _beside(path, data) as temporary, suppress(FileExistsError):
        os.link(temporary, path)


def put_private(path: Path, data: bytes) -> None:
    """Create a file in the place of whatever stood there.

    Raises:
        OSError: the disk refused.
    """
    with _beside(path, data) as temporary:
        temporary.replace(path)


@contextmanager
def _beside(path: Path, data: bytes) -> Iterator[Path]:
    """Write the bytes to a file beside, and make durable what the block does with it."""
    temporary = path.with_name(f".{path.name}.{new_secret_id()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the entry of a new file durable, before anything is sealed or signed with what it holds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
