"""What waits for an answer, on screens of several widths."""

import io
import re

import pytest
from msgspec.structs import replace
from typing_extensions import override

from agentctl.approval.pending import Approval
from agentctl.cli.approvals.rows import print_waiting
from agentctl.cli.screen.terminal import Terminal
from agentctl.composition.people.answers import NotTaken, OpenApproval
from tests.fakes.journals import RUN, requested

ID = f"{RUN}-0-0-1"
REQUEST = requested(f"{RUN}/0/0", "stripe.create_refund")
ITEM = OpenApproval(ID, REQUEST, "waiting", "", Approval(REQUEST, "2026-03-14T09:00:00.000000Z"), {})
LEFT = replace(ITEM, not_taken=(NotTaken("1", "bob", "deny", ""), NotTaken("2", "", "no message", "")))


class Wide(io.StringIO):
    """A terminal."""

    @override
    def isatty(self) -> bool:
        """Return that it is one."""
        return True


def shown(
    items: list[OpenApproval], out: io.StringIO, columns: int, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Return the lines that are printed."""
    monkeypatch.setenv("COLUMNS", str(columns))
    print_waiting(Terminal(out=out), items, this_year=2026)
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines()


def test_a_line_each_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """80 columns are enough; the year is left out where it is this one."""
    monkeypatch.setenv("TERM", "xterm")
    head, line = shown([ITEM], Wide(), 80, monkeypatch)
    assert head.split() == ["approval", "tool", "acts", "for", "expires"]
    assert line.split() == [ID, "stripe.create_refund", "casey", "03-14", "10:00"]
    assert len(line) <= 80


def test_a_few_words_each_where_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its id is in one piece, and nothing is broken amid a word."""
    monkeypatch.setenv("TERM", "xterm")
    lines = shown([LEFT], Wide(), 60, monkeypatch)
    assert lines[0] == ID
    assert " ".join(" ".join(lines[1:]).split()) == (
        "stripe.create_refund for casey, expires 03-14 10:00; left, not yet taken: deny by bob, no message"
    )


def test_what_is_read_by_a_program_has_the_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a column for what lies in the inbox, where something does."""
    lines = shown([ITEM, LEFT], io.StringIO(), 80, monkeypatch)
    assert lines[0].endswith("left, not yet taken")
    assert "2026-03-14 10:00  deny by bob, no message" in lines[2]
