"""Blocking work on threads that wait for more: done once, told to whoever waits, and never in anybody's way."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from agentctl.foundation import threads
from agentctl.foundation.threads import Together, in_thread
from tests.forks import exit_code_of, forked

ENOUGH = 60.0
"""Seconds that nothing here takes."""


async def finished(work: Callable[[], object]) -> object:
    """Return what work in a thread comes to."""
    return await asyncio.wait_for(in_thread(work), ENOUGH)


async def test_what_work_returns_and_raises_is_told() -> None:
    """It runs in another thread, and neither its result nor its error is lost."""
    assert await finished(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await finished(lambda: 1 // 0)


async def test_a_thread_is_used_again() -> None:
    """One piece of work after another takes one thread, once it waits for more: it tells what came of the last one first."""
    used = set()
    for _ in range(20):
        thread = await finished(threading.current_thread)
        async with asyncio.timeout(ENOUGH):
            while thread not in threads._IDLE:
                await asyncio.sleep(0)
        used.add(thread)
    assert len(used) == 1


async def test_work_that_hangs_keeps_nobody_waiting() -> None:
    """Its waiter gives up, others go on in other threads, and no thread keeps the process alive."""
    go_on = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await in_thread(go_on.wait)
    assert await finished(lambda: threading.current_thread().daemon) is True
    go_on.set()


async def test_no_more_threads_wait_than_are_of_use() -> None:
    """After a crowd, the threads that are left over end."""
    crowd = 3 * threads._MOST_IDLE
    gate = threading.Barrier(crowd)
    await asyncio.wait_for(asyncio.gather(*(in_thread(gate.wait) for _ in range(crowd))), ENOUGH)
    assert await finished(lambda: len(threads._IDLE)) <= threads._MOST_IDLE


async def test_what_is_asked_at_once_is_handed_over_as_one() -> None:
    """All of it runs in one thread, in order; each hears of its own, and a failure is only one's own."""
    together, ran = Together(), list[tuple[int, int]]()

    def work(number: int) -> None:
        ran.append((number, threading.get_ident()))
        if number == 1:
            raise ValueError(number)

    asked = (together.do(lambda number=number: work(number)) for number in range(4))
    told = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), ENOUGH)
    assert [type(item) for item in told] == [type(None), ValueError, type(None), type(None)]
    assert [number for number, _ in ran] == [0, 1, 2, 3]
    assert len({thread for _, thread in ran}) == 1
    await together.do(lambda: work(9))
    assert ran[-1][0] == 9


async def test_work_is_done_though_nobody_waits_any_more() -> None:
    """A cancelled waiter hears nothing; its work and that of others is done."""
    together, ran = Together(), list[str]()
    given_up = asyncio.ensure_future(together.do(lambda: ran.append("first")))
    other = together.do(lambda: ran.append("second"))
    given_up.cancel()
    await asyncio.wait_for(asyncio.ensure_future(other), ENOUGH)
    assert ran == ["first", "second"]
    assert given_up.cancelled()


def test_a_loop_that_ended_hears_nothing() -> None:
    """Work that outlives its event loop is done, and its end disturbs nobody."""
    go_on, done = threading.Event(), threading.Event()

    def work() -> None:
        go_on.wait(ENOUGH)
        done.set()

    async def give_up() -> None:
        for ask in (in_thread, Together().do):
            task = asyncio.ensure_future(ask(work))
            await asyncio.sleep(0)
            task.cancel()

    asyncio.run(give_up())
    go_on.set()
    assert done.wait(ENOUGH)
    assert asyncio.run(finished(lambda: "another loop")) == "another loop"


def test_a_forked_process_has_threads_of_its_own() -> None:
    """Those of its parent do not exist there; work must not be handed to them."""
    assert asyncio.run(finished(lambda: "before")) == "before"

    def in_the_child() -> None:
        assert asyncio.run(finished(lambda: "in the child")) == "in the child"

    assert exit_code_of(forked(in_the_child)) == 0
