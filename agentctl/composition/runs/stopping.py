"""How signals stop what this process does: the first at the next safe place, the second at once."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agentctl.runtime.live_world import Interrupt

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals(
    interrupt: Interrupt, at_the_first: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Let signals stop the work of the block: the first sets the interrupt and is told of, the second cancels the task."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def stop() -> None:
        if not interrupt.wanted:
            at_the_first()
        elif task is not None:
            task.cancel()
        interrupt.wanted = True

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
