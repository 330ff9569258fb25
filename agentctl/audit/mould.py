"""The process from which cells for single journals are copied: what each of them needs has been read and made once.

It never looks at any SQL. Whoever asks sends one end of a line through its door and says on the line what is wanted (see
`Order`); a copy of this process takes the journal in and answers there as `agentctl.audit.cell` does. Who hangs up ends the
copy, whatever it does. The process ends when nobody has the door open any more.
"""

import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from agentctl.audit import walls
from agentctl.audit.cell import Asked, answer_behind_walls, make_ready, saying_to
from agentctl.trace.index.reading import connect_for_reading, take_in

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NO_JOURNALS: Final = Path(os.devnull)


class Order(Asked):
    """What a copy is told."""

    journal: str | None
    """The one journal that it looks at; None: none."""


def main() -> None:
    """Copy this process for whoever asks, until nobody can ask any more."""
    door = socket.socket(fileno=int(sys.argv[2]))
    connection, _ = connect_for_reading(None, _NO_JOURNALS)
    make_ready(connection)
    _Mould(door, connection).serve()


@dataclass
class _Mould:
    """Copies this process; `lines` are those of the copies at work, by process."""

    door: socket.socket
    connection: "DuckDBPyConnection"
    lines: dict[int, socket.socket] = field(default_factory=dict)
    watched: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def serve(self) -> None:
        """Attend to the door, to those who hang up, and to copies that have ended."""
        heard, told = os.pipe()
        for end in (heard, told):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        self.watched.register(heard, selectors.EVENT_READ, partial(self._bury, heard))
        self.watched.register(self.door, selectors.EVENT_READ, self._open)
        while self.door.fileno() >= 0:
            for key, _ in self.watched.select():
                key.data()

    def _open(self) -> None:
        """Copy this process for whoever sends a line; where none comes nobody asks any more."""
        _, ends, _, _ = socket.recv_fds(self.door, 1, 1)
        if not ends:
            self.watched.unregister(self.door)
            self.door.close()
            return
        line = socket.socket(fileno=ends[0])
        if not (told := _first_line(line)):
            line.close()
            return
        mould = os.getpid()
        pid = os.fork()
        if pid == 0:
            _attend(line, json.loads(told), self.connection, (self.door, *self.lines.values()), mould)
        self.lines[pid] = line
        self.watched.register(line, selectors.EVENT_READ, partial(self._end, pid, line))

    def _end(self, pid: int, line: socket.socket) -> None:
        """End a copy whose asker hung up: nothing else is ever said to it. It may have ended at the same moment."""
        if self.lines.get(pid) is line:
            self.watched.unregister(line)
            os.kill(pid, signal.SIGKILL)  # nobody has waited for it yet, so it is that process

    def _bury(self, heard: int) -> None:
        """Let go of copies that have ended, so that their askers see the end."""
        with suppress(BlockingIOError):
            os.read(heard, 1 << 12)
        with suppress(ChildProcessError):  # there are none left
            while pid := os.waitpid(-1, os.WNOHANG)[0]:
                line = self.lines.pop(pid)
                with suppress(KeyError):  # its asker hung up first
                    self.watched.unregister(line)
                line.close()


def _first_line(line: socket.socket) -> bytes:
    with line.makefile("rb") as voice:
        return voice.readline()


def _attend(
    line: socket.socket,
    order: Order,
    connection: "DuckDBPyConnection",
    inherited: Sequence[socket.socket],
    mould: int,
) -> NoReturn:  # pragma: no cover - a fork
    """Answer one question in this copy, and end; the mould may be gone before this copy does anything."""
    try:
        walls.end_with(mould)
        signal.set_wakeup_fd(-1)
        for end in inherited:
            end.close()
        if order["journal"] is not None:
            take_in(connection, Path(order["journal"]))
        answer_behind_walls(connection, order, saying_to(line.fileno()))
    finally:
        os._exit(0)
