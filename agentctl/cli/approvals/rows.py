"""Approval requests below each other: a table where the terminal is wide enough, else a few words on each."""

from collections.abc import Sequence

from agentctl.cli.screen.table import Column, natural_width
from agentctl.cli.screen.terminal import Line, Terminal
from agentctl.composition.people.answers import OpenApproval
from agentctl.foundation.clock import from_rfc3339

_NAMES = ("approval", "tool", "acts for", "expires", "left, not yet taken")


def print_waiting(terminal: Terminal, waiting: Sequence[OpenApproval], *, this_year: int) -> None:
    """Print requests that wait: what is asked, for whom, until when, and what lies in the inbox already; times in UTC."""
    room = terminal.room
    rows = [_cells(item, short=room is not None, this_year=this_year) for item in waiting]
    shown = [number for number in range(len(_NAMES)) if any(row[number] for row in rows)]
    columns = [Column(_NAMES[number], whole=True) for number in shown]
    cells = [[row[number] for number in shown] for row in rows]
    if room is not None and natural_width(columns, cells) > room:
        terminal.lines(line for row in rows for line in _in_words(*row))
    else:
        terminal.table(columns, cells)


def _cells(item: OpenApproval, *, short: bool, this_year: int) -> tuple[str, str, str, str, str]:
    request, ends = item.request, from_rfc3339(item.request.expires_at)
    form = "%m-%d %H:%M" if short and ends.year == this_year else "%Y-%m-%d %H:%M"
    return item.id, request.tool, request.requester, ends.strftime(form), _left(item)


def _left(item: OpenApproval) -> str:
    return ", ".join(f"{one.said} by {one.by}" if one.by else one.said for one in item.not_taken)


def _in_words(name: str, tool: str, person: str, ends: str, left: str) -> list[Line]:
    about = f"{tool} for {person}, expires {ends}"
    inbox = f"; left, not yet taken: {left}" if left else ""
    return [Line(name), Line(about + inbox, 1, "quiet")]
