"""How two texts differ: line by line, and within lines word by word; pure."""

import difflib
import re
from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_WORDS: Final = 2_000


class TextLine(Struct, frozen=True):
    """A line of a comparison: gone, new, the same, or (`~`) how many lines that are the same stand here."""

    mark: Literal["-", "+", " ", "~"]
    text: str


class Stretch(Struct, frozen=True):
    """A piece of a text, and whether the other text has it too."""

    text: str
    same: bool


def text_diff(before: str, after: str, around: int = 2) -> tuple[TextLine, ...]:
    """Return how two texts differ, line by line, with a few lines around what differs; nothing where they are the same."""
    one, other = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    found: list[TextLine] = []
    at = 0
    for group in matcher.get_grouped_opcodes(around):
        found += _left_out(group[0][1] - at)
        for tag, start, end, into, until in group:
            found += [TextLine(" ", line) for line in one[start:end] if tag == "equal"]
            found += [TextLine("-", line) for line in one[start:end] if tag != "equal"]
            found += [TextLine("+", line) for line in other[into:until] if tag != "equal"]
        at = group[-1][2]
    return (*found, *(_left_out(len(one) - at) if found else ()))


def word_diff(before: str, after: str) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Return both texts in stretches that the other has too, or has not; very long ones as one stretch each."""
    one, other = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(one), len(other)) > _MOST_WORDS:
        same = before == after
        return (Stretch(before, same),), (Stretch(after, same),)
    blocks = difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return (
        tuple(_stretches(one, [(block.a, block.size) for block in blocks])),
        tuple(_stretches(other, [(block.b, block.size) for block in blocks])),
    )


def _left_out(count: int) -> list[TextLine]:
    return [TextLine("~", str(count))] if count else []


def _stretches(words: list[str], same: list[tuple[int, int]]) -> Iterator[Stretch]:
    at = 0
    for start, size in same:
        yield from _stretch(words[at:start], same=False)
        yield from _stretch(words[start : start + size], same=True)
        at = start + size


def _stretch(words: list[str], *, same: bool) -> Iterator[Stretch]:
    if words:
        yield Stretch("".join(words), same)
