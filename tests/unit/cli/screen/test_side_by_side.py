"""Two sides beside each other, on terminals of any width."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from agentctl.cli.screen.side_by_side import NARROWEST, SideRow, side_lines

HOSTILE = "\x1b[31mred\x07 \u202eevil\u200b \x9b2J"


def told(columns: int, *rows: SideRow) -> list[str]:
    """Return the lines of some rows, on a terminal of so many columns."""
    console = Console(file=io.StringIO(), width=columns, markup=False)
    return [line.plain for line in side_lines(console, rows)]


def row(label: str, before: str, after: str, mark: str = "differs", depth: int = 1) -> SideRow:
    """Return a row."""
    return SideRow(label, [(before, False)], [(after, False)], mark, depth)  # type: ignore[arg-type]


def test_two_sides_stand_beside_each_other() -> None:
    """With a sign between them; a long cell goes on below itself, and signs stand below each other."""
    lines = told(80, row("amount", "4900", "25000"), row("says", "word " * 15, "", "before"))
    assert lines[0] == "  amount           4900                          | 25000"
    assert [line.index("<") for line in lines[1:]] == [49, 49, 49]
    assert "".join(line.split("<")[0].replace("says", "") for line in lines[1:]).split() == ["word"] * 15


def test_a_head_has_no_word_before_it() -> None:
    """And its sign only once."""
    head = SideRow("calls", [("a long name of a tool " * 2, False)], [("", False)], "before", 0, head=True)
    assert [line.count("<") for line in told(80, head)] == [1, 0]


def test_sides_stand_below_each_other_where_there_is_no_room() -> None:
    """Each after a sign; what is the same once, what only one side has without the other."""
    same = SideRow("kind", [("live", True)], [("live", True)], "same", 1)
    times = SideRow("time", [("1 ms", True)], [("2 ms", True)], "same", 1)
    head = SideRow("", [("step 1", True)], [("step 1", True)], "same", head=True)
    assert told(
        NARROWEST - 1, head, same, row("amount", "1", "2"), row("says", "no", "", "before"), times
    ) == [
        "step 1",
        "  kind = live",
        "  amount",
        "    - 1",
        "    + 2",
        "  says",
        "    - no",
        "  time",
        "    - 1 ms",
        "    + 2 ms",
    ]
    assert told(40, SideRow("", (), (), "same"), row("", "", "x", "after", 0)) == ["", "  + x"]


@pytest.mark.parametrize("columns", [30, 80, 120])
def test_a_line_break_begins_a_line_and_nothing_else(columns: int) -> None:
    """It stays in its column; what strangers wrote is made visible."""
    lines = told(columns, row("says", f"one\n{HOSTILE}\nthree", "x"))
    assert not any(char in line for line in lines for char in "\x1b\x07\u202e\x9b")
    assert any("\\x1b[31mred" in line for line in lines)
    assert all(line.startswith(" ") for line in lines)


@given(
    st.integers(80, 130),
    st.lists(st.tuples(st.text("ab é漢\n", max_size=90), st.text("ab é漢\n", max_size=90)), max_size=3),
)
def test_no_line_is_wider_than_the_terminal(columns: int, texts: list[tuple[str, str]]) -> None:
    """Whatever stands in it."""
    rows = [row("a label that is rather long", before, after) for before, after in texts]
    assert all(cell_len(line) <= columns for line in told(columns, *rows))
