"""A crowd of `agentctl` processes in one project: started together, some of them killed, each heard to its end."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.scenarios.conftest import Shell

LONGEST_SECONDS = 600
"""One wait for something to happen: fifty processes on two cores take turns for minutes, and nothing here is a race."""

_LONGEST_LINE = 64 << 20
_RUN = re.compile(r"^run ([0-9A-Z]{26})\b", re.MULTILINE)
_COMPLAINT = re.compile(r"^(?:error|warning|Traceback|Exception|\S*(?:Error|Warning))\b.*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one command."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def run(self) -> str | None:
        """The run it told of first."""
        found = _RUN.search(self.err)
        return found[1] if found else None

    @property
    def complaints(self) -> list[str]:
        """Every line that tells of trouble."""
        return _COMPLAINT.findall(self.err)

    @property
    def document(self) -> Any:
        """The JSON that it printed."""
        return json.loads(self.out)


@dataclass(slots=True)
class Crowd:
    """Everybody who types `agentctl` in one project."""

    shell: Shell
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a run has told that it began."""
    ended: list[Ended] = field(default_factory=list)
    """Every command that came to its end."""
    trouble: list[str] = field(default_factory=list)
    """What should not have happened."""

    @property
    def journals(self) -> Path:
        """Where the project's journals lie."""
        return self.shell.folder / "traces" / "journal"

    async def type(self, *arguments: str, code: int = 0) -> Ended:
        """Run a command, which must end with this code and complain of nothing."""
        process = await self._start(arguments)
        return await self._heard_out(process, arguments, codes={code})

    async def type_and_kill(self, *arguments: str, lines: int, seconds: float) -> Ended:
        """Run a command, and kill it so long after it told its n-th line, unless it comes to its end before."""
        process = await self._start(arguments)
        told, dying = 0, list[asyncio.Task[None]]()

        def listen(_: str) -> None:
            nonlocal told
            if told == lines:
                dying.append(asyncio.create_task(_kill_after(process, seconds)))
            told += 1

        listen("")  # before the first line it is alive too
        ended = await self._heard_out(process, arguments, codes={0, -signal.SIGKILL}, listen=listen)
        await asyncio.gather(*dying)
        return ended

    @asynccontextmanager
    async def tailing(self) -> AsyncIterator[list[dict[str, Any]]]:
        """Follow all runs in a process of its own; the list grows as it tells records. Ctrl-C ends it."""
        arguments = ("runs", "tail", "--since", "1h", "--json")
        process = await self._start(arguments)
        told: list[dict[str, Any]] = []
        hearing = asyncio.create_task(
            self._heard_out(process, arguments, codes={130}, tell=lambda line: told.append(json.loads(line)))
        )
        try:
            yield told
        finally:
            process.send_signal(signal.SIGINT)
            await hearing

    async def _start(self, arguments: Iterable[str]) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agentctl", *arguments,
            cwd=self.shell.folder,
            env=self.shell.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
            preexec_fn=_hears_interrupts,
            limit=_LONGEST_LINE,
        )  # fmt: skip

    async def _heard_out(
        self,
        process: Process,
        arguments: tuple[str, ...],
        *,
        codes: set[int],
        listen: Callable[[str], None] = lambda _: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Ended:
        """Read all that a command says, let others hear each line of it, and judge how it ended."""

        def hear(line: str) -> None:
            if _RUN.match(line):
                self.begun.set()
            listen(line)

        async with asyncio.timeout(LONGEST_SECONDS):
            out, err = await asyncio.gather(_read(process.stdout, tell), _read(process.stderr, hear))
            ended = Ended(arguments, await process.wait(), out, err)
        self.ended.append(ended)
        if ended.code not in codes or ended.complaints:
            self.trouble.append(f"{' '.join(arguments)}: exit {ended.code}: {err[-2000:]}{out[-500:]}")
        return ended


def _hears_interrupts() -> None:
    """Undo what a shell does to jobs in its background: there SIGINT is ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while not holds():
            await asyncio.sleep(0.05)


async def _read(stream: asyncio.StreamReader | None, hear: Callable[[str], None]) -> str:
    assert stream is not None
    lines: list[str] = []
    async for line in stream:
        lines.append(line.decode())
        hear(lines[-1])
    return "".join(lines)


async def _kill_after(process: Process, seconds: float) -> None:
    await asyncio.sleep(seconds)
    if process.returncode is None:
        # Not `kill()`: of a process that just ended it takes the exit code from whoever waits for it.
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
