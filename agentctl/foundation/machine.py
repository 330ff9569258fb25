"""What the machine gives to this process."""

import os


def cores() -> int:
    """Return how many cores this process may use; of all there are where the system does not say."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
