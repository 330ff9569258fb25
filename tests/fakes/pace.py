"""How long things may take in tests: bounds that hold on a machine that others keep busy."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_ATTEMPTS = 4
_SUMMANDS = 1 << 20
_SECONDS_FOR_THE_SUM = 1 / 15  # on a machine that is as quick as the bounds in tests suppose
_LIMITS = (0.4, 2.0, 8.0, 30.0)


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time that some work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def quickly(work: Callable[[], T], within: float) -> T:
    """Return what comes of some work that takes less than some seconds of processor time.

    Where this machine is slow, or busy, the work may take as much longer as a known sum does just then, and it may try
    a few times.

    Raises:
        AssertionError: it took longer each time.
    """
    results: list[T] = []
    found = []
    for _ in range(_ATTEMPTS):
        taken = seconds(lambda: results.append(work()))
        allowed = within * _slowness()
        if taken < allowed:
            return results[-1]
        found.append(f"{taken:.3f} s where {allowed:.3f} s are allowed")
    raise AssertionError("; ".join(found))


def _slowness() -> float:
    """Return how many times as long as supposed this machine needs for a sum; 1 where it is quicker."""
    taken = seconds(lambda: sum(number * number for number in range(_SUMMANDS)))
    return max(1.0, taken / _SECONDS_FOR_THE_SUM)


async def cut_off(attempt: Callable[[float], Awaitable[T]], got_there: Callable[[], bool]) -> tuple[float, T]:
    """Return the time limit, in seconds, and the outcome of an attempt that its limit ends where it should.

    A busy machine may not get as far as that within the shortest limit; then it has the next one.
    """
    for limit in _LIMITS:
        outcome = await attempt(limit)
        if got_there():
            return limit, outcome
    raise AssertionError(f"it did not get there within {_LIMITS[-1]} s")
