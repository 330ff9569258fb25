"""Readers share the lock, a writer has it alone, and nobody waits long."""

from pathlib import Path

import pytest

from agentctl.trace.file_lock import file_lock


def test_readers_share_and_a_writer_is_alone(tmp_path: Path) -> None:
    """Two may read at once; nobody writes meanwhile, nobody reads while somebody writes."""
    path = tmp_path / "lock"
    with file_lock(path, "shared", 0) as one, file_lock(path, "shared", 0) as two:
        assert (one, two) == (True, True)
        with file_lock(path, "exclusive", 0.02) as writer:
            assert not writer
    with file_lock(path, "exclusive", 0) as writer, file_lock(path, "shared", 0.02) as reader:
        assert (writer, reader) == (True, False)


def test_the_lock_is_free_again_after_the_block_even_a_failed_one(tmp_path: Path) -> None:
    """An error gives the lock back."""
    with pytest.raises(KeyError), file_lock(tmp_path / "lock", "exclusive", 0):
        raise KeyError
    with file_lock(tmp_path / "lock", "exclusive", 0.02) as held:
        assert held


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A lock file that is a link could be any file."""
    (tmp_path / "lock").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"), file_lock(tmp_path / "lock", "shared", 0):
        pass
