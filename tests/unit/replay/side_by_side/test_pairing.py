"""Tests of laying two sequences side by side."""

from hypothesis import given
from hypothesis import strategies as st

from agentctl.replay.side_by_side.pairing import Pair, paired

letters = st.text("abc", max_size=7)


def pairs_of(one: str, other: str) -> list[tuple[str | None, str | None]]:
    """Return two texts side by side, letter by letter."""
    found = paired(one, other, lambda this, that: int(this == that), str)
    return [(pair.before, pair.after) for pair in found]


def test_what_is_alike_stands_together() -> None:
    """And what only one side has stands alone, where it was."""
    assert pairs_of("abc", "ac") == [("a", "a"), ("b", None), ("c", "c")]
    assert pairs_of("", "ab") == [(None, "a"), (None, "b")]


@given(letters, letters)
def test_both_sequences_are_there_in_their_order(one: str, other: str) -> None:
    """Nothing is lost, nothing is twice."""
    pairs = pairs_of(one, other)
    assert "".join(before or "" for before, _ in pairs) == one
    assert "".join(after or "" for _, after in pairs) == other


@given(letters, letters)
def test_it_makes_no_difference_which_comes_first(one: str, other: str) -> None:
    """The same letters stand together."""
    assert [(after, before) for before, after in pairs_of(other, one) if before and after] == [
        (before, after) for before, after in pairs_of(one, other) if before and after
    ]


@given(letters)
def test_a_sequence_stands_beside_itself(text: str) -> None:
    """Every letter beside itself."""
    assert pairs_of(text, text) == [(letter, letter) for letter in text]


def test_a_pair_has_the_sides_that_are_there() -> None:
    """One or two."""
    assert (Pair(1, 2).sides, Pair(None, 2).sides, Pair(1, None).sides) == ((1, 2), (2,), (1,))
