"""The few system calls that durability rests on, behind a port so that tests can watch and break them."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, takewhile
from pathlib import Path
from typing import Protocol

from agentctl.foundation.ids import new_secret_id


class Disk(Protocol):
    """Writes and syncs; every durable byte of a journal goes through here."""

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all bytes at the end of an open file.

        Raises:
            OSError: the disk refused.
        """
        ...

    def sync(self, descriptor: int) -> None:
        """Return when what was written is durable.

        Raises:
            OSError: the disk refused; what was written since the last sync is lost or not, nobody knows.
        """
        ...


class SystemDisk:
    """The disk of this machine."""

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all bytes; a short write is continued."""
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int) -> None:
        """Flush data to the device (`fdatasync`; `F_FULLFSYNC` where only that reaches the device)."""
        full_sync(descriptor)


def full_sync(descriptor: int) -> None:
    """Flush an open file's data to the device."""
    reach_the_device = getattr(fcntl, "F_FULLFSYNC", None)  # macOS, where fsync stops at the drive's cache
    if reach_the_device is None:
        os.fdatasync(descriptor)
    else:  # pragma: no cover - macOS
        fcntl.fcntl(descriptor, reach_the_device)


def sync_directory(folder: Path) -> None:
    """Make a new or renamed entry of a folder durable."""
    with _opened(folder, os.O_RDONLY) as descriptor:
        os.fsync(descriptor)


def make_private_folder(folder: Path) -> None:
    """Create a folder and its parents, readable by nobody else, durably."""
    missing = takewhile(lambda parent: not parent.exists(), chain((folder,), folder.parents))
    for new in reversed(list(missing)):
        new.mkdir(exist_ok=True, mode=0o700)
        sync_directory(new.parent)


def write_once(path: Path, data: bytes) -> bool:
    """Create a file with these bytes, durably; return False when it exists already.

    The bytes are written to a temporary name first, so that nobody ever reads half of them.

    Raises:
        OSError: the disk refused.
    """
    temporary = path.with_name(f".{path.name}.{new_secret_id()}.tmp")
    with _opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
        try:
            SystemDisk().write(descriptor, data)
            full_sync(descriptor)
            created = _linked(temporary, path)
        finally:
            temporary.unlink()
    sync_directory(path.parent)  # also where another process was first: its entry need not be durable yet
    return created


def put_whole(path: Path, data: bytes) -> None:
    """Put a file in the place of whatever stood there, durably; nobody ever reads half of it.

    Raises:
        OSError: the disk refused.
    """
    temporary = path.with_name(f".{path.name}.{new_secret_id()}.tmp")
    with _opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
        try:
            SystemDisk().write(descriptor, data)
            full_sync(descriptor)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


@contextmanager
def appending(path: Path) -> Iterator[int]:
    """Open a file for appending, made where there is none; a link is refused.

    Raises:
        OSError: it cannot be opened.
    """
    with _opened(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW) as descriptor:
        yield descriptor


def _linked(temporary: Path, path: Path) -> bool:
    try:
        os.link(temporary, path)  # fails where the name is taken: created once, whole or not at all
    except FileExistsError:
        return False
    return True


def read_plain_file(path: Path, at_most: int) -> bytes:
    """Return the bytes of a file that others may have put there.

    Raises:
        OSError: as for `read_owned_file`.
    """
    return read_owned_file(path, at_most)[0]


def read_owned_file(path: Path, at_most: int) -> tuple[bytes, int]:
    """Return the bytes of a file that others may have put there, and the id of the user it belongs to.

    Raises:
        OSError: it cannot be read, is not a regular file (a link, a pipe), or has more bytes than that.
    """
    with _opened(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK) as descriptor:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if found.st_size > at_most:
            raise OSError(errno.EFBIG, f"{found.st_size} bytes, more than the {at_most} allowed", str(path))
        return read_whole(descriptor), found.st_uid


def read_whole(descriptor: int) -> bytes:
    """Return all bytes of an open file, wherever it was read or written last."""
    with open(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        return file.read()


@contextmanager
def files_for_us_alone() -> Iterator[None]:
    """Let nobody else read any file that this process makes during the block, whoever makes it, from its first byte.

    For those who leave the making of files to a library. What other threads make meanwhile is no more open than that either.
    """
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
