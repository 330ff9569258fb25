"""A table as lines: columns below each other, long cells folded, ids in one piece; nothing is cut."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, zip_longest
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from rich.console import Console

_NARROWEST = 12
_READABLE = 24
"""Columns in which a sentence can be read."""
_WIDEST = 400
"""No cell is filled up to more columns: where nothing is folded, one text of a book's length would make one of every row."""
_GAP = "  "
_PART = re.compile(r"[^\s_]*[\s_]+|[^\s_]+")
"""A part of a title, which may be broken behind it: `tokens_out` has two."""


class Column(Struct, frozen=True):
    """A column of a table. The cells of one that is whole are never folded, so that they can be copied.

    Where there is little room, a title is broken between its words, at underscores too.
    """

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
        fold = _folded if number else _folded_title
        folded = [fold(console, cell, width) for cell, width in zip(row, widths, strict=True)]
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
    below = list(zip(*cells, strict=True))
    widths = (
        _natural(column)
        if kept.whole
        else max(_longest_word(column), min(_natural(column, folded_title=True), _READABLE))
        for kept, column in zip(columns, below, strict=True)
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
    whole = [column.whole for column in columns]
    natural = [_natural(column) for column in below]
    gaps = len(_GAP) * (len(columns) - 1)
    if sum(natural) + gaps > room:  # titles give way first
        natural = [_natural(column, folded_title=not kept) for kept, column in zip(whole, below, strict=True)]
    left = room - gaps - sum(compress(natural, whole))
    words = [0 if kept else _longest_word(column) for kept, column in zip(whole, below, strict=True)]
    least = words if sum(words) <= left else [0] * len(words)
    folded = list(zip(natural, least, whole, strict=True))
    widest = next((cap for cap in range(left, _NARROWEST, -1) if _taken(folded, cap) <= left), _NARROWEST)
    return [width if kept else min(width, max(widest, word)) for width, word, kept in folded]


def _taken(folded: Iterable[tuple[int, int, bool]], cap: int) -> int:
    return sum(min(width, max(cap, word)) for width, word, kept in folded if not kept)


def _natural(column: Sequence[str], *, folded_title: bool = False) -> int:
    """Return how wide a column is in which no cell is folded, nor its title, the first of them, unless it may be."""
    title, *cells = column
    return max(_longest_part(title) if folded_title else columns_of(title), *map(columns_of, cells), 0)


def _longest_word(column: Sequence[str]) -> int:
    """Return how wide a column is in which no word is broken; its title is the first of its texts."""
    title, *cells = column
    return max(_longest_part(title), *(columns_of(word) for text in cells for word in text.split()), 0)


def _longest_part(title: str) -> int:
    return max((columns_of(part.rstrip()) for part in _PART.findall(title)), default=0)


def _folded_title(console: "Console", title: str, width: int) -> list[str]:
    lines = [""]
    for part in _PART.findall(title):
        if lines[-1] and columns_of(f"{lines[-1]}{part}".rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return [piece for line in lines for piece in _folded(console, line.rstrip(), width)]


def _folded(console: "Console", cell: str, width: int) -> list[str]:
    from rich.text import Text

    if columns_of(cell) <= width:
        return [cell]
    return [part.plain.rstrip() for part in Text(cell, overflow="fold").wrap(console, width)]


def _padded(cell: str, width: int, right: bool) -> str:
    room = " " * (min(width, _WIDEST) - columns_of(cell))
    return room + cell if right else cell + room
