"""How far the making of the index has got: a line every few seconds, for whoever has thousands of journals."""

from agentctl.cli.screen.terminal import Terminal
from agentctl.foundation.clock import Clock
from agentctl.trace.index.loading import Loaded

_SECONDS_BETWEEN_LINES = 2.0


class RebuildProgress:
    """Says how many journals and records are in, how fast that goes, and about how long the rest takes."""

    def __init__(self, terminal: Terminal, clock: Clock) -> None:
        self._terminal = terminal
        self._clock = clock
        self._began = clock.monotonic_ns()
        self._told = 0.0
        self._journals = self._records = 0

    def tell(self, loaded: Loaded, journals: int) -> None:
        """Take in one more batch of so many journals in all."""
        self._journals += loaded.journals
        self._records += loaded.records
        seconds = (self._clock.monotonic_ns() - self._began) / 1e9
        if seconds - self._told >= _SECONDS_BETWEEN_LINES:
            self._told = seconds
            self._terminal.progress(self._line(journals, seconds))

    def _line(self, journals: int, seconds: float) -> str:
        left = seconds / self._journals * (journals - self._journals)
        rate = self._records / seconds
        return (
            f"{self._journals:,} of {journals:,} journals, {self._records:,} records, {rate:,.0f} a second, "
            f"about {left:.0f} s left"
        )
