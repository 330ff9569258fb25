"""Bounds of time give way to a busy machine, and to nothing else."""

import time

import pytest

from tests.fakes import pace
from tests.fakes.pace import cut_off, quickly


def spin(seconds: float) -> str:
    """Use the processor for some seconds."""
    ends = time.process_time() + seconds
    while time.process_time() < ends:
        pass
    return "done"


def test_quick_work_gives_its_result() -> None:
    """At the first attempt, if that is quick enough."""
    assert quickly(lambda: "result", 1) == "result"


def test_slow_work_is_told_with_its_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its attempts was too slow."""
    monkeypatch.setattr(pace, "_slowness", lambda: 1.0)
    with pytest.raises(AssertionError, match=r"s where 0\.010 s are allowed; "):
        quickly(lambda: spin(0.02), 0.01)


def test_a_slow_machine_is_allowed_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many times more as it is slow."""
    monkeypatch.setattr(pace, "_slowness", lambda: 1_000.0)
    assert quickly(lambda: spin(0.02), 0.01) == "done"


def test_a_machine_is_never_quicker_than_supposed() -> None:
    """A quick one does not make bounds tighter."""
    assert pace._slowness() >= 1


async def test_an_attempt_has_longer_limits_until_it_gets_there() -> None:
    """And what came of that one counts."""
    limits: list[float] = []

    async def attempt(limit: float) -> int:
        limits.append(limit)
        return len(limits)

    assert await cut_off(attempt, lambda: len(limits) == 2) == (limits[1], 2)
    with pytest.raises(AssertionError, match="did not get there"):
        await cut_off(attempt, lambda: False)
    assert limits[2:] == sorted(limits[2:])
