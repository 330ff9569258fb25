"""The lowest part of a terminal, drawn anew while what was said above it stays and scrolls up.

Between two drawings the cursor rests at the beginning of this part, on a line that is left empty. So to take it away is
to erase from there to the end of the screen: nothing has to be counted, however a terminal breaks lines when somebody
resizes it. Another process that writes there hits the empty line first. The cursor is never hidden and no mode is
changed, so whatever ends this process leaves a terminal that works.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

_TICK_SECONDS: Final = 0.2
_TICKS_TO_MEND: Final = 10
"""After so many drawings that would change nothing one is made all the same: others may have written there."""

_ERASE: Final = "\r\x1b[J"


class LivePart:
    """Lines that are drawn below everything else. Whoever has to print something does so above them.

    Args:
        file: the terminal.
        frame: returns the lines as they are now, each ending with a line break.
    """

    def __init__(self, file: TextIO, frame: Callable[[], str]) -> None:
        self._file = file
        self._frame = frame
        self._shown = ""
        self._unchanged = 0
        self._away = False
        self._gone = False
        self._turn = threading.RLock()
        self._over = threading.Event()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Draw the lines again and again until the block ends."""
        clock = threading.Thread(target=self._run, name="live", daemon=True)
        clock.start()
        try:
            yield
        finally:
            self._over.set()
            clock.join()
            with self._turn:
                self._erase()

    @contextmanager
    def above(self) -> Iterator[None]:
        """Let somebody print above the lines."""
        with self._turn:
            self._erase()
            yield
            self._draw()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Leave the terminal to somebody who asks a question there; the lines come back after it."""
        with self._turn:
            self._erase()
            self._away = True
        try:
            yield
        finally:
            with self._turn:
                self._away = False
                self._draw()

    def tick(self) -> None:
        """Draw the lines again where they changed, or have not been drawn for a while."""
        with self._turn:
            self._unchanged += 1
            if self._unchanged >= _TICKS_TO_MEND or self._frame() != self._shown:
                self._erase()
                self._draw()

    def _run(self) -> None:
        while not self._over.wait(_TICK_SECONDS):
            self.tick()

    def _draw(self) -> None:
        if self._away or self._over.is_set():
            return
        self._shown, self._unchanged = self._frame(), 0
        rows = self._shown.count("\n")
        if rows:
            self._write("\n" + self._shown.removesuffix("\n") + f"\x1b[{rows}A\r")

    def _erase(self) -> None:
        if self._shown:
            self._shown = ""
            self._write(_ERASE)

    def _write(self, text: str) -> None:
        """Write to the terminal; where it is gone there is nothing to draw any more, and what is watched goes on."""
        if self._gone:
            return
        try:
            self._file.write(text)
            self._file.flush()
        except OSError:
            self._gone = True
