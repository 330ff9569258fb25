"""A guard over replays: whatever would reach the network or another process is refused, whoever calls it.

Nothing in a replay does. This is what says so, in the product as in its tests.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Final

from agentctl.foundation.errors import InternalError

_REACHING: Final = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendmsg",
        "socket.sendto",
        "subprocess.Popen",
    }
)
_SHUT: ContextVar[bool] = ContextVar("shut", default=False)


@contextmanager
def nothing_reached() -> Iterator[None]:
    """Refuse every call to the network and every new process in this section, also in its tasks and threads.

    Raises:
        InternalError: where something tries to.
    """
    _install()
    token = _SHUT.set(True)
    try:
        yield
    finally:
        _SHUT.reset(token)


@cache
def _install() -> None:
    """Listen to the interpreter, once: what listens to it cannot be taken away again, and does nothing outside of a section."""
    sys.addaudithook(_refuse)


def _refuse(event: str, _: object) -> None:
    if event in _REACHING and _SHUT.get():
        raise InternalError(f"a replay reached for the world outside: {event}")
