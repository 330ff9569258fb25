"""`agentctl runs`: which runs there were, and everything about one of them."""

from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.cli.terminal import Terminal
    from agentctl.trace.report import RunReport, RunRow
    from agentctl.trace.store import Damage, Reader

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", min=1)] = 20,
    agent: Annotated[
        str | None, typer.Option(help="Only this agent's.", metavar="NAME", show_default=False)
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            help="Only with this status or reason: `running`, `suspended`, `finished`, `answered`, `approval`, ...",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> int:
    """List runs, the newest first; suspended and crashed ones too."""
    from agentctl.cli.terminal import Column, Terminal
    from agentctl.composition import open_project
    from agentctl.trace.questions import list_runs

    terminal = Terminal(as_json=json)
    with open_project().index().reader() as reader:
        rows, damaged = list_runs(reader, limit=limit, agent=agent, status=status), reader.damaged()
    if json:
        terminal.document(rows)
    elif rows:
        whole = (Column(name, whole=True) for name in ("run", "started", "agent"))
        columns = (*whole, Column("for"), Column("status"), Column("USD", right=True), Column("calls"))
        terminal.table(columns, map(_cells, rows))
    else:
        terminal.line("there is no run of that kind" if agent or status else "there is no run yet")
    _warn(terminal, damaged)
    if len(rows) == limit and not json:
        terminal.progress(f"the newest {limit}; `--limit` shows more")
    return 0


@app.command("show")
def show(
    run: Annotated[
        str, typer.Argument(help="The run's id, the beginning of one, or `latest`.", show_default=False)
    ],
    full: Annotated[bool, typer.Option("--full", help="Cut nothing.")] = False,
    json: Json = False,
) -> int:
    """Show a run: who, for whom, what it did, why that was allowed, what it cost, and what proves it."""
    from agentctl.cli.show_run import show_run
    from agentctl.cli.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.trace.three_questions import three_questions

    with open_project().index().reader() as reader:
        report, damaged = _report(reader, run), reader.damaged()
    terminal = Terminal(as_json=json)
    if json:
        terminal.document({"run": report, "three_questions": three_questions(report)})
    else:
        show_run(terminal, report, full=full)
    _warn(terminal, [harm for harm in damaged if harm.run == report.row.run])
    return 0


def _report(reader: "Reader", prefix: str) -> "RunReport":
    from agentctl.foundation.errors import IntegrityError, UsageError
    from agentctl.trace.questions import find_run, show_run

    found = find_run(reader, prefix)
    if not found:
        raise UsageError(
            f"there is no run `{prefix}`",
            "the beginning of an id that `agentctl runs list` shows, or `latest`",
        )
    if not isinstance(found, str):
        raise UsageError(f"`{prefix}` is the beginning of several runs", f"one of {', '.join(found)}")
    report = show_run(reader, found)
    if report is None:
        raise IntegrityError(f"the journal of run {found} does not hold the run's beginning")
    return report


def _cells(row: "RunRow") -> tuple[str, ...]:
    from agentctl.cli.show_run import status_words
    from agentctl.foundation.money import plain

    return (
        row.run,
        row.started_at.strftime("%Y-%m-%d %H:%M"),
        row.agent,
        row.principal,
        status_words(row),
        plain(row.cost_usd),
        f"{row.tool_calls}, {row.refused_calls} refused" if row.refused_calls else str(row.tool_calls),
    )


def _warn(terminal: "Terminal", damaged: "list[Damage] | tuple[Damage, ...]") -> None:
    for harm in damaged:
        what = (
            "cannot be read"
            if harm.lines is None
            else f"has {harm.lines} lines, and only {harm.records} can be believed"
        )
        terminal.warning(f"the journal {harm.path} {what}")
