"""A clock that stands still until a test moves it, either way."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class StandingClock:
    """A `Clock` whose wall clock may go back; its monotonic one only goes on."""

    moment: datetime = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
    nanoseconds: int = 1_000_000_000

    def now(self) -> datetime:
        """Return the moment at which the clock stands."""
        return self.moment

    def monotonic_ns(self) -> int:
        """Return nanoseconds since some fixed moment."""
        return self.nanoseconds

    def move(self, seconds: float) -> None:
        """Move the wall clock, back where negative; the monotonic clock goes on by as much."""
        self.moment += timedelta(seconds=seconds)
        self.nanoseconds += int(abs(seconds) * 1_000_000_000)
