"""Lengths of time as people write them: `15m`, `24h`."""

import re
from typing import Annotated, Final

from pydantic import StringConstraints

_FORM: Final = r"^[1-9][0-9]{0,6}(s|m|h|d)$"

Duration = Annotated[str, StringConstraints(pattern=_FORM)]
"""A whole number with its unit: seconds, minutes, hours or days."""

_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds_of(duration: Duration) -> int:
    """Return a duration in seconds."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def parse_duration(text: str) -> int:
    """Return the seconds of a duration as somebody wrote it.

    Raises:
        ValueError: it is none.
    """
    if re.fullmatch(_FORM, text) is None or text.endswith("\n"):
        raise ValueError(f"`{text[:40]}` is no length of time")
    return seconds_of(text)
