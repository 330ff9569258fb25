"""The guard over replays: nothing reaches the network or another process while it is up."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from agentctl.foundation.errors import InternalError
from agentctl.replay.guard import nothing_reached

WAYS: dict[str, Callable[[], object]] = {
    "connect": lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "a name": lambda: socket.getaddrinfo("localhost", 80),
    "a server": lambda: socket.socket().bind(("127.0.0.1", 0)),
    "a process": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    "a shell": lambda: os.system("true"),  # noqa: S605, S607
    "fork": os.fork,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_nothing_gets_out(way: str) -> None:
    """Each way out is refused before anything happens."""
    with nothing_reached(), pytest.raises(InternalError, match="reached for the world outside"):
        WAYS[way]()


async def test_tasks_and_threads_are_guarded_too() -> None:
    """Whatever is begun in there is in there."""

    async def reach() -> None:
        await asyncio.to_thread(WAYS["a name"])

    with nothing_reached(), pytest.raises(InternalError):
        await asyncio.create_task(reach())


def test_outside_of_it_everything_is_as_it_was() -> None:
    """Before, after, and where it ended with an error."""
    with pytest.raises(ValueError, match="stop"), nothing_reached():
        raise ValueError("stop")
    subprocess.run([sys.executable, "-c", ""], check=True)
