"""Tests of how two texts differ."""

from hypothesis import given
from hypothesis import strategies as st

from agentctl.review.differences.text_diff import text_diff, word_diff


def lines(before: str, after: str) -> list[str]:
    """Return the difference as people write it."""
    return [f"{line.mark}{line.text}" for line in text_diff(before, after)]


def test_lines_that_differ_stand_among_some_that_do_not() -> None:
    """How many others there are is told; of equal texts nothing."""
    text = "\n".join("abcdefgh")
    assert lines(text, text.replace("d", "D").replace("h", "")) == [
        "~1",
        " b",
        " c",
        "-d",
        "+D",
        " e",
        " f",
        " g",
        "-h",
    ]
    assert lines(text, text) == []
    assert lines("", "a") == ["+a"]
    assert lines(text, text.replace("a", "A")) == ["-a", "+A", " b", " c", "~5"]


@given(st.text("ab \n", max_size=30), st.text("ab \n", max_size=30))
def test_both_texts_can_be_read_out_of_their_words(before: str, after: str) -> None:
    """Nothing is lost, and what is said to be the same is."""
    one, other = word_diff(before, after)
    assert ("".join(piece.text for piece in one), "".join(piece.text for piece in other)) == (before, after)
    assert "".join(piece.text for piece in one if piece.same) == "".join(
        piece.text for piece in other if piece.same
    )


def test_words_that_differ_are_marked() -> None:
    """Whole words, and not letters in them; very long texts are not looked into."""
    one, other = word_diff("refund 49 USD", "refund 490 USD")
    assert [(piece.text, piece.same) for piece in other] == [
        ("refund ", True),
        ("490", False),
        (" USD", True),
    ]
    assert [piece.same for piece in one] == [True, False, True]
    long = "a " * 3_000
    assert [piece.same for piece in word_diff(long, f"{long}b")[0]] == [False]
    assert [piece.same for piece in word_diff(long, long)[1]] == [True]
