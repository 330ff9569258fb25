"""Tests of files that are kept in git."""

from pathlib import Path

from agentctl.composition.kept_files import keep_once, put_kept


def test_a_new_file_can_be_read_by_everybody(tmp_path: Path) -> None:
    """What lies in git is not private; and a file that is created once stays what it was."""
    put_kept(tmp_path / "put", b"1")
    assert keep_once(tmp_path / "kept", b"1")
    assert not keep_once(tmp_path / "kept", b"2")
    for name in ("put", "kept"):
        assert (tmp_path / name).read_bytes() == b"1"
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o644


def test_who_could_read_a_file_still_can(tmp_path: Path) -> None:
    """Nobody more and nobody less; a link to it still leads to it."""
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"1")
    file.chmod(0o640)
    link.symlink_to(file)
    put_kept(link, b"2")
    assert link.is_symlink()
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"2", 0o640)
