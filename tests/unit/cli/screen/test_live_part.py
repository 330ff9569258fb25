"""The lower edge of the screen: drawn anew, gone when it must be, and never in the way of what was said."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agentctl.cli.screen.live_part import LivePart
from tests.fakes.screen import Screen, ScreenFile


class Place:
    """A screen with a live part whose lines can be set, and nobody who draws it by himself."""

    def __init__(self, columns: int = 20, height: int = 8, *, breaks_anew: bool = True) -> None:
        self.screen = Screen(columns, height, breaks_anew=breaks_anew)
        self.file = ScreenFile(self.screen)
        self.lines = ["going on"]
        self.part = LivePart(self.file, self.frame)

    def frame(self) -> str:
        """Return the lines as they are drawn."""
        return "".join(f"{line}\n" for line in self.lines)

    def say(self, text: str) -> None:
        """Say something above the live part."""
        with self.part.above():
            self.file.write(f"{text}\n")


def test_what_is_said_stays_above_and_only_the_rest_is_drawn_anew() -> None:
    """The cursor rests on the empty line between them."""
    place = Place()
    place.say("one")
    assert (place.screen.told, place.screen.cursor) == (["one", "", "going on"], (1, 0))
    place.say("two")
    place.lines = ["other", "things"]
    place.part.tick()
    assert (place.screen.told, place.screen.cursor) == (["one", "two", "", "other", "things"], (2, 0))


def test_a_long_story_scrolls_up_whole() -> None:
    """Nothing of the live part is left in what scrolled away."""
    place = Place(height=5)
    for number in range(40):
        place.say(f"line {number}")
    assert place.screen.told == [*(f"line {number}" for number in range(40)), "", "going on"]
    assert place.screen.seen[-1] == "going on"


@pytest.mark.parametrize("breaks_anew", [True, False])
@pytest.mark.parametrize(("columns", "height"), [(7, 8), (60, 8), (20, 4), (9, 30)])
def test_resizing_takes_away_no_line_and_leaves_none(columns: int, height: int, *, breaks_anew: bool) -> None:
    """Whether or not the terminal breaks lines anew: the story is whole, and there is one live part."""
    place = Place(breaks_anew=breaks_anew)
    place.lines = ["a line of 18 chars", "and a second one"]
    place.say("the story so far")
    place.screen.resize(columns, height)
    place.lines = ["after"]
    place.part.tick()
    said = "".join(place.screen.told)
    assert said == "the story so farafter"


def test_another_process_that_writes_there_hits_the_empty_line() -> None:
    """What it wrote stays, our story too, and the part is drawn anew below."""
    place = Place()
    place.say("ours")
    place.file.write("theirs\n")
    place.lines = ["going on, 1 s"]
    place.part.tick()
    assert place.screen.told == ["ours", "theirs", "", "going on, 1 s"]


def test_two_of_them_can_share_a_terminal() -> None:
    """Each sees its own story whole; the part that was drawn last is seen."""
    place = Place(height=30)
    other = Place()
    other.file = place.file
    other.part = LivePart(place.file, other.frame)
    other.lines = ["the other goes on"]
    for number in range(5):
        place.say(f"a {number}")
        other.say(f"b {number}")
    told = place.screen.told
    assert [line for line in told if line[:2] in {"a ", "b "}] == [
        f"{who} {number}" for number in range(5) for who in "ab"
    ]
    assert told[-1] == "the other goes on"
    assert len(told) <= 10 + 2


def test_it_mends_what_others_broke_after_a_while() -> None:
    """Though nothing of its own changed."""
    place = Place()
    place.say("ours")
    place.file.write("\r\x1b[J")
    for _ in range(10):
        place.part.tick()
    assert place.screen.told == ["ours", "", "going on"]


def test_whoever_asks_a_question_has_the_screen_to_themselves() -> None:
    """Nothing is drawn meanwhile, and it comes back."""
    place = Place()
    place.say("one")
    with place.part.away():
        assert place.screen.told == ["one"]
        place.say("who are you?")
        place.lines = ["changed"]
        place.part.tick()
        assert place.screen.told == ["one", "who are you?"]
    assert place.screen.told == ["one", "who are you?", "", "changed"]


@contextmanager
def told_in_time(place: Place) -> Iterator[threading.Event]:
    """Give an event that is set once the part was drawn by itself."""
    drawn = threading.Event()
    frame = place.frame

    def seen() -> str:
        drawn.set()
        return frame()

    place.part._frame = seen
    with place.part.kept():
        yield drawn


def test_it_is_drawn_by_itself_and_gone_at_the_end() -> None:
    """Also where an error ends it; nothing is left on the screen, and nothing draws any more."""
    place = Place()
    with pytest.raises(KeyboardInterrupt), told_in_time(place) as drawn:
        assert drawn.wait(60)
        raise KeyboardInterrupt
    assert place.screen.told == []
    place.say("the end")
    assert place.screen.told == ["the end"]
    assert "live" not in [thread.name for thread in threading.enumerate()]


def test_a_terminal_that_is_gone_is_no_reason_to_stop() -> None:
    """What is watched goes on."""

    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error", text)

    part = LivePart(Gone(), lambda: "going on\n")
    part.tick()
    part.tick()
    assert part._gone


def test_nothing_is_drawn_where_there_is_nothing() -> None:
    """No lines, no sequence."""
    place = Place()
    place.lines = []
    place.part.tick()
    place.say("only this")
    assert place.screen.told == ["only this"]
