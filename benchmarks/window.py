"""The measuring window, on the measured side: a process that runs one way of doing the work, and tells what it took.

A way stays open while others are measured in their own processes, so that rounds can be interleaved and nobody is measured
cold. Only the standard library is needed, so that every peer's environment can hold it.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import asdict, dataclass, field

TOOLS_OF_A_RUN = 3
ANSWERED = "re_1001"
"""Stands in the final text of every run that did its work."""


@dataclass
class Took:
    """What a window took: wall and CPU seconds of the whole process, its threads and its ended children; what ran.

    `syncs` and `sync_seconds` are those of the window's journals, where the way has some; `later` the CPU seconds of what a
    way does with all runs of a window after it, off their path.
    """

    runs: int
    wall: float
    cpu: float
    tools: int
    syncs: int = 0
    sync_seconds: float = 0.0
    later: float = 0.0


@dataclass
class Way:
    """One way of doing the work.

    Args:
        run: does it once and returns the final text.
        tools: how many tool functions ran so far.
        settle: what must be done before a window counts as done: flush a tracer, ingest journals.
        syncs: how often the disk was synced so far, and for how many seconds.
        later: what is done with the runs of a window after it, off their path; it raises where one of them is missing.
        many: does it so many times, so many at once; for who has a runner of its own.
    """

    run: Callable[[], Awaitable[str]]
    tools: Callable[[], int]
    settle: Callable[[], Awaitable[None]] | None = None
    syncs: Callable[[], tuple[int, float]] = field(default=lambda: (0, 0.0))
    many: Callable[[int, int], Awaitable[None]] | None = None
    later: Callable[[], Awaitable[None]] | None = None

    async def window(self, runs: int, at_once: int) -> Took:
        """Do the work so many times and return what that took; a run that did not do all of its work is an error."""
        tools, (syncs, seconds) = self.tools(), self.syncs()
        begin, cpu = time.perf_counter(), _cpu_seconds()
        await (self.many or self._many)(runs, at_once)
        if self.settle is not None:
            await self.settle()
        wall, cpu = time.perf_counter() - begin, _cpu_seconds() - cpu
        ran = self.tools() - tools
        if ran != TOOLS_OF_A_RUN * runs:
            raise RuntimeError(f"{ran} tools ran in {runs} runs, {TOOLS_OF_A_RUN * runs} were expected")
        synced, synced_seconds = self.syncs()
        return Took(runs, wall, cpu, ran, synced - syncs, synced_seconds - seconds, await self._later())

    async def _later(self) -> float:
        begin = _cpu_seconds()
        if self.later is not None:
            await self.later()
        return _cpu_seconds() - begin

    async def _many(self, runs: int, at_once: int) -> None:
        left = iter(range(runs))

        async def some() -> None:
            for _ in left:
                text = await self.run()
                if ANSWERED not in text:
                    raise RuntimeError(f"the run ended with {text!r}")

        await asyncio.gather(*(some() for _ in range(at_once)))


Open = Callable[[str], AbstractAsyncContextManager[Way]]
"""Opens a way for the model at a URL."""


def answer_windows(opened: Open) -> None:
    """Answer requests from standard input until it ends: each a JSON line with `url`, `runs` and `at_once`."""
    asyncio.run(_answer(opened))


async def _answer(opened: Open) -> None:
    ways: dict[str, Way] = {}
    async with AsyncExitStack() as stack:
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked = json.loads(line)
            if asked["url"] not in ways:
                ways[asked["url"]] = await stack.enter_async_context(opened(asked["url"]))
            took = await ways[asked["url"]].window(asked["runs"], asked["at_once"])
            print(json.dumps(asdict(took)), flush=True)


def _cpu_seconds() -> float:
    took = os.times()
    return took.user + took.system + took.children_user + took.children_system
