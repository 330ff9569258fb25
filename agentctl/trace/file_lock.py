"""A lock between processes that is waited for briefly; the kernel gives it back when its holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

_PAUSE_SECONDS = 0.01


@contextmanager
def file_lock(path: Path, mode: Literal["shared", "exclusive"], wait_seconds: float) -> Iterator[bool]:
    """Hold a lock file for the time of the block, or say after a short wait that it cannot be had.

    Raises:
        OSError: the lock file cannot be made or opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield _taken_in_time(descriptor, fcntl.LOCK_SH if mode == "shared" else fcntl.LOCK_EX, wait_seconds)
    finally:
        os.close(descriptor)


def _taken_in_time(descriptor: int, kind: int, wait_seconds: float) -> bool:
    for _ in range(int(wait_seconds / _PAUSE_SECONDS)):
        if taken(descriptor, kind):
            return True
        time.sleep(_PAUSE_SECONDS)
    return taken(descriptor, kind)


def taken(descriptor: int, kind: int) -> bool:
    """Return whether an open file's lock was free for a use of this kind (`LOCK_SH`, `LOCK_EX`), and is taken now."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
