"""The only printer: answers go to stdout, everything else to stderr, and no text of strangers reaches either as it is.

Every text is made visible here, in one place, and rich interprets none of it. Nothing is ever cut to fit.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cached_property
from io import TextIOWrapper
from threading import Thread
from typing import TYPE_CHECKING, Literal, TextIO

from msgspec import Struct
from msgspec.structs import replace
from typing_extensions import override

from agentctl.cli.screen.table import Column, columns_of, least_width, table_lines
from agentctl.foundation.errors import AgentctlError, InvalidInput
from agentctl.foundation.visible import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from agentctl.cli.screen.live_part import LivePart
    from agentctl.cli.screen.side_by_side import SideRow

__all__ = ["WIDTH", "Column", "Line", "Terminal", "Tone", "capped"]

WIDTH = 100
"""Columns where there is no terminal."""

Tone = Literal["plain", "title", "good", "bad", "warn", "quiet"]
"""How a text is meant; colours follow, where there are any (`NO_COLOR` is respected)."""

_STYLES: dict[Tone, str] = {
    "plain": "",
    "title": "bold",
    "good": "green",
    "bad": "red",
    "warn": "yellow",
    "quiet": "dim",
}
_INDENT = 2
_CONTINUED = 4
_BROKEN = "│ "
_BROKEN_IN_TREE = "┊ "
_NARROWEST = 12


class Line(Struct, frozen=True):
    """One line of an answer; what does not fit goes on below its beginning, so many columns further in."""

    text: str
    depth: int = 0
    tone: Tone = "plain"
    hang: int = _CONTINUED
    label: str = ""
    """What it is about; stands before it, and nothing of the text below it."""


class Terminal:
    """Prints a command's answer as text, or as one JSON document."""

    def __init__(
        self, *, as_json: bool = False, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.as_json = as_json
        self._out = out or _speakable(sys.stdout)
        self._err = err or _speakable(sys.stderr)
        self._part: LivePart | None = None

    # -- the answer, on stdout ------------------------------------------------------------------

    def document(self, answer: object) -> None:
        """Print an answer as JSON, in ASCII."""
        from agentctl.cli.screen.json_form import json_form

        self._out.write(f"{json.dumps(json_form(answer), indent=2)}\n")

    def line(self, text: str = "", *, tone: Tone = "plain") -> None:
        """Print one line."""
        self.lines([Line(text, tone=tone)])

    def lines(self, lines: Iterable[Line]) -> None:
        """Print lines, each at its depth."""
        _print_lines(self._answers, lines)

    def tree(self, lines: Sequence[Line]) -> None:
        """Print lines as a tree: each belongs to the one above it that lies less deep."""
        from agentctl.cli.screen.tree import branches

        if not _knows_all_letters(self._out):
            self.lines(lines)
            return
        drawn = branches([line.depth for line in lines])
        for (head, below), line in zip(drawn, lines, strict=True):
            _print_wrapped(self._answers, _quiet(head), _quiet(below), line, mark=_BROKEN_IN_TREE)

    def verbatim(self, text: str) -> None:
        """Print a line that is there to be copied; it is never wrapped."""
        self._answers.print(_text(text), soft_wrap=True)

    def data(self, lines: Iterable[str]) -> None:
        """Print lines for programs, as they are: who makes them leaves nothing in them that a terminal obeys."""
        self._out.writelines(f"{line}\n" for line in lines)
        self._out.flush()  # somebody may be reading while we wait

    def fields(self, pairs: Iterable[tuple[str, str]], *, depth: int = 1) -> None:
        """Print names and values, one pair a line, the values below each other."""
        shown = [(visible(name), value) for name, value in pairs]
        column = max((columns_of(name) for name, _ in shown), default=0) + _INDENT
        for name, value in shown:
            head = " " * (_INDENT * depth) + name + " " * (column - columns_of(name))
            _print_wrapped(self._answers, _styled(head), _styled(" " * columns_of(head)), Line(value))

    def table(
        self, columns: Sequence[Column], rows: Iterable[Sequence[str]], tones: Sequence[Tone] = ()
    ) -> None:
        """Print a table. Long cells go on below; where whole columns leave no room the table becomes too wide.

        Args:
            columns: its columns.
            rows: its cells, row by row.
            tones: how each row is meant; none: plain.
        """
        shown = [replace(column, title=visible(column.title)) for column in columns]
        cells = [[visible(cell) for cell in row] for row in rows]
        meant: list[Tone] = ["title", *(tones or ("plain",) * len(cells))]
        for row, line in table_lines(self._answers, shown, cells):
            self._answers.print(_styled(line, meant[row]), soft_wrap=True)

    def rows(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; where a terminal would have to break words for it, each row's first cell, and below it the others."""
        seen = [[visible(cell) for cell in row] for row in rows]
        if self.room is None or least_width(columns, seen) <= self.room:
            self.table(columns, rows)
            return
        for first, *others in rows:
            named = zip(columns[1:], others, strict=True)
            below = "; ".join(f"{column.title} {cell}" for column, cell in named if cell)
            self.lines([Line(first), Line(below, 1, "quiet")])

    def side_by_side(self, rows: "Iterable[SideRow]") -> None:
        """Print rows of two sides beside each other, below each other where there is no room; none of it is cut."""
        from agentctl.cli.screen.side_by_side import side_lines

        for line in side_lines(self._answers, rows):
            self._answers.print(line, soft_wrap=True)

    @contextmanager
    def getting_ready(self) -> Iterator[None]:
        """Load what draws an answer during the block, which finds it: DuckDB and the disk need no Python while they work."""
        if self.as_json:
            yield
            return
        loader = Thread(target=_load_what_draws)
        loader.start()
        try:
            yield
        finally:
            loader.join()

    @property
    def room(self) -> int | None:
        """How many columns an answer has; None where nobody's terminal breaks its lines."""
        return self._answers.width if self._out.isatty() else None

    # -- everything else, on stderr --------------------------------------------------------------

    def progress(self, text: str) -> None:
        """Say what is going on."""
        self.remark([Line(text, tone="quiet")])

    def remark(self, lines: Iterable[Line]) -> None:
        """Say several things, each at its depth."""
        with self._part.above() if self._part else nullcontext():
            _print_lines(self._remarks, lines)

    def warning(self, text: str) -> None:
        """Say what somebody should know."""
        self.remark([Line(f"warning: {text}", tone="warn")])

    def error(self, error: AgentctlError) -> None:
        """Say why the command ends: with `--json` as the document on stdout, else here, one problem a line."""
        if self.as_json:
            from agentctl.cli.screen.json_form import error_form

            self.document(error_form(error))
            return
        for line in _error_lines(error):
            indent = " " * (_INDENT * line.depth)
            self._remarks.print(_text(indent + line.text, line.tone), soft_wrap=True)

    # -- what changes while somebody looks, at the lower edge of their terminal ------------------

    @property
    def is_lively(self) -> bool:
        """Whether something may be drawn anew here: a person looks, and neither they nor their terminal want plain lines."""
        from agentctl.settings import wants_plain_lines

        both = self._out.isatty() and self._err.isatty()
        return both and not self.as_json and not wants_plain_lines() and _knows_all_letters(self._err)

    @contextmanager
    def live(self, lines: Callable[[int], Sequence[Line]]) -> Iterator[None]:
        """Keep lines below everything that is said, as they are at each moment, until the block ends.

        Args:
            lines: returns them, for so many columns.
        """
        from agentctl.cli.screen.live_part import LivePart

        part = self._part = LivePart(self._err, lambda: _frame(self._remarks, lines))
        try:
            with part.kept():
                yield
        finally:
            self._part = None

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Leave the terminal to questions and their answers until the block ends."""
        with self._part.away() if self._part else nullcontext():
            yield

    @cached_property
    def _answers(self) -> "Console":
        return _console(self._out)

    @cached_property
    def _remarks(self) -> "Console":
        return _console(self._err)


def capped(text: str, cap: int, *, full: bool, see: str = "--full") -> str:
    """Return a text, cut after so many characters unless it is wanted in full; what is cut is counted."""
    hidden = len(text) - cap
    if full or hidden <= 0:
        return text
    return f"{text[:cap]} … {hidden:,} more character{'s' if hidden > 1 else ''} (`{see}`)"


def _load_what_draws() -> None:
    import rich.console
    import rich.text  # noqa: F401 - wanted as soon as something is drawn


def _console(file: TextIO) -> "Console":
    from rich.console import Console

    class Heard(Console):
        """A console that says when nobody reads it any more, instead of ending the process."""

        @override
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - called while the BrokenPipeError is handled

    width = None if file.isatty() else WIDTH
    return Heard(file=file, width=width, markup=False, emoji=False, highlight=False)


def _print_lines(console: "Console", lines: Iterable[Line]) -> None:
    for line in lines:
        indent, label = " " * (_INDENT * line.depth), visible(line.label)
        hang = columns_of(label) if label else line.hang
        head = _styled(indent).append_text(_quiet(label))
        _print_wrapped(console, head, _styled(indent + " " * hang), line)
    console.file.flush()  # somebody may be reading while we wait


def _print_wrapped(
    console: "Console", head: "Text", below: "Text", line: Line, *, mark: str = _BROKEN
) -> None:
    """Print a line after a head. What goes on below is indented, and after a line break marked: it passes for no other line."""
    first, *others = line.text.split("\n")
    _print_paragraph(console, head, below, _unmarked(first, line.tone, mark))
    marked = below.copy().append(mark)
    for other in others:
        _print_paragraph(console, marked.copy(), marked, _unmarked(other, line.tone, mark))


def _unmarked(text: str, tone: Tone, mark: str) -> "Text":
    """Return a text of strangers; between the branches of a tree it has none of the characters that draw them."""
    shown = visible(text)
    if mark == _BROKEN_IN_TREE:
        from agentctl.cli.screen.tree import DRAWN

        shown = shown.translate(DRAWN)
    return _styled(shown, tone)


def _print_paragraph(console: "Console", head: "Text", below: "Text", text: "Text") -> None:
    from rich.text import Text

    width = console.width
    fits = head.cell_len + text.cell_len <= width and text.cell_len > 0
    room = max(_NARROWEST, width - (head if fits else below).cell_len)
    for number, part in enumerate(text.wrap(console, room) or [Text()]):
        line = (below.copy() if number else head).append_text(part)
        line.rstrip()
        _put(console, line)


def _put(console: "Console", line: "Text") -> None:
    """Print a line that is laid out; where there are no colours it is its text, and there may be very many."""
    if console.is_terminal:
        console.print(line, soft_wrap=True)
    else:
        console.file.write(f"{line.plain}\n")


def _frame(console: "Console", lines: Callable[[int], Sequence[Line]]) -> str:
    """Return lines as they are drawn, one row less than the terminal has at most."""
    with console.capture() as captured:
        _print_lines(console, lines(console.width))
    rows = captured.get().splitlines(keepends=True)
    return "".join(rows[: max(1, console.height - 2)])


def _text(text: str, tone: Tone = "plain") -> "Text":
    return _styled(visible(text), tone)


def _styled(text: str, tone: Tone = "plain") -> "Text":
    """Return a text that is visible already, with the colour of its tone."""
    from rich.text import Text

    return Text(text, style=_STYLES[tone], overflow="fold")


def _quiet(text: str) -> "Text":
    """Return a beginning in the background; what is put behind it has its own colour."""
    return _styled("").append_text(_styled(text, "quiet"))


def _error_lines(error: AgentctlError) -> Iterator[Line]:
    if isinstance(error, InvalidInput) and len(error.problems) > 1:
        yield Line(f"error: {len(error.problems)} problems", tone="bad")
        for problem in error.problems:
            yield Line(str(problem), depth=1)
        return
    first, *others = str(error).split("\n") if str(error) else [error.kind]
    yield Line(f"error: {first}", tone="bad")
    for other in others:
        yield Line(other, depth=1)


def _knows_all_letters(stream: TextIO) -> bool:
    return (stream.encoding or "utf-8").lower().replace("-", "") == "utf8"


def _speakable(stream: TextIO) -> TextIO:
    """Return a stream that escapes what its encoding cannot say instead of failing."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
