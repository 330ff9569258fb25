"""Processes that make trials side by side, one per core: one process alone would keep one core busy and no more.

They are forked from this one while it has one thread and no event loop, so they have everything that it has read. They end
when this process asks nothing more of them, and by themselves when it is gone, however that happens.
"""

import asyncio
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Final, NoReturn

from typing_extensions import override

from agentctl.composition.evals.trial_makers import BROKEN, STOP, MakerGone, TrialMaker
from agentctl.events.evals import TrialJudged, TrialStarted
from agentctl.foundation.errors import ExitCode, InternalError
from agentctl.foundation.machine import cores

_FEWEST: Final = 25
"""Trials that are worth a process: each loads its policies and opens its stages by itself."""
_SECONDS_TO_END: Final = 10
_LONGEST_LINE: Final = 16 << 20

Work = Callable[[socket.socket], None]
"""What a process does with its end of the line to whoever asks."""


def processes_for(trials: int, at_once: int) -> int:
    """Return in how many processes so many trials are made best; 0: in this one.

    A fork takes along only the thread that forks, so a process with more of them stays alone; so does one on a system where
    nobody can wait for a process for some time only.
    """
    count = min(cores(), at_once, trials // _FEWEST)
    return count if count > 1 and threading.active_count() == 1 and hasattr(os, "pidfd_open") else 0


@contextmanager
def crew(count: int, work: Work) -> Iterator["Crew | None"]:
    """Start processes that do some work; with the block, they end. None where there are none."""
    with ExitStack() as stack:
        hands: list[_Hand] = []
        for _ in range(count):
            hands.append(stack.enter_context(_hired(work, hands)))
        yield Crew(hands) if hands else None


class Crew(TrialMaker):
    """Gives every trial to the process that has fewest."""

    def __init__(self, hands: "Sequence[_Hand]") -> None:
        self._hands = hands

    @override
    async def make(self, begun: TrialStarted) -> TrialJudged:
        """Let one of them make it."""
        hand = min(self._hands, key=lambda one: one.busy)
        return await hand.ask(begun)

    @override
    def stop(self) -> None:
        """Tell all of them."""
        for hand in self._hands:
            hand.stop()


class _Hand:
    """One process, and the line to it: each trial that is asked for is a line, and so is each answer."""

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.line = line
        self._pid = pid
        self._answers: dict[str, asyncio.Future[TrialJudged]] = {}
        self._opened: asyncio.Task[asyncio.StreamWriter] | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def busy(self) -> int:
        """How many trials it has."""
        return len(self._answers)

    async def ask(self, begun: TrialStarted) -> TrialJudged:
        """Let it make a trial, and return what it says."""
        answer: asyncio.Future[TrialJudged] = asyncio.get_running_loop().create_future()
        self._answers[begun.run] = answer
        try:
            if self._opened is None:
                self._opened = asyncio.create_task(self._open())
            writer = await asyncio.shield(self._opened)
            if self._reading is None or self._reading.done():
                raise MakerGone
            writer.write(f"{begun.model_dump_json()}\n".encode())
            return await answer
        finally:
            del self._answers[begun.run]

    def stop(self) -> None:
        """Let its trials stop."""
        with suppress(OSError):  # it is gone already
            self.line.send(STOP)

    def dismiss(self) -> None:
        """Ask no more, and wait until it has ended."""
        with suppress(OSError):
            self.line.shutdown(socket.SHUT_WR)
        descriptor = os.pidfd_open(self._pid)
        try:
            ended, _, _ = select.select([descriptor], [], [], _SECONDS_TO_END)
            if not ended:
                os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        finally:
            os.close(descriptor)
            self.line.close()

    async def _open(self) -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_unix_connection(sock=self.line.dup(), limit=_LONGEST_LINE)
        self._reading = asyncio.create_task(self._read(reader, writer))
        return writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take in answers until the process has ended, or until the event loop does and cancels this."""
        try:
            while line := (await reader.readline()).decode():
                self._take(line)
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(MakerGone())
        finally:
            writer.close()

    def _take(self, line: str) -> None:
        """Hand an answer to who asked; whoever was cancelled meanwhile does not want it."""
        if line.startswith(BROKEN):
            run, _, what = line.removeprefix(BROKEN).strip().partition(" ")
            if (answer := self._answers.get(run)) is not None and not answer.done():
                answer.set_exception(InternalError(f"trial {run} broke: {what}"))
            return
        judged = TrialJudged.model_validate_json(line)
        if (answer := self._answers.get(judged.run)) is not None and not answer.done():
            answer.set_result(judged)


@contextmanager
def _hired(work: Work, others: "Sequence[_Hand]") -> Iterator["_Hand"]:
    """Fork a process that does the work; with the block, it ends."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _work(work, theirs, (ours, *(other.line for other in others)))
    theirs.close()
    hand = _Hand(pid, ours)
    try:
        yield hand
    finally:
        hand.dismiss()


def _work(
    work: Work, line: socket.socket, inherited: Sequence[socket.socket]
) -> NoReturn:  # pragma: no cover - a fork
    """Do the work and end, whatever happens; nothing of the other process is flushed, closed or told twice."""
    code = int(ExitCode.INTERNAL)
    try:
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # a terminal tells all of its processes; the other one decides
        for end in inherited:
            end.close()  # so that its end is seen when the other process is gone
        work(line)
        code = int(ExitCode.OK)
    finally:
        os._exit(code)
