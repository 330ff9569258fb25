"""A terminal that can be read: what a person sees after the bytes that were sent there, and what has scrolled up.

It knows the few sequences that our screens use and fails on every other one, so nobody begins to use more unseen.
"""

import codecs
import io
import re
from dataclasses import dataclass, field

from rich.cells import cell_len

_SEQUENCE = re.compile(r"\x1b\[(?P<numbers>[0-9;]*)(?P<final>[A-Za-z])")
_BEGINNING = re.compile(r"\x1b(\[[0-9;]*)?\Z")


@dataclass
class Row:
    """One row: a cell is a character, or empty behind a wide one."""

    cells: list[str] = field(default_factory=list)
    goes_on: bool = False
    """Whether the line was broken here only because the row was full."""

    @property
    def text(self) -> str:
        """What is read in it."""
        return "".join(self.cells).rstrip()


class Screen:
    """A terminal of so many columns and rows. When it is resized it breaks lines anew, as most terminals do, or not."""

    def __init__(self, columns: int, height: int, *, breaks_anew: bool = True) -> None:
        self.columns, self.height = columns, height
        self._breaks_anew = breaks_anew
        self._rows = [Row()]
        self._top = 0
        self._at = (0, 0)
        self._full = False
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._unread = ""

    @property
    def told(self) -> list[str]:
        """All that was ever said, from the first row to the last."""
        rows = [row.text for row in self._rows]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def seen(self) -> list[str]:
        """The rows that are on the screen now."""
        return self.told[self._top :]

    @property
    def cursor(self) -> tuple[int, int]:
        """Row on the screen and column of the cursor."""
        row, column = self._at
        return row - self._top, column

    def feed(self, data: bytes) -> None:
        """Take what a program sent."""
        text = self._unread + self._decode(data)
        self._unread = ""
        while text:
            if text[0] != "\x1b":
                self._put(text[0])
                text = text[1:]
            elif found := _SEQUENCE.match(text):
                self._obey(found["final"], found["numbers"])
                text = text[found.end() :]
            elif _BEGINNING.match(text):
                self._unread, text = text, ""
            else:
                raise AssertionError(f"the screen does not know {text[:12]!r}")

    def resize(self, columns: int, height: int) -> None:
        """Make it larger or smaller; the cursor stays at the text it was at."""
        if self._breaks_anew:
            self._break_anew(columns)
        self.columns, self.height = columns, height
        self._top = max(0, min(self._top, self._at[0]), len(self._rows) - height)

    def _put(self, char: str) -> None:
        row, column = self._at
        match char:
            case "\r":
                self._move(row, 0)
            case "\n":
                self._move(row + 1, column)
            case _ if char.isprintable():
                self._write(char)
            case _:
                raise AssertionError(f"the screen does not know {char!r}")

    def _write(self, char: str) -> None:
        width = cell_len(char)
        row, column = self._at
        if width == 0:
            self._rows[row].cells[column - 1] += char
            return
        if self._full or column + width > self.columns:
            self._rows[row].goes_on = True
            self._move(row + 1, 0)
            row, column = self._at
        cells = self._rows[row].cells
        cells.extend(" " * (column + width - len(cells)))
        cells[column : column + width] = [char, *[""] * (width - 1)]
        self._at = (row, min(column + width, self.columns - 1))
        self._full = column + width == self.columns

    def _obey(self, final: str, numbers: str) -> None:
        row, column = self._at
        match final, numbers:
            case "m", _:
                pass
            case "J", "" | "0":
                del self._rows[row].cells[column:]
                self._rows[row].goes_on = False
                del self._rows[row + 1 :]
                self._full = False
            case "A", _:
                self._move(max(self._top, row - int(numbers or 1)), column)
            case _:
                raise AssertionError(f"the screen does not know CSI {numbers}{final}")

    def _move(self, row: int, column: int) -> None:
        while len(self._rows) <= row:
            self._rows.append(Row())
        self._at, self._full = (row, column), False
        self._top = max(self._top, row - self.height + 1)

    def _break_anew(self, columns: int) -> None:
        rows: list[Row] = []
        at, line = self._at, list[str]()
        for number, row in enumerate(self._rows):
            begun = len(line)
            line.extend(row.cells)
            here = begun + self._at[1] if number == self._at[0] else None
            if here is not None:
                at = (len(rows) + here // columns, here % columns)
            if not row.goes_on:
                pieces = [line[i : i + columns] for i in range(0, len(line), columns)] or [[]]
                rows.extend(Row(piece, goes_on=piece is not pieces[-1]) for piece in pieces)
                line = []
        while len(rows) <= at[0]:
            rows.append(Row())
        self._rows, self._at, self._full = rows, at, False


class ScreenFile(io.StringIO):
    """A file that is such a terminal; line breaks arrive as a terminal's driver sends them."""

    encoding = "utf-8"

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self.screen = screen

    def isatty(self) -> bool:
        """Return that it is a terminal."""
        return True

    def write(self, text: str) -> int:
        """Show a text."""
        self.screen.feed(text.replace("\n", "\r\n").encode())
        return len(text)
