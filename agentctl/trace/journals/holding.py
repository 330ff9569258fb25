"""Whether a run that did not end has a process: without its events, which are slow to load."""

import fcntl
import os
from pathlib import Path
from typing import Literal

from agentctl.trace.file_lock import taken

Standing = Literal["held", "stopped", "unknown"]
"""Of a run that neither finished nor was suspended: its process works on it, its process is gone, or nobody looked."""


def standing_of(path: Path, size: int) -> Standing:
    """Return whether a run that is under way after so many bytes of its journal has a writer.

    Whoever looks shares the lock for an instant; that is no writer, and keeps none out.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return "unknown"
    try:
        if not taken(descriptor, fcntl.LOCK_SH):
            return "held"
        return "stopped" if os.fstat(descriptor).st_size == size else "unknown"
    finally:
        os.close(descriptor)
