"""Tests of how many bytes a call moves."""

from agentctl.budget.sizes import bytes_of
from agentctl.foundation.canonical import JsonValue


def test_bytes_are_those_of_the_canonical_form() -> None:
    """UTF-8, no spaces: what is hashed is what is counted."""
    rows: list[tuple[JsonValue, int]] = [({"b": 1, "a": "é"}, 16), (None, 4), ("", 2), ([], 2), (1e20, 21)]
    assert [bytes_of(value) for value, _ in rows] == [size for _, size in rows]


def test_what_has_no_canonical_form_is_counted_as_the_text_that_is_recorded() -> None:
    """An integer beyond 2^53, half a character: nothing weighs nothing."""
    assert bytes_of(2**60) == len(str(2**60))
    assert bytes_of("\ud800") == len("'\\ud800'")
