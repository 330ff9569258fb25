"""Tests of time: its written form, and the machine's clock."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.foundation.clock import SystemClock, from_rfc3339, to_rfc3339

MOMENTS = st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds UTC


@given(MOMENTS)
def test_a_moment_comes_back_from_its_text(moment: datetime) -> None:
    """Writing and reading a moment loses nothing, down to the microsecond."""
    assert from_rfc3339(to_rfc3339(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_moments_do(one: datetime, other: datetime) -> None:
    """The chain compares times as texts, so the order of texts is the order of moments."""
    assert (to_rfc3339(one) < to_rfc3339(other)) == (one < other)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_is_written_as_the_standard_library_writes_it(moment: datetime) -> None:
    """From the first year to the last, with all six digits of a second's parts."""
    assert to_rfc3339(moment) == f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def test_a_moment_elsewhere_is_written_in_utc() -> None:
    """A moment of another zone is written as the same moment in UTC."""
    zone = timezone(timedelta(hours=2))
    assert to_rfc3339(datetime(2026, 3, 14, 11, 0, tzinfo=zone)) == "2026-03-14T09:00:00.000000Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-03-14",
        "2026-03-14T09:00:00.5Z",
        "2026-3-14T09:00:00.000000Z",
        "2026-03-14T09:00:00.000000+00:00",
        "2026-03-14T09:00:00.000000Z\n",
        "2026-13-14T09:00:00.000000Z",
        "\u0662\u0660\u0662\u0666-03-14T09:00:00.000000Z",
    ],
)
def test_only_the_written_form_is_read(text: str) -> None:
    """Fewer digits, other digits, another zone, a date that is none: not a time of ours."""
    with pytest.raises(ValueError, match=r"time|does not match|unconverted"):
        from_rfc3339(text)


def test_the_machines_clock_tells_utc_and_goes_on() -> None:
    """The wall clock is aware and in UTC; the monotonic clock does not go back."""
    clock = SystemClock()
    earlier = clock.monotonic_ns()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic_ns() >= earlier
