"""The terminal prints everything, cuts nothing, and obeys nothing that strangers wrote."""

import io
import json
import subprocess
import sys
import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentctl.cli.screen.table import least_width
from agentctl.cli.screen.terminal import WIDTH, Column, Line, Terminal, capped
from agentctl.foundation.errors import InvalidInput, LockedError, Place, Problem, UsageError
from agentctl.foundation.visible import visible
from tests.fakes.screen import Screen as VirtualScreen
from tests.fakes.screen import ScreenFile

HOSTILE = "\x1b[31mred\x1b]52;c;aGk=\x07\x9b2J\r\x08\x00 [bold]x[/bold] [/foo] :skull: \u202eevil\u200b"


class Screen:
    """A terminal whose two streams can be read."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.terminal = Terminal(as_json=as_json, out=self.out, err=self.err)

    @property
    def said(self) -> tuple[str, str]:
        """What went to stdout and to stderr."""
        return self.out.getvalue(), self.err.getvalue()


@pytest.fixture
def screen() -> Screen:
    """A screen that shows text."""
    return Screen()


class TestWhereThingsGo:
    def test_answers_go_to_stdout_and_everything_else_to_stderr(self, screen: Screen) -> None:
        """A pipe gets the answer and nothing but the answer."""
        terminal = screen.terminal
        terminal.line("answer")
        terminal.verbatim("command")
        terminal.fields([("name", "value")])
        terminal.table([Column("head")], [["cell"]])
        assert screen.said == ("answer\ncommand\n  name  value\nhead\ncell\n", "")
        terminal.progress("going on")
        terminal.remark([Line("remark", 1)])
        terminal.warning("careful")
        terminal.error(LockedError("in use"))
        assert screen.said[1] == "going on\n  remark\nwarning: careful\nerror: in use\n"

    def test_what_draws_is_there_after_somebody_else_worked(self, screen: Screen) -> None:
        """It is loaded meanwhile; whatever becomes of the work, nothing goes on loading behind it."""
        before = set(threading.enumerate())
        with pytest.raises(LockedError), screen.terminal.getting_ready():
            raise LockedError("in use")
        assert set(threading.enumerate()) <= before
        assert {"rich.console", "rich.text"} <= sys.modules.keys()

    def test_an_answer_as_json_is_one_document_in_ascii(self, screen: Screen) -> None:
        """What is printed parses back, and no byte of it can do anything to a terminal."""
        screen.terminal.document({"text": HOSTILE, "list": (1, None)})
        text, _ = screen.said
        assert text.isascii()
        assert "\x1b" not in text
        assert json.loads(text) == {"text": HOSTILE, "list": [1, None]}

    def test_the_streams_of_the_process_are_the_default(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Without being told, the terminal is this process's."""
        Terminal().line("here")
        Terminal().progress("there")
        assert tuple(capsys.readouterr()) == ("here\n", "there\n")

    def test_a_stream_without_an_encoding_is_taken_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What somebody put in the place of stdout need not be a file."""
        out = io.StringIO()
        monkeypatch.setattr("sys.stdout", out)
        Terminal().line("5 €")
        assert out.getvalue() == "5 €\n"

    def test_what_the_encoding_cannot_say_is_escaped(self) -> None:
        """A stream that knows ASCII only is no reason to crash."""
        code = "from agentctl.cli.screen.terminal import Terminal; Terminal().line('5 €'); Terminal().progress('Zoë')"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, env={"PYTHONIOENCODING": "ascii"}, check=True
        )
        assert (done.stdout, done.stderr) == (b"5 \\u20ac\n", b"Zo\\xeb\n")


class TestErrors:
    def test_one_problem_is_one_line(self, screen: Screen) -> None:
        """An error with one problem says it at once, however long it is."""
        screen.terminal.error(UsageError("there is no run `x`", "an id" + "!" * 200))
        assert screen.said[1] == f"error: command line: there is no run `x`; accepted: an id{'!' * 200}\n"

    def test_many_problems_are_a_line_each(self, screen: Screen) -> None:
        """All problems are there, below their number."""
        problems = [Problem(Place("a.yaml", 1, 2), "one"), Problem(Place("a.yaml", 3), "two")]
        screen.terminal.error(InvalidInput(problems))
        assert screen.said[1] == "error: 2 problems\n  a.yaml:1:2: one\n  a.yaml:3: two\n"

    def test_an_error_of_several_lines_keeps_them(self, screen: Screen) -> None:
        """What follows the first line is indented; an error without words says its kind."""
        screen.terminal.error(LockedError("first\nsecond"))
        screen.terminal.error(LockedError())
        assert screen.said[1] == "error: first\n  second\nerror: locked\n"

    def test_as_json_an_error_is_the_document(self) -> None:
        """With `--json` an error is what stdout carries."""
        screen = Screen(as_json=True)
        screen.terminal.error(InvalidInput([Problem(Place("a.yaml", 4), "found", "accepted", "a.b", "near")]))
        text, other = screen.said
        assert other == ""
        problem = {
            "file": "a.yaml",
            "line": 4,
            "column": None,
            "path": "a.b",
            "found": "found",
            "accepted": "accepted",
            "nearest": "near",
        }
        message = "a.yaml:4: a.b: found; accepted: accepted; did you mean `near`?"
        expected = {"error": {"kind": "invalid_input", "message": message, "problems": [problem]}}
        assert json.loads(text) == expected

    def test_as_json_an_error_without_problems_has_an_empty_list(self) -> None:
        """The form is always the same."""
        screen = Screen(as_json=True)
        screen.terminal.error(LockedError("in use"))
        expected = {"error": {"kind": "locked", "message": "in use", "problems": []}}
        assert json.loads(screen.said[0]) == expected


class TestTextOfStrangers:
    def test_nothing_of_it_is_obeyed_or_hidden(self, screen: Screen) -> None:
        """Every way to print shows escapes, controls and markup as they are."""
        terminal = screen.terminal
        terminal.line(HOSTILE)
        terminal.verbatim(HOSTILE)
        terminal.fields([("k", HOSTILE)])
        terminal.fields([(HOSTILE, "v")])
        terminal.table([Column(HOSTILE)], [[HOSTILE]])
        terminal.progress(HOSTILE)
        terminal.warning(HOSTILE)
        terminal.error(LockedError(HOSTILE))
        everything = "".join(screen.said)
        assert everything.count("\\x1b[31mred") == 9
        assert everything.count("[bold]x[/bold]") == 9
        assert everything.count(":skull:") == 9
        assert everything.replace("\n", "").isprintable()

    def test_a_line_break_cannot_begin_a_line_of_ours(self, screen: Screen) -> None:
        """Text that goes on in a new line is indented and marked."""
        screen.terminal.lines([Line("says hello\ndecision allow\n", 1), Line("next", 1)])
        screen.terminal.fields([("answer", "one\ntwo")])
        expected = "  says hello\n      │ decision allow\n      │\n  next\n  answer  one\n          │ two\n"
        assert screen.said[0] == expected

    @given(st.text(max_size=400), st.integers(0, 5))
    @example("x" * 1000, 0)
    @example("a  b " * 60, 3)
    @example("\\\n\x1f", 0)
    def test_nothing_is_lost_however_it_is_wrapped(self, text: str, depth: int) -> None:
        """All that is seen of a text is there, in order, whatever its length, width and line breaks."""
        screen = Screen()
        screen.terminal.lines([Line(text, depth)])
        printed = screen.said[0].replace("│", "")
        assert "".join(visible(text, keep_newlines=True).replace("│", "").split()) == "".join(printed.split())

    @given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), max_size=4))
    def test_no_cell_of_a_whole_column_is_broken(self, rows: list[tuple[str, str]]) -> None:
        """An id is in one piece on one line, however narrow the rest."""
        screen = Screen()
        wide = [("x" * 120, *cells) for cells in rows]
        screen.terminal.table([Column("id", whole=True), Column("a"), Column("b", right=True)], wide)
        assert screen.said[0].count("x" * 120) == len(rows)


class TestForm:
    def test_a_table_folds_what_is_not_whole(self, screen: Screen) -> None:
        """A long cell goes on below, a number stands to the right, and nothing is cut."""
        screen.terminal.table(
            [Column("id", whole=True), Column("what"), Column("n", right=True)],
            [["a-1", "word " * 30, "1"], ["a-2", "", "100"]],
        )
        lines = screen.said[0].splitlines()
        assert sum(line.count("word") for line in lines) == 30
        assert max(map(len, lines)) <= WIDTH
        assert lines[-1].startswith("a-2")
        assert lines[-1].endswith("100")

    def test_a_table_breaks_words_only_where_nothing_else_is_left(self, screen: Screen) -> None:
        """What is long gives way to what is one word, a head too."""
        columns = [Column("id", whole=True), Column("reviewer_assurance"), Column("why")]
        cells = ["a-1", "asserted_" * 4, "word " * 30]
        assert least_width(columns, [cells]) == 3 + 36 + 24 + 4
        screen.terminal.table(columns, [cells])
        assert "asserted_" * 4 in screen.said[0]
        narrow = Screen()
        narrow.terminal.table([Column(f"head_{number}" * 4) for number in range(9)], [["x" * 30] * 9])
        assert narrow.said[0].count("x") == 270

    def test_a_long_line_goes_on_below_its_beginning(self, screen: Screen) -> None:
        """Continued lines are indented further than the line itself; what is to be copied is not wrapped."""
        screen.terminal.line("word " * 30)
        screen.terminal.verbatim("w" * 300)
        first, second, copied = screen.said[0].splitlines()
        assert len(first) <= WIDTH
        assert second.startswith("    word")
        assert copied == "w" * 300

    def test_colours_are_for_terminals_that_want_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A terminal gets colours, one with NO_COLOR none."""
        coloured, plain = _on_a_tty(monkeypatch, no_color=False), _on_a_tty(monkeypatch, no_color=True)
        assert coloured == "\x1b[31mbad\x1b[0m\n"
        assert plain == "bad\n"

    def test_what_a_line_is_about_stands_before_it(self, screen: Screen) -> None:
        """And nothing of the line stands below that."""
        screen.terminal.lines([Line("word " * 25, 1, label="call \x1b  ")])
        first, second = screen.said[0].splitlines()
        assert first.startswith("  call \\x1b  word word")
        assert second.startswith(" " * 13 + "word")

    def test_a_long_text_says_how_much_more_there_is(self) -> None:
        """What is left out is counted; in full nothing is."""
        assert capped("abc", 3, full=False) == "abc"
        assert capped("abcd", 3, full=False) == "abc … 1 more character (`--full`)"
        assert capped("a" * 2003, 3, full=False) == "aaa … 2,000 more characters (`--full`)"
        assert capped("a" * 2003, 3, full=True) == "a" * 2003


def test_who_has_gone_is_told_to_whoever_prints() -> None:
    """By the same error for every way to print."""

    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe", text)

    terminal = Terminal(out=Closed(), err=io.StringIO())
    for way in (lambda: terminal.line("x"), lambda: terminal.data("x"), lambda: terminal.document({})):
        with pytest.raises(BrokenPipeError):
            way()


@pytest.mark.parametrize(
    ("variables", "encoding", "as_json", "lively"),
    [
        ({"TERM": "xterm"}, "utf-8", False, True),
        ({"TERM": "xterm", "NO_COLOR": "", "CI": ""}, "UTF8", False, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "utf-8", False, False),
        ({"TERM": "xterm", "CI": "true"}, "utf-8", False, False),
        ({"TERM": "dumb"}, "utf-8", False, False),
        ({}, "utf-8", False, False),
        ({"TERM": "xterm"}, "ascii", False, False),
        ({"TERM": "xterm"}, "utf-8", True, False),
    ],
)
def test_who_wants_plain_lines_gets_them(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], encoding: str, *, as_json: bool, lively: bool
) -> None:
    """No colours, no clever terminal, nobody who looks, JSON, letters that cannot be said."""
    for name in ("TERM", "NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    file = ScreenFile(VirtualScreen(80, 24))
    monkeypatch.setattr(ScreenFile, "encoding", encoding)
    assert Terminal(out=file, err=file, as_json=as_json).is_lively == lively
    assert not Terminal(out=io.StringIO(), err=file).is_lively  # a pager has the screen
    assert not Terminal(out=file, err=io.StringIO()).is_lively


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        (None, ["tool            asked  median", "notes.find\\x09      7  9 ms"]),
        (29, ["tool            asked  median", "notes.find\\x09      7  9 ms"]),
        (28, ["notes.find\\x09", "  asked 7; median 9 ms"]),
    ],
)
def test_rows_are_a_table_where_no_word_is_broken_for_it(
    room: int | None, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere each has its first cell on a line, and below it what else there is, by its title."""
    monkeypatch.setattr(Terminal, "room", room)
    out = io.StringIO()
    terminal = Terminal(out=out, err=io.StringIO())
    columns = (Column("tool", whole=True), Column("asked", right=True), Column("median", whole=True))
    terminal.rows(columns, [("notes.find\t", "7", "9 ms")])
    assert [line.rstrip() for line in out.getvalue().splitlines()] == shown


def test_importing_the_terminal_is_light() -> None:
    """`--help` pays neither for rich, nor for duckdb, nor for litellm."""
    code = "import sys, agentctl.cli.screen.terminal; sys.exit(bool({'duckdb', 'litellm', 'rich'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _on_a_tty(monkeypatch: pytest.MonkeyPatch, *, no_color: bool) -> str:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    out = Tty()
    Terminal(out=out, err=io.StringIO()).line("bad", tone="bad")
    return out.getvalue()
