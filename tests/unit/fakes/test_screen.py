"""The terminal that tests read shows what a real one shows."""

import pytest

from tests.fakes.screen import Screen


def after(text: str, columns: int = 10, height: int = 3) -> Screen:
    """Return a screen to which a text was sent."""
    screen = Screen(columns, height)
    for byte in text.encode():
        screen.feed(bytes([byte]))
    return screen


def test_what_does_not_fit_scrolls_up_and_stays() -> None:
    """The last rows are seen, all are there."""
    screen = after("one\r\ntwo\r\nthree\r\nfour")
    assert (screen.seen, screen.told[0], screen.cursor) == (["two", "three", "four"], "one", (2, 4))


def test_a_full_row_goes_on_below_only_with_the_next_character() -> None:
    """A line as wide as the screen takes one row."""
    assert after("0123456789\r\nx").told == ["0123456789", "x"]
    assert after("0123456789x").told == ["0123456789", "x"]


def test_wide_and_combining_characters_take_the_columns_they_take() -> None:
    """Two, and none."""
    assert after("返金返金返x").told == ["返金返金返", "x"]
    assert after("e\u0301x").cursor == (0, 2)
    assert after("012345678返").told == ["012345678", "返"]


def test_what_is_erased_or_written_over_is_gone() -> None:
    """From the cursor on, also after going up; not above what is seen."""
    assert after("one\r\ntwo\r\nthree\x1b[2A\r\x1b[J").told == []
    assert after("one\r\ntwo\r\x1b[1AX").told == ["Xne", "two"]
    assert after("1\r\n2\r\n3\r\n4\r\n5\x1b[9A\r\x1b[Jx").told == ["1", "2", "x"]
    assert after("\x1b[31mred\x1b[0m").told == ["red"]


def test_lines_are_broken_anew_when_it_becomes_narrower() -> None:
    """The cursor stays at its text; a terminal that does not do so keeps the rows."""
    screen = after("0123456789abc\r\nnext\r")
    screen.resize(5, 3)
    assert (screen.told, screen.cursor) == (["01234", "56789", "abc", "next"], (2, 0))
    stiff = Screen(10, 3, breaks_anew=False)
    stiff.feed(b"0123456789\r\nnext")
    stiff.resize(5, 3)
    assert stiff.told == ["0123456789", "next"]


@pytest.mark.parametrize("text", ["\x1b[?25l", "\x1b]0;title", "\x07", "\x1b[2K", "\x1b[2J"])
def test_what_it_does_not_know_is_an_error(text: str) -> None:
    """Nobody uses more of a terminal without a test that can show it."""
    with pytest.raises(AssertionError, match="does not know"):
        after(text)
