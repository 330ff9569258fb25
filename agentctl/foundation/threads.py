"""Blocking work beside the event loop, on threads that wait for more: handing over costs a fraction of starting one.

The threads are daemons: work that hangs must not keep the process from ending.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Final, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from typing_extensions import override

T = TypeVar("T")

_MOST_IDLE: Final = 16


class _Worker(threading.Thread):
    """Does what it is handed, one thing after another; it ends where enough others wait already."""

    def __init__(self, first: Callable[[], None]) -> None:
        super().__init__(name="agentctl-worker", daemon=True)
        self.handed: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.handed.put(first)

    @override
    def run(self) -> None:
        """Work until it is not needed any more."""
        while True:
            self.handed.get()()
            if len(_IDLE) >= _MOST_IDLE:
                return
            _IDLE.append(self)


_IDLE: Final[deque[_Worker]] = deque()
os.register_at_fork(after_in_child=_IDLE.clear)  # a forked process has none of them


def _hand(work: Callable[[], None]) -> None:
    """Give work to the thread that waits for the shortest time, or to a new one."""
    try:
        worker = _IDLE.pop()
    except IndexError:
        _Worker(work).start()
    else:
        worker.handed.put(work)


def in_thread(work: Callable[[], T]) -> Awaitable[T]:
    """Do blocking work in a thread and return what it returns, or raise what it raises.

    Whoever waits may be cancelled; the work is done all the same.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        settle = _outcome_of(work, done)
        with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            loop.call_soon_threadsafe(settle)

    _hand(run)
    return done


_Asked: TypeAlias = tuple[Callable[[], None], "asyncio.Future[None]"]


class Together:
    """Blocking work that several ask for at once, handed over as one: for what is dear to hand over and quick to do."""

    def __init__(self) -> None:
        self._waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, list[_Asked]] = WeakKeyDictionary()

    def do(self, work: Callable[[], None]) -> Awaitable[None]:
        """Do work in a thread, with all that is asked for before the event loop comes round again."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        waiting = self._waiting.get(loop)
        if waiting is None:
            waiting = self._waiting[loop] = []
            loop.call_soon(self._hand_over, loop)
        waiting.append((work, done))
        return done

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        asked = self._waiting.pop(loop)

        def run() -> None:
            settles = [_outcome_of(work, done) for work, done in asked]
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_all, settles)

        _hand(run)


def _outcome_of(work: Callable[[], T], done: "asyncio.Future[T]") -> Callable[[], None]:
    """Do the work and return what tells whoever waits for it."""
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001  # it is raised again where somebody waits for it
        failure = error
        return lambda: None if done.done() else done.set_exception(failure)
    return lambda: None if done.done() else done.set_result(result)


def _all(settles: Sequence[Callable[[], None]]) -> None:
    for settle in settles:
        settle()
