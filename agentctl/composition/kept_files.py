"""Files that people keep in git: put there whole, behind a link that leads to them, and readable as such files are."""

import stat
from pathlib import Path
from typing import Final

from agentctl.trace.disk import put_whole, write_once

_READABLE: Final = 0o644


def put_kept(path: Path, data: bytes) -> None:
    """Put a file in the place of the one that was, durably; who could read it still can, and everybody a new one.

    Raises:
        OSError: the disk refused.
    """
    place = path.resolve()
    mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else _READABLE
    put_whole(place, data)
    place.chmod(mode)


def keep_once(path: Path, data: bytes) -> bool:
    """Create a file that everybody may read, durably; return False when it exists already.

    Raises:
        OSError: the disk refused.
    """
    created = write_once(path, data)
    if created:
        path.chmod(_READABLE)
    return created
