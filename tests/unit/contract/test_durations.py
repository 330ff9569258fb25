"""Lengths of time are whole numbers with their unit, and nothing else."""

import pytest
from pydantic import TypeAdapter, ValidationError

from agentctl.contract.durations import Duration, parse_duration, seconds_of

DURATION: TypeAdapter[str] = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("90s", 90), ("15m", 900), ("24h", 86_400), ("2d", 172_800), ("9999999d", 863_999_913_600)],
)
def test_a_duration_is_so_many_seconds(text: str, seconds: int) -> None:
    """Each unit counts; on the command line too."""
    assert parse_duration(text) == seconds
    assert seconds_of(DURATION.validate_python(text)) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "0s", "s", "15", "15M", "15 m", "-1h", "+1h", "1.5h", "01h", "1h30m", "1w", "10000000s", "1h\n"],
)
def test_whatever_may_be_read_differently_is_refused(text: str) -> None:
    """No sign, no fraction, no two units, no nothing."""
    with pytest.raises(ValueError, match="is no length of time"):
        parse_duration(text)
    with pytest.raises(ValidationError):
        DURATION.validate_python(text)
