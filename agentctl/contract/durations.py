"""Lengths of time as people write them: `15m`, `24h`."""

from typing import Annotated, Final

from pydantic import StringConstraints

Duration = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,6}(s|m|h|d)$")]
"""A whole number with its unit: seconds, minutes, hours or days."""

_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds_of(duration: Duration) -> int:
    """Return a duration in seconds."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]
