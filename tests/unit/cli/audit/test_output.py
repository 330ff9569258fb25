"""An answer comes out in the format that is asked for, and says what it leaves out."""

import csv
import io
import json
import os
import re
import threading
from pathlib import Path

import pytest
from typing_extensions import override

from agentctl.audit.asking import Answer, AnswerColumn
from agentctl.cli.audit.output import Format, format_named, format_of_file, show_answer
from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app
from agentctl.cli.screen.terminal import Terminal
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import InvalidInput, UsageError


def answer(*columns: str, rows: list[list[JsonValue]], more: bool = False, **left_out: int) -> Answer:
    """Return an answer; a column is `name` or `name TYPE`."""
    parts = [column.split(" ", 1) for column in columns]
    typed = tuple(AnswerColumn(name, *(rest or ["VARCHAR"])) for name, *rest in parts)
    return Answer(typed, rows, more, left_out, walls=())


def shown(found: Answer, form: str, out: Path | None = None) -> tuple[str, str]:
    """Return what goes to stdout and to stderr."""
    printed, said = io.StringIO(), io.StringIO()
    show_answer(Terminal(out=printed, err=said), found, Format(form), out)
    return printed.getvalue(), said.getvalue()


class Tty(io.StringIO):
    """A terminal."""

    @override
    def isatty(self) -> bool:
        """Return that it is one."""
        return True


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, found: Answer) -> list[str]:
    """Return the lines that somebody sees at a terminal of so many columns."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    printed = Tty()
    show_answer(Terminal(out=printed), found, Format.table, None)
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.getvalue()).splitlines()


class TestTable:
    def test_shows_moments_to_the_second_and_lists_in_words(self) -> None:
        """A person reads it; programs have other formats."""
        row: list[JsonValue] = ["01A", "2026-03-14T09:00:00.123456Z", ["a", "b"], {"x": 1}, None, True]
        found = answer(
            "run", "at TIMESTAMP", "names VARCHAR[]", "facts JSON", "none", "yes BOOLEAN", rows=[row]
        )
        line = shown(found, "table")[0].splitlines()[1]
        assert line.split("  ")[:2] == ["01A", "2026-03-14 09:00:00"]
        assert 'a, b   {"x": 1}' in line
        assert line.rstrip().endswith("true")

    def test_of_many_columns_shows_one_row_after_the_other(self) -> None:
        """What would not fit beside each other stands below each other; what is empty is left out."""
        found = answer(*(f"c{place}" for place in range(12)), rows=[["x", None, *"abcdefghij"]])
        printed = shown(found, "table")[0].splitlines()
        assert printed[0] == "row 1"
        assert printed[1].split() == ["c0", "x"]
        assert printed[2].split() == ["c2", "a"]

    def test_at_a_terminal_stands_below_each_other_where_words_would_be_broken(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where all words and moments are whole it is a table, and only texts go on below."""
        row: list[JsonValue] = ["01A", "stripe.create_refund", "2026-03-14T09:00:00Z", "why and " * 9]
        found = answer("call", "tool", "time TIMESTAMP", "reason", rows=[row])
        narrow, wide = (at_a_terminal(monkeypatch, columns, found) for columns in (60, 80))
        assert narrow[:3] == ["row 1", "  call    01A", "  tool    stripe.create_refund"]
        assert wide[0].split() == ["call", "tool", "time", "reason"]
        assert wide[1].startswith("01A   stripe.create_refund  2026-03-14 09:00:00  why and why")

    def test_at_a_terminal_keeps_the_lines_of_a_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As those of a plan: nobody can read them in one line."""
        found = answer("key", "plan", rows=[["a", "scan\nfilter"]])
        assert at_a_terminal(monkeypatch, 80, found) == [
            "row 1",
            "  key   a",
            "  plan  scan",
            "        │ filter",
        ]

    def test_at_a_terminal_breaks_titles_before_all_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A title is longer than the numbers below it; where there is room, it is in one piece."""
        found = answer("spender", "tokens_out BIGINT", "cost_usd BIGINT", rows=[["refund-assistant", 7, 12]])
        assert at_a_terminal(monkeypatch, 38, found) == [
            "spender           tokens_out  cost_usd",
            "refund-assistant           7        12",
        ]
        assert at_a_terminal(monkeypatch, 32, found) == [
            "spender           tokens_  cost_",
            "                      out    usd",
            "refund-assistant        7     12",
        ]
        assert at_a_terminal(monkeypatch, 31, found)[0] == "row 1"

    def test_shows_a_plan_as_it_is_drawn(self) -> None:
        """For programs too: who pipes it wants to read it."""
        found = answer("explain_key", "explain_value", rows=[["physical_plan", "╭─ Scan\n│ a\tb\n"]])
        assert shown(found, "table")[0] == "physical_plan\n╭─ Scan\n│ a\\x09b\n"
        assert '"explain_value": "\\u256d' in shown(found, "jsonl")[0]

    def test_for_programs_has_a_line_a_row(self) -> None:
        """However long, so that whoever looks for a word has the whole row."""
        head, line = shown(answer("call", "reason", rows=[["01A", "why " * 99]]), "table")[0].splitlines()
        assert (head.split(), line.count("why")) == (["call", "reason"], 99)

    def test_one_text_of_a_books_length_makes_no_book_of_every_row(self) -> None:
        """It stands there whole; what stands behind it in other rows is not pushed as far."""
        printed = shown(answer("a", "b", rows=[["x" * 100_000, "1"], ["y", "2"]]), "table")[0].splitlines()
        assert (printed[1], len(printed[2])) == ("x" * 100_000 + "  1", 403)

    def test_lets_nothing_through_that_a_terminal_obeys(self) -> None:
        """Neither in a cell nor in a column's name."""
        printed = shown(answer("a\x1b[31m", rows=[["b\x1b]52;c;eA==\x07"]]), "table")[0]
        assert "\x1b" not in printed
        assert "\\x1b]52" in printed

    def test_says_that_there_is_nothing(self) -> None:
        """An empty answer is one."""
        assert shown(answer("a", rows=[]), "table")[0] == "nothing was found\n"


class TestData:
    def test_json_holds_everything(self) -> None:
        """Columns with types, rows as objects, and whether there are more."""
        document = json.loads(shown(answer("a BIGINT", rows=[[1]], more=True, eval=2), "json")[0])
        assert document == {
            "columns": [{"name": "a", "type": "BIGINT"}],
            "rows": [{"a": 1}],
            "more": True,
            "left_out": {"eval": 2},
        }

    def test_a_name_that_comes_twice_loses_no_value(self) -> None:
        """The second one gets a number."""
        document = json.loads(shown(answer("a", "a", "a", rows=[["1", "2", "3"]]), "json")[0])
        assert document["rows"] == [{"a": "1", "a:1": "2", "a:2": "3"}]
        document = json.loads(shown(answer("a:1", "a", "a", rows=[["1", "2", "3"]]), "json")[0])
        assert document["rows"] == [{"a:1": "1", "a": "2", "a:2": "3"}]

    def test_json_lines_are_ascii_and_one_object_each(self) -> None:
        """Whatever stands in them, a line is a row."""
        printed = shown(answer("a", rows=[["ü\n\x1b"], ["b"]]), "jsonl")[0]
        assert printed.isascii()
        assert [json.loads(line) for line in printed.splitlines()] == [{"a": "ü\n\x1b"}, {"a": "b"}]

    @pytest.mark.parametrize(
        "start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
    )
    def test_csv_is_no_formula(self, start: str) -> None:
        """A text that a spreadsheet would compute gets an apostrophe, in a column's name too."""
        printed = shown(answer(f"{start}cmd", rows=[[f"{start}cmd|' /C calc'!A0"]]), "csv")[0]
        rows = list(csv.reader(io.StringIO(printed, newline="")))
        assert [row[0][0] for row in rows] == ["'", "'"]

    def test_csv_leaves_numbers_alone(self) -> None:
        """A negative amount is a number, a text that looks like one is not."""
        found = answer("n BIGINT", "d DECIMAL(4,2)", "t", rows=[[-1, "-0.5", "-1"]])
        assert shown(found, "csv")[0] == "n,d,t\n-1,-0.5,'-1\n"

    def test_csv_holds_lists_and_objects_as_json(self) -> None:
        """A cell can be read again."""
        printed = shown(answer("a VARCHAR[]", "b JSON", "c", rows=[[["x"], {"y": 1}, None]]), "csv")[0]
        assert list(csv.reader(io.StringIO(printed)))[1] == ['["x"]', '{"y": 1}', ""]

    def test_csv_lets_nothing_through_that_a_terminal_obeys(self) -> None:
        """It may be printed on one."""
        assert "\x1b" not in shown(answer("a", rows=[["\x1b[2J"]]), "csv")[0]


class TestWhatIsLeftOut:
    def test_is_said_beside_the_answer(self) -> None:
        """Rows beyond the bound, and runs of other kinds."""
        said = shown(answer("a", rows=[["1"]], more=True, eval=2, shadow=1), "csv")[1]
        assert "the first 1 row; `--limit` gives more" in said
        assert "2 of kind `eval` and 1 of kind `shadow` (`--all`)" in said

    def test_nothing_is_said_of_nothing(self) -> None:
        """A whole answer needs no remark."""
        assert shown(answer("a", rows=[["1"]]), "csv")[1] == ""


class TestFiles:
    @pytest.mark.parametrize("form", ["json", "jsonl", "csv", "table", "parquet"])
    def test_get_the_whole_answer_or_nothing(self, tmp_path: Path, form: str) -> None:
        """What stood there before is replaced in one go; nothing else is left."""
        out = tmp_path / "answer"
        out.write_text("before")
        printed, said = shown(answer("a", rows=[["x"]]), form, out)
        assert (printed, "1 row in" in said) == ("", True)
        assert b"x" in out.read_bytes()
        assert [path.name for path in tmp_path.iterdir()] == ["answer"]

    @pytest.mark.parametrize("form", ["csv", "parquet"])
    @pytest.mark.parametrize("name", ["missing/answer", ".", "circle"])
    def test_that_cannot_be_written_are_a_problem(self, tmp_path: Path, form: str, name: str) -> None:
        """With the file as its place; a folder is none."""
        (tmp_path / "circle").symlink_to("circle")
        with pytest.raises(InvalidInput, match=f"{tmp_path}.*: cannot be written"):
            shown(answer("a", rows=[["x"]]), form, tmp_path / name)
        assert [path.name for path in tmp_path.iterdir()] == ["circle"]

    def test_of_which_only_a_half_could_be_written_are_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where the disk is full nothing is left beside what was there."""

        def half(path: Path, text: str, **_: str) -> None:
            path.write_bytes(text.encode()[:1])
            raise OSError(28, "No space left on device")

        (tmp_path / "answer").write_text("before")
        monkeypatch.setattr(Path, "write_text", half)
        with pytest.raises(InvalidInput, match="No space left"):
            shown(answer("a", rows=[["x"]]), "csv", tmp_path / "answer")
        assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("answer", "before")]

    def test_behind_a_link_are_written_where_it_leads(self, tmp_path: Path) -> None:
        """The link stays one."""
        (tmp_path / "link").symlink_to("answer")
        shown(answer("a", rows=[["x"]]), "csv", tmp_path / "link")
        assert (tmp_path / "answer").read_text() == "a\nx\n"
        assert (tmp_path / "link").is_symlink()

    def test_that_are_none_but_a_pipe_stay_one(self, tmp_path: Path) -> None:
        """A device is not replaced by a file either."""
        pipe, read = tmp_path / "pipe", []
        os.mkfifo(pipe)
        reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
        reader.start()
        shown(answer("a", rows=[["x"]]), "csv", pipe)
        reader.join(60)
        assert (read, pipe.is_fifo()) == (["a\nx\n"], True)


def test_an_unknown_format_is_refused_with_the_nearest() -> None:
    """And with all there are."""
    with pytest.raises(UsageError) as caught:
        format_named("jsn", None)
    assert caught.value.problems[0].nearest == "json"


def test_parquet_needs_a_file() -> None:
    """It is nothing for a terminal."""
    with pytest.raises(UsageError, match="--out"):
        format_named("parquet", None)
    assert format_named("parquet", Path("x")) is Format.parquet


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", "csv"), ("b.JSONL", "jsonl"), ("c.parquet", "parquet"), ("d.txt", "table"), ("csv", "table")],
)
def test_the_name_of_a_file_says_its_format(name: str, form: str) -> None:
    """Where nobody says another; an ending that is no format is a table."""
    assert format_of_file(Path(name)) == form


def test_a_file_is_written_in_the_format_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And in another, where that is said."""
    (tmp_path / "agentctl.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert exit_code_of(app, ["audit", "query", "SELECT 1 AS a", "--out", "x.csv"]) == 0
    assert exit_code_of(app, ["audit", "query", "SELECT 1 AS a", "--out", "y.csv", "--format", "jsonl"]) == 0
    assert (Path("x.csv").read_text(), Path("y.csv").read_text()) == ("a\n1\n", '{"a": 1}\n')


def test_a_decision_that_nobody_makes_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """It would look as if nothing had been decided so."""
    assert exit_code_of(app, ["audit", "query", "--decision", "dny"]) == 2
    assert (
        "`dny` is none of them; accepted: `allow`, `deny`, `needs_approval`; did you mean `deny`?"
        in " ".join(capsys.readouterr().err.split())
    )
