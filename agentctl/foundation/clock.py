"""The only source of time. Everything that needs the hour takes a `Clock`."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; a test's clock stands still or jumps."""

    def now(self) -> datetime:
        """Return the wall clock, in UTC."""
        ...

    def monotonic_ns(self) -> int:
        """Return nanoseconds since some fixed moment; never goes back within a process."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic_ns(self) -> int:
        """Return the machine's monotonic clock in nanoseconds."""
        return time.monotonic_ns()


def to_rfc3339(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC with microseconds: `2026-11-22T22:37:00.000000Z`."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds').removesuffix('+00:00')}Z"


def from_rfc3339(text: str) -> datetime:
    """Return the moment that `to_rfc3339` wrote.

    Raises:
        ValueError: the text is not of that form.
    """
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        moment = None
    if moment is None or to_rfc3339(moment) != text:  # other forms of ISO 8601 are read too
        raise ValueError(f"`{text}` is not a time like `2026-11-22T22:37:00.000000Z`")
    return moment
