"""What a process holds, window after window, and whether that grows."""

import asyncio
import gc
import os
import re
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from statistics import median
from types import MethodType
from typing import Final

COUNTED: Final = {"objects": 0.5, "handles": 0.05, "threads": 0.05, "children": 0.05, "tasks": 0.05}
"""What is counted, and how much of it a run may seem to leave. A window's own record is an object; else it is none."""

_SELF = Path("/proc/self")
_Cache = type(lru_cache(lambda: None))


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds at the end of a window, and the CPU seconds that each run of it took."""

    runs: int
    cpu_per_run: float
    objects: int
    resident_bytes: int
    handles: int
    threads: int
    children: int
    tasks: int


async def measured(play: Callable[[int], Awaitable[None]], *, windows: int, runs: int) -> list[Held]:
    """Play so many runs in each of so many windows, and return what the process held after each of them."""
    await _fill_the_pool()
    found, watch = list[Held](), _Stopwatch()
    for window in range(1, windows + 1):
        await play(runs)
        found.append(_held(window * runs, watch.seconds() / runs))
        watch.seconds()  # counting is nobody's run
    return found


def growth_per_run(windows: Sequence[Held], of: str) -> float:
    """Return by how much something grows with each run: the later half of the windows against the earlier one.

    Medians, so that one window in which something was made for good, or is not gone yet, says nothing.
    """
    half = len(windows) // 2
    earlier, later = windows[:half], windows[-half:]
    runs = _median(later, "runs") - _median(earlier, "runs")
    return (_median(later, of) - _median(earlier, of)) / runs


def slower(windows: Sequence[Held], many: int) -> float:
    """Return how many times the CPU seconds of the first windows the last ones take for a run."""
    return _median(windows[-many:], "cpu_per_run") / _median(windows[:many], "cpu_per_run")


def growing(windows: Sequence[Held]) -> list[str]:
    """Return what there is more and more of, of all that is counted."""
    return [
        f"{grown:g} {of} more with each run"
        for of, most in COUNTED.items()
        if (grown := growth_per_run(windows, of)) > most
    ]


class _Stopwatch:
    """The CPU seconds of this process, threads included, and of children that have ended."""

    def __init__(self) -> None:
        self._begun = self._now()

    def seconds(self) -> float:
        """Return them since the last time, or since the beginning."""
        begun, self._begun = self._begun, self._now()
        return self._begun - begun

    def _now(self) -> float:
        times = os.times()
        return time.process_time() + times.children_user + times.children_system


def _held(runs: int, cpu_per_run: float) -> Held:
    """Return what the process holds once everything that can go is gone."""
    _forget_what_is_bounded()
    gc.collect()
    return Held(
        runs=runs,
        cpu_per_run=cpu_per_run,
        objects=sum(not _is_the_instruments(found) for found in gc.get_objects()),
        resident_bytes=int((_SELF / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
        handles=len(list((_SELF / "fd").iterdir())),
        threads=threading.active_count(),
        children=sum(len(path.read_text().split()) for path in _SELF.glob("task/*/children")),
        tasks=len(asyncio.all_tasks()),
    )


def _is_the_instruments(found: object) -> bool:
    """Whether an object belongs to what measures coverage: it keeps a tracer of every thread that there ever was."""
    owner = found.__self__ if type(found) is MethodType else found
    return str(type(owner).__module__).partition(".")[0] == "coverage"


def _forget_what_is_bounded() -> None:
    """Empty caches that have a size, which fill for a while and then grow no more; one without a size is a leak."""
    re.purge()
    for found in gc.get_objects():
        if type(found) is _Cache and found.cache_info().maxsize is not None:
            found.cache_clear()


async def _fill_the_pool() -> None:
    """Start all threads that the loop may have for blocking work; else they come one by one, whenever more are busy."""
    all_of_them = min(32, (os.cpu_count() or 1) + 4)
    together = threading.Barrier(all_of_them)
    await asyncio.gather(*(asyncio.to_thread(together.wait) for _ in range(all_of_them)))


def _median(windows: Sequence[Held], of: str) -> float:
    return median(map(attrgetter(of), windows))
