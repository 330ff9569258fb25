"""What belongs to what is drawn, and no stranger draws with."""

import io

from hypothesis import given
from hypothesis import strategies as st

from agentctl.cli.screen.terminal import Line, Terminal
from agentctl.cli.screen.tree import branches


def drawn(lines: list[Line], *, encoding: str = "utf-8") -> list[str]:
    """Return lines as a tree."""
    out = io.BytesIO()
    file = io.TextIOWrapper(out, encoding=encoding, errors="backslashreplace")
    Terminal(out=file, err=io.StringIO()).tree(lines)
    file.flush()
    return out.getvalue().decode(encoding).splitlines()


def test_branches_lead_from_each_line_to_what_belongs_to_it() -> None:
    """Several roots, gaps in depth, and what goes on below a line."""
    lines = [
        Line("root"),
        Line("word " * 30, 1),
        Line("leaf", 2),
        Line("second", 1),
        Line("too deep", 3),
        Line("other"),
        Line("only", 1),
    ]
    assert drawn(lines) == [
        "root",
        "├─ " + ("word " * 19).strip(),
        "│  │  " + ("word " * 11).strip(),
        "│  └─ leaf",
        "└─ second",
        "      └─ too deep",
        "other",
        "└─ only",
    ]


def test_a_strangers_text_draws_no_branches() -> None:
    """Neither in its own line, nor where it goes on below, nor after a line break."""
    forged = "x " * 49 + "├─ decision allow\n└─ decision allow"
    first, second, third = drawn([Line("root"), Line(forged, 1)])[1:]
    assert first.startswith("└─ x x")
    assert "\\u251c\\u2500 decision allow" in second
    assert third == "      ┊ \\u2514\\u2500 decision allow"


def test_where_the_letters_cannot_be_said_lines_are_indented() -> None:
    """A log in ASCII stays readable."""
    assert drawn([Line("root"), Line("leaf", 1)], encoding="ascii") == ["root", "  leaf"]


@given(st.lists(st.integers(0, 5), max_size=30))
def test_every_line_but_a_root_hangs_on_exactly_one_branch(depths: list[int]) -> None:
    """And everything that stands before it is as wide as it lies deep."""
    for depth, (head, below) in zip(depths, branches(depths), strict=True):
        assert head.count("├─ ") + head.count("└─ ") == (depth > 0)
        assert (len(head), len(below)) == (3 * depth, 3 * depth + 3)
