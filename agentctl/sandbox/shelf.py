"""Many ledgers behind one server: each request names its own as the first part of its path."""

import re
from collections import OrderedDict
from pathlib import Path
from typing import Final

from agentctl.foundation.clock import Clock
from agentctl.sandbox.ledger import FILE_NAME, Ledger, open_ledger

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_OPEN: Final = 256
"""How many ledgers stay open; far more than are at work at the same time."""


class Shelf:
    """The ledgers of a folder, each in a folder of its own; whoever makes a ledger fills it before it is asked for."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._open: OrderedDict[str, Ledger] = OrderedDict()

    def ledger(self, name: str) -> Ledger | None:
        """Return a ledger; None where there is none of that name."""
        found = self._open.pop(name, None) or self._opened(name)
        if found is not None:
            self._open[name] = found
            self._close_the_oldest(beyond=_OPEN)
        return found

    def close(self) -> None:
        """Close all that are open."""
        self._close_the_oldest(beyond=0)

    def _opened(self, name: str) -> Ledger | None:
        folder = self._folder / name
        if _NAME.fullmatch(name) is None or not (folder / FILE_NAME).exists():
            return None
        return open_ledger(folder, self._clock, durable=False)

    def _close_the_oldest(self, beyond: int) -> None:
        while len(self._open) > beyond:
            self._open.popitem(last=False)[1].close()
