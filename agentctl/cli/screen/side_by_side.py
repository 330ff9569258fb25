"""Two sides of a comparison in two columns, with a word for each row before them; below each other where there is no room."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from agentctl.foundation.visible import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

NARROWEST: Final = 80
"""Columns that two sides need beside each other."""

Piece: TypeAlias = tuple[str, bool]
"""A stretch of a text, and whether the other side has it too."""

Mark: TypeAlias = Literal["same", "differs", "before", "after"]

_SIGNS: dict[Mark, str] = {"same": " ", "differs": "|", "before": "<", "after": ">"}
_LABEL, _LABEL_OF_A_WIDE_SCREEN, _WIDE = 18, 24, 110
_GAP, _INDENT = 3, 2
_NARROWEST = 12


class SideRow(Struct, frozen=True):
    """A row: what it is about, and both sides of it; a head is one of the rows that others belong to."""

    label: str
    before: Sequence[Piece]
    after: Sequence[Piece]
    mark: Mark
    depth: int = 0
    head: bool = False


def side_lines(console: "Console", rows: Iterable[SideRow]) -> Iterator["Text"]:
    """Yield the lines of some rows, none wider than the console; every text is made visible here."""
    tell = _beside if console.width >= NARROWEST else _below
    for row in rows:
        yield from tell(console, row)


def _beside(console: "Console", row: SideRow) -> Iterator["Text"]:
    from rich.text import Text

    label_width = _LABEL_OF_A_WIDE_SCREEN if console.width >= _WIDE else _LABEL
    width = (console.width - label_width - _GAP - 1) // 2
    indent = _INDENT * row.depth
    label = [Text(" " * indent) + part for part in _folded(console, _label(row), label_width - indent)]
    before = _cell(console, row.before, width, row, "red")
    after = _cell(console, row.after, width, row, "green")
    for number, parts in enumerate(zip_longest(label, before, after, fillvalue=None)):
        cells = [part or Text() for part in parts]
        line = _padded(cells[0], label_width + 1) + _padded(cells[1], width)
        yield _trimmed(line + Text(f" {' ' if number and row.head else _SIGNS[row.mark]} ", "dim") + cells[2])


def _below(console: "Console", row: SideRow) -> Iterator["Text"]:
    """Yield a row with one side below the other, each after a sign; what is the same stands there once."""
    from rich.text import Text

    indent, label = " " * (_INDENT * row.depth), "" if row.head else visible(row.label)
    if not row.before and not row.after:
        yield Text()
    elif row.mark == "same" and row.before == row.after:
        yield from _after(console, f"{indent}{label}{' = ' if label else ''}", row.before, row, "")
    else:
        yield from [Text(f"{indent}{label}", "dim")] if label else ()
        inner = indent if row.head else f"{indent}  "
        for sign, pieces, colour in _sides(row):
            yield from _after(console, f"{inner}{sign} ", pieces, row, colour)


def _after(
    console: "Console", head: str, pieces: Sequence[Piece], row: SideRow, colour: str
) -> Iterator["Text"]:
    """Yield a side after a head; what goes on stands below its beginning."""
    from rich.text import Text

    for number, part in enumerate(
        _cell(console, pieces, max(_NARROWEST, console.width - len(head)), row, colour)
    ):
        yield _trimmed(Text(" " * len(head) if number else head, "dim") + part)


def _sides(row: SideRow) -> Iterator[tuple[str, Sequence[Piece], str]]:
    """Yield the sides that there are, each with its sign and its colour."""
    is_marked = row.mark != "same"
    if row.mark != "after":
        yield "-", row.before, "red" if is_marked else ""
    if row.mark != "before":
        yield "+", row.after, "green" if is_marked else ""


def _label(row: SideRow) -> "Text":
    from rich.text import Text

    return Text("" if row.head else visible(row.label), "dim")


def _cell(console: "Console", pieces: Sequence[Piece], width: int, row: SideRow, colour: str) -> list["Text"]:
    """Return the lines of one side; a line break in it begins a new one."""
    found: list[Text] = []
    for paragraph in _pieces(pieces, row, colour).split("\n", allow_blank=True) if pieces else ():
        found += _folded(console, paragraph, width)
    return found


def _pieces(pieces: Sequence[Piece], row: SideRow, colour: str) -> "Text":
    from rich.text import Text

    plain = "bold" if row.head else "dim" if row.mark == "same" else ""
    text = Text(overflow="fold")
    for piece, same in pieces:
        text.append(visible(piece, keep_newlines=True), plain if same else f"{plain} {colour}".strip())
    return text


def _folded(console: "Console", text: "Text", width: int) -> list["Text"]:
    """Return a text broken into lines of so many columns, without the space at which each was broken."""
    if text.cell_len <= width:
        return [text]
    return [_trimmed(part) for part in text.wrap(console, width, overflow="fold")]


def _padded(text: "Text", width: int) -> "Text":
    return text + " " * (width - text.cell_len)


def _trimmed(text: "Text") -> "Text":
    text.rstrip()
    return text
