"""The lock of a journal: its writer holds it alone, and whoever looks whether it is held shares it for an instant."""

import fcntl
import os

from agentctl.foundation.errors import LockedError
from agentctl.trace.file_lock import taken

_GLANCES = 1_000
"""How many readers in a row may be looking whether a run is held when somebody becomes its writer."""


def lock(descriptor: int, run: str) -> None:
    """Become the only holder of a run's journal; who only looks whether it is held is no writer.

    Raises:
        LockedError: another process is the writer.
    """
    for _ in range(_GLANCES):
        if taken(descriptor, fcntl.LOCK_EX):
            return
        if not taken(descriptor, fcntl.LOCK_SH):
            break
        os.sched_yield()
    raise LockedError(f"another process is writing run {run}; wait for it, or stop it")
