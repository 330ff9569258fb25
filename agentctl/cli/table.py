"""A table as lines: columns below each other, long cells folded, ids in one piece; nothing is cut."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress, zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_NARROWEST = 12
_READABLE = 24
"""Columns in which a sentence can be read."""
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. The cells of one that is whole are never folded, so that they can be copied."""

    title: str
    whole: bool = False
    right: bool = False


def table_lines(
    console: "Console", columns: Sequence[Column], rows: Iterable[Sequence[str]]
) -> Iterator[tuple[int, str]]:
    """Return the lines of a table with the number of their row, the head's is 0; wider than the console where whole cells leave no room.

    Every text in it is visible already.
    """
    cells = [[column.title for column in columns], *rows]
    widths = _widths(columns, cells, console.width)
    for number, row in enumerate(cells):
        folded = [_folded(console, cell, width) for cell, width in zip(row, widths, strict=True)]
        for parts in zip_longest(*folded, fillvalue=""):
            padded = map(_padded, parts, widths, (column.right for column in columns))
            yield number, _GAP.join(padded).rstrip()


def natural_width(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> int:
    """Return how wide a table is in which nothing is folded."""
    cells = [[column.title for column in columns], *rows]
    widths = [max(map(columns_of, column)) for column in zip(*cells, strict=True)]
    return sum(widths) + len(_GAP) * (len(columns) - 1)


def least_width(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> int:
    """Return how wide a table is at least in which no word is broken, and no text is squeezed into a few columns."""
    cells = [[column.title for column in columns], *rows]
    widths = (
        natural if column.whole else max(_longest_word(below), min(natural, _READABLE))
        for column, below in zip(columns, zip(*cells, strict=True), strict=True)
        for natural in (max(map(columns_of, below)),)
    )
    return sum(widths) + len(_GAP) * (len(columns) - 1)


def columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    from rich.cells import cell_len

    return cell_len(text)


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return the columns' widths: the whole ones as they are, the others as wide as what is left lets them all be.

    None is narrower than its longest word, where there is room for that.
    """
    below = list(zip(*cells, strict=True))
    natural = [max(map(columns_of, column)) for column in below]
    whole = [column.whole for column in columns]
    left = room - len(_GAP) * (len(columns) - 1) - sum(compress(natural, whole))
    words = [0 if kept else _longest_word(column) for kept, column in zip(whole, below, strict=True)]
    least = words if sum(words) <= left else [0] * len(words)
    folded = list(zip(natural, least, whole, strict=True))
    widest = next((cap for cap in range(left, _NARROWEST, -1) if _taken(folded, cap) <= left), _NARROWEST)
    return [width if kept else min(width, max(widest, word)) for width, word, kept in folded]


def _taken(folded: Iterable[tuple[int, int, bool]], cap: int) -> int:
    return sum(min(width, max(cap, word)) for width, word, kept in folded if not kept)


def _longest_word(texts: Iterable[str]) -> int:
    return max((columns_of(word) for text in texts for word in text.split()), default=0)


def _folded(console: "Console", cell: str, width: int) -> list[str]:
    from rich.text import Text

    if columns_of(cell) <= width:
        return [cell]
    return [part.plain.rstrip() for part in Text(cell, overflow="fold").wrap(console, width)]


def _padded(cell: str, width: int, right: bool) -> str:
    room = " " * (width - columns_of(cell))
    return room + cell if right else cell + room
