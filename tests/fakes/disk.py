"""A disk that tests can watch and break: it really writes, remembers the order of calls, and fails where it is told to."""

import errno
import os
import threading
from dataclasses import dataclass, field
from typing import Literal

from agentctl.trace.disk import SystemDisk


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached the disk: what was asked, the file's size in bytes when it began, whether it went well."""

    kind: Literal["write", "sync"]
    size: int
    ok: bool


@dataclass
class FakeDisk:
    """A `Disk` over real files. Writes and syncs count from 1; `None` means none of them fails.

    `full_at`: this write and all later ones are refused with ENOSPC, after `short_bytes` bytes of it were written.
    `broken_at`: this sync is refused with EIO; later ones would succeed, as they do after a real one.
    `interrupted_at`: this write is done, and then interrupted from the keyboard.
    `gate`: syncs wait until it is set; `waiting` says that one does.
    """

    full_at: int | None = None
    short_bytes: int = 0
    broken_at: int | None = None
    interrupted_at: int | None = None
    gate: threading.Event | None = None
    waiting: threading.Event = field(default_factory=threading.Event)
    calls: list[Call] = field(default_factory=list)
    durable_bytes: int = 0

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all bytes, or fail as told."""
        full = self.full_at is not None and self.count("write") + 1 >= self.full_at
        self._remember("write", descriptor, ok=not full)
        SystemDisk().write(descriptor, data[: self.short_bytes] if full else data)
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.count("write") == self.interrupted_at:
            raise KeyboardInterrupt

    def sync(self, descriptor: int) -> None:
        """Take what is written by now as durable, or fail as told."""
        broken = self.count("sync") + 1 == self.broken_at
        began = self._remember("sync", descriptor, ok=not broken)
        if self.gate is not None:
            self.waiting.set()
            self.gate.wait(30)
        if broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.durable_bytes = began.size

    def count(self, kind: Literal["write", "sync"]) -> int:
        """Return how many calls of a kind reached the disk."""
        return sum(call.kind == kind for call in self.calls)

    def _remember(self, kind: Literal["write", "sync"], descriptor: int, *, ok: bool) -> Call:
        call = Call(kind, os.fstat(descriptor).st_size, ok)
        self.calls.append(call)
        return call
