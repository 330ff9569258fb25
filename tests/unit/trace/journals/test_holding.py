"""Whether a run has a process can be seen without reading its journal."""

import fcntl
from pathlib import Path

from agentctl.trace.journals.holding import standing_of


def test_a_journal_that_somebody_locked_is_held(tmp_path: Path) -> None:
    """And one that nobody locked is not, if it is as long as it was when the run was under way."""
    path = tmp_path / "journal"
    path.write_bytes(b"12345")
    assert standing_of(path, 5) == "stopped"
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert standing_of(path, 5) == "held"
    assert standing_of(path, 5) == "stopped"


def test_to_look_keeps_no_writer_out(tmp_path: Path) -> None:
    """The lock is given back at once."""
    path = tmp_path / "journal"
    path.touch()
    standing_of(path, 0)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_was_written_since_says_nothing(tmp_path: Path) -> None:
    """It may have ended the run. Nor does a file that is gone, or a link, which could name any."""
    path = tmp_path / "journal"
    path.write_bytes(b"12345")
    assert standing_of(path, 4) == "unknown"
    assert standing_of(tmp_path / "nowhere", 0) == "unknown"
    (tmp_path / "link").symlink_to(path)
    assert standing_of(tmp_path / "link", 5) == "unknown"
