"""Tests of the system calls that durability rests on."""

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from agentctl.trace import disk as disk_module
from agentctl.trace.disk import (
    SystemDisk,
    files_for_us_alone,
    full_sync,
    make_private_folder,
    read_plain_file,
    read_whole,
    sync_directory,
    write_once,
)


def test_a_short_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may write less than it was given; all bytes arrive all the same, once and in order."""
    really_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: really_write(descriptor, data[:3]))
    with (tmp_path / "file").open("ab") as file:
        SystemDisk().write(file.fileno(), b"ten bytes.")
        SystemDisk().write(file.fileno(), b"")
    assert (tmp_path / "file").read_bytes() == b"ten bytes."


def test_a_sync_reaches_the_file(tmp_path: Path) -> None:
    """Syncing an open file works; syncing a closed one is an error, not a silence."""
    with (tmp_path / "file").open("ab") as file:
        descriptor = file.fileno()
        SystemDisk().sync(descriptor)
    with pytest.raises(OSError, match="Bad file descriptor"):
        full_sync(descriptor)


def test_a_folder_is_synced(tmp_path: Path) -> None:
    """A folder that is there can be synced; one that is not cannot."""
    sync_directory(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_directory(tmp_path / "missing")


def test_a_new_folder_and_its_parents_are_private(tmp_path: Path) -> None:
    """Whatever had to be created is readable by nobody else, parents too."""
    make_private_folder(tmp_path / "a" / "b" / "c")
    made = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700] * 3


def test_a_new_folder_is_synced_into_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each new entry is made durable before anything is put into it."""
    synced: list[Path] = []
    monkeypatch.setattr(disk_module, "sync_directory", synced.append)
    make_private_folder(tmp_path / "a" / "b")
    make_private_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    """Somebody else's permissions are not changed."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    make_private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_file_is_created_once(tmp_path: Path) -> None:
    """The second writer is told that it was second; the first one's bytes stay."""
    path = tmp_path / "file"
    assert write_once(path, b"first") is True
    assert write_once(path, b"second") is False
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_the_folder_is_synced_whoever_was_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is told that the file exists may rely on it, so its entry is durable by then."""
    synced: list[Path] = []
    monkeypatch.setattr(disk_module, "sync_directory", synced.append)
    for _ in range(2):
        write_once(tmp_path / "file", b"")
    assert synced == [tmp_path, tmp_path]


def test_one_of_many_threads_creates_a_file(tmp_path: Path) -> None:
    """Threads of one process do not write into each other's temporary file."""
    path, start = tmp_path / "file", threading.Barrier(16)
    created: list[int] = []

    def create(number: int) -> None:
        start.wait()
        if write_once(path, bytes([number]) * 100_000):
            created.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(created) == 1
    assert path.read_bytes() == bytes(created) * 100_000
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that could not be written whole does not exist, nor does its temporary one."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(SystemDisk, "write", refuse)
    with pytest.raises(OSError, match="No space left"):
        write_once(tmp_path / "file", b"data")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """A name that is taken by a link is taken; what the link points at is not touched."""
    (tmp_path / "link").symlink_to(tmp_path / "target")
    assert write_once(tmp_path / "link", b"data") is False
    assert not (tmp_path / "target").exists()


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    """A regular file within the limit is read whole."""
    (tmp_path / "file").write_bytes(b"12345")
    assert read_plain_file(tmp_path / "file", 5) == b"12345"


def test_a_giant_is_not_read(tmp_path: Path) -> None:
    """A file beyond the limit is refused before it is read."""
    (tmp_path / "file").write_bytes(b"12345")
    with pytest.raises(OSError, match="5 bytes, more than the 4 allowed"):
        read_plain_file(tmp_path / "file", 4)


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    """A pipe would block its reader for ever, a link may point anywhere, a folder is no file."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name in ("pipe", "link", ".", "missing"):
        with pytest.raises(OSError, match=r"not a regular file|symbolic links|No such file"):
            read_plain_file(tmp_path / name, 100)


def test_an_open_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    """Where the file was read or written last does not matter, and it stays open."""
    with (tmp_path / "file").open("w+b", buffering=0) as file:
        file.write(b"12345")
        assert read_whole(file.fileno()) == b"12345"
        assert read_whole(file.fileno()) == b"12345"


def test_files_of_a_library_are_for_us_alone(tmp_path: Path) -> None:
    """From their first byte, and no longer than the block; an error within changes nothing of that."""
    inside, after = tmp_path / "inside", tmp_path / "after"
    before = os.umask(0o022)
    try:
        with pytest.raises(OSError, match="full"), files_for_us_alone():
            inside.touch()
            raise OSError("full")
        after.touch()
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (inside, after)] == [0o600, 0o644]
