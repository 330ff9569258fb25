"""Asks questions of single journals, each in a process of its own that is copied from one that stands ready."""

import json
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final

from agentctl.audit.hearing import Answer, Question, asked_for, hear
from agentctl.audit.own_process import command_of
from agentctl.audit.problems import gone_wrong

_COMMAND: Final = command_of("agentctl.audit.mould")


@dataclass
class Cells:
    """Answers questions about one journal each, behind the same walls as every other question (see `agentctl.audit.cell`).

    What all need is read once, when the first asks. Processes that are forked from this one may ask as well.
    """

    _process: "subprocess.Popen[bytes] | None" = None
    _door: socket.socket | None = None
    _starting: Lock = field(default_factory=Lock)

    def ask(self, journal: Path, sql: str) -> Answer:
        """Answer a question over the durable prefix of one journal.

        Raises:
            InvalidInput: the SQL is refused, is wrong, or took more than it may.
        """
        return self._asked(str(journal), Question(sql, kind=None))

    def check(self, sql: str) -> None:
        """See that a question can be answered at all.

        Raises:
            InvalidInput: the SQL is refused or wrong.
        """
        self._asked(None, Question(sql, kind=None, only_checked=True))

    def open(self) -> None:
        """Start what they are copied from, so that processes that are forked later share it."""
        with self._starting:
            if self._process is None:
                self._door, theirs = socket.socketpair()
                with theirs:
                    self._process = _started(theirs)

    def close(self) -> None:
        """End it, and with it whatever is still asked."""
        if self._process is not None and self._door is not None:
            self._door.close()
            self._process.kill()
            self._process.wait()

    def _asked(self, journal: str | None, question: Question) -> Answer:
        told = json.dumps({**asked_for(question), "journal": journal}).encode("ascii") + b"\n"
        line = self._line()
        with line, line.makefile("rb") as voice:
            try:
                line.sendall(told)
                _, answer = hear(voice, lambda: line.shutdown(socket.SHUT_RDWR), question)
            except ConnectionError as error:
                raise gone_wrong() from error
        return answer

    def _line(self) -> socket.socket:
        """Return one end of a line whose other end a new copy has."""
        self.open()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                if self._door is not None:
                    socket.send_fds(self._door, [b"."], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise gone_wrong() from error
        return ours


def _started(door: socket.socket) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603  # our own module, in our own interpreter
        (*_COMMAND, str(door.fileno())),
        pass_fds=(door.fileno(),),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )
