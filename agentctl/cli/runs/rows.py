"""Runs below each other: a table where the terminal is wide enough, else a few words on each; pure but for the printing."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_UP, Decimal

from agentctl.cli.screen.table import Column, natural_width
from agentctl.cli.screen.terminal import Line, Terminal, Tone
from agentctl.cli.screen.words import counted, length
from agentctl.foundation.money import plain
from agentctl.trace.index.run_listing import Listed
from agentctl.trace.journals.holding import Standing

_ENDS: dict[str, tuple[str, Tone]] = {
    "answered": ("answered", "plain"),
    "denied": ("denied", "bad"),
    "approval": ("needs approval", "warn"),
    "in_doubt": ("in doubt", "warn"),
    "budget": ("over budget", "warn"),
    "loop": ("in a loop", "warn"),
    "provider_failed": ("no model", "bad"),
    "interrupted": ("interrupted", "warn"),
    "exact": ("exact", "plain"),
    "drift": ("drift", "plain"),
    "bounded": ("bounded", "warn"),
    "diverged": ("diverged", "bad"),
}
"""By the status of its end, the reason of its suspension, or how far a replay is the same."""

_GOING: dict[Standing, tuple[str, Tone]] = {
    "held": ("running", "good"),
    "stopped": ("stopped", "bad"),
    "unknown": ("running?", "plain"),
}
_NUMBERS = frozenset({"took", "USD", "calls", "refused"})
_PENNIES = Decimal("0.0001")


def outcome(one: Listed) -> tuple[str, Tone]:
    """Return how a run stands, in a word or two."""
    return _GOING[one.standing] if one.row.status == "running" else _ENDS[str(one.row.reason)]


def end_in_words(how: str) -> str:
    """Return the status of an end, or the reason of a suspension, in a word or two; what else there is, as it is."""
    return _ENDS[how][0] if how in _ENDS else how


def print_runs(terminal: Terminal, listed: Sequence[Listed], *, this_year: int) -> None:
    """Print runs; what all of them share stands above, and what none has takes no room."""
    room = terminal.room
    short = room is not None and all(one.row.started_at.year == this_year for one in listed)
    cells = [_cells(one, short=short) for one in listed]
    shared = _shared(cells)
    if shared:
        terminal.line(" ".join([f"{len(cells)} runs", *shared.values()]))
    names = [name for name in cells[0] if name not in shared and any(row[name] for row in cells)]
    columns = [Column(name, whole=True, right=name in _NUMBERS) for name in names]
    rows = [[row[name] for name in names] for row in cells]
    if room is not None and natural_width(columns, rows) > room:
        for one, row in zip(listed, cells, strict=True):
            terminal.lines(_in_words(one, row, shared))
    else:
        terminal.table(columns, rows, tones=[outcome(one)[1] for one in listed])


def _in_words(one: Listed, row: Mapping[str, str], shared: Mapping[str, str]) -> list[Line]:
    """Return a run for a narrow terminal: which and how it stands; when, how long, how much, whose."""
    head = "  ".join(filter(None, (row["run"], row["outcome"], row["label"])))
    calls = counted(one.row.tool_calls, "call") + (f", {row['refused']} refused" if row["refused"] else "")
    whose = (row[name] for name in ("agent", "for", "kind") if name not in shared and row[name])
    parts = (row["started"], row["took"], f"{row['USD']} USD", calls, " ".join(whose))
    return [Line(head, tone=outcome(one)[1]), Line(", ".join(filter(None, parts)), 1, "quiet")]


def _shared(cells: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return what several runs have in common, in words, by its column."""
    ways = {"agent": "of", "for": "for"} if len(cells) > 1 else {}
    return {
        name: f"{word} {cells[0][name]}"
        for name, word in ways.items()
        if len({row[name] for row in cells}) == 1
    }


def _cells(one: Listed, *, short: bool) -> dict[str, str]:
    row = one.row
    return {
        "run": row.run,
        "started": row.started_at.strftime("%m-%d %H:%M" if short else "%Y-%m-%d %H:%M"),
        "agent": row.agent,
        "kind": "" if row.kind == "live" else row.kind,
        "for": row.principal,
        "outcome": outcome(one)[0],
        "took": length(row.seconds, digits=2),
        "USD": plain(row.cost_usd.quantize(_PENNIES, ROUND_UP)),
        "calls": str(row.tool_calls),
        "refused": str(row.refused_calls) if row.refused_calls else "",
        "label": "" if one.label is None else one.label.label,
    }
