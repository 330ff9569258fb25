"""`agentctl approvals stats`: how long answers take, and how often they are yes."""

from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.approval.stats import ReviewerStats, Stats, Times, ToolStats
    from agentctl.cli.screen.terminal import Terminal


def stats(
    since: Annotated[
        str | None, typer.Option(help="Only requests made since this day (UTC).", metavar="DAY")
    ] = None,
    agent: Annotated[str | None, typer.Option(help="Only runs of this agent.", metavar="NAME")] = None,
    every: Annotated[bool, typer.Option("--all", help="Runs of every kind, not only `live` ones.")] = False,
    json: Json = False,
) -> int:
    """Show how approvals go: time to decide, and how often the answer is yes, by tool and by reviewer."""
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.people.stats import StatsQuestion, approval_stats

    terminal = Terminal(as_json=json)
    found = approval_stats(open_project(), StatsQuestion(since, agent, every))
    for run, why in found.unread:
        terminal.warning(f"run {run} is left out: {why}")
    if json:
        terminal.document({"stats": found.stats, "left_out": [run for run, _ in found.unread]})
    else:
        _print(terminal, found.stats)
    return 0


def _print(terminal: "Terminal", found: "Stats") -> None:
    from agentctl.cli.screen.words import counted

    per_run = "" if found.requests_per_run is None else f", {found.requests_per_run:.2g} per run"
    terminal.line(
        f"{counted(found.requests, 'request')} in {counted(found.runs, 'run')}{per_run},"
        f" {found.most_in_one_run} at most; decided after {_times(found.seconds)}"
    )
    if found.tools:
        _table(terminal, "tool", [_tool_row(item) for item in found.tools], ("expired", "void", "waiting"))
    if found.reviewers:
        _table(terminal, "reviewer", [_reviewer_row(item) for item in found.reviewers], ("left to others",))


def _table(terminal: "Terminal", what: str, rows: list[tuple[str, ...]], others: tuple[str, ...]) -> None:
    from agentctl.cli.screen.terminal import Column

    numbers = ("asked" if what == "tool" else "answers", "approved", "edited", "denied", *others)
    columns = (Column(what), *(Column(name, right=True) for name in numbers), Column("median, p90"))
    terminal.line()
    terminal.rows(columns, rows)


def _tool_row(item: "ToolStats") -> tuple[str, ...]:
    counts = (item.approved, item.edited, item.denied, item.expired, item.void, item.waiting)
    return _row(item.tool, item.requests, counts, item.seconds)


def _reviewer_row(item: "ReviewerStats") -> tuple[str, ...]:
    counts = (item.approved, item.edited, item.denied, item.left_to_others)
    return _row(item.reviewer, item.answers, counts, item.seconds)


def _row(name: str, whole: int, counts: tuple[int, ...], seconds: "Times") -> tuple[str, ...]:
    return (name, str(whole), *(f"{count} ({count / whole:.0%})" for count in counts), _times(seconds))


def _times(times: "Times") -> str:
    from agentctl.cli.screen.words import length

    if times.median is None or times.p90 is None:
        return "-"
    return f"{length(times.median)}, {length(times.p90)}"
