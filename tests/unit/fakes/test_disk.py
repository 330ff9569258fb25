"""Tests of the disk that tests break: it must fail as real ones do, and only where it is told to."""

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentctl.trace.disk import Disk
from tests.fakes.disk import Call, FakeDisk


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    """Return a new file, open for appending."""
    opened = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    yield opened
    os.close(opened)


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, 1_000, 0)


def test_a_whole_disk_writes_and_remembers(descriptor: int) -> None:
    """Bytes arrive in the file; calls are kept in order with the size they met."""
    disk: Disk = FakeDisk()
    disk.write(descriptor, b"one")
    disk.sync(descriptor)
    disk.write(descriptor, b"three")
    assert _content(descriptor) == b"onethree"
    assert isinstance(disk, FakeDisk)
    assert disk.calls == [Call("write", 0, ok=True), Call("sync", 3, ok=True), Call("write", 3, ok=True)]
    assert disk.durable_bytes == 3


def test_a_full_disk_stays_full(descriptor: int) -> None:
    """The n-th write and all later ones are refused."""
    disk = FakeDisk(full_at=2)
    disk.write(descriptor, b"one")
    for _ in range(2):
        with pytest.raises(OSError, match="No space left") as refused:
            disk.write(descriptor, b"two")
        assert refused.value.errno == errno.ENOSPC
    assert _content(descriptor) == b"one"


def test_a_full_disk_may_take_some_bytes(descriptor: int) -> None:
    """A write may be cut short before the disk says that it is full."""
    disk = FakeDisk(full_at=1, short_bytes=2)
    with pytest.raises(OSError, match="No space left"):
        disk.write(descriptor, b"one")
    assert _content(descriptor) == b"on"


def test_a_broken_sync_is_not_durable(descriptor: int) -> None:
    """The n-th sync fails with EIO; the next would succeed, which is what makes trying again so dangerous."""
    disk = FakeDisk(broken_at=1)
    disk.write(descriptor, b"one")
    with pytest.raises(OSError, match="Input/output error") as refused:
        disk.sync(descriptor)
    assert refused.value.errno == errno.EIO
    assert disk.durable_bytes == 0
    disk.sync(descriptor)
    assert [call.ok for call in disk.calls] == [True, False, True]


def test_an_interrupt_comes_after_the_bytes(descriptor: int) -> None:
    """The n-th write is done, and the writer never hears of it."""
    disk = FakeDisk(interrupted_at=1)
    with pytest.raises(KeyboardInterrupt):
        disk.write(descriptor, b"one")
    assert _content(descriptor) == b"one"


def test_a_sync_waits_at_the_gate(descriptor: int) -> None:
    """What is written while a sync is under way is not covered by it."""
    disk = FakeDisk(gate=threading.Event())
    disk.write(descriptor, b"one")
    syncing = threading.Thread(target=disk.sync, args=(descriptor,))
    syncing.start()
    assert disk.waiting.wait(60)
    disk.write(descriptor, b"two")
    assert disk.durable_bytes == 0
    assert disk.gate is not None
    disk.gate.set()
    syncing.join()
    assert disk.durable_bytes == 3
