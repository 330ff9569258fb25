"""`agentctl audit`: what happened, over all runs; asked by filters, by name or in SQL."""

import sys
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from agentctl.cli.audit.asking import (
    ROWS,
    WITHIN,
    Agent,
    Every,
    Form,
    Limit,
    Out,
    Seconds,
    Since,
    answer,
    bounds,
    kind,
    moment,
    wanted,
)
from agentctl.cli.audit.canned import COMMANDS
from agentctl.cli.completions import words
from agentctl.cli.groups import Commands
from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.audit.tables import Table
    from agentctl.cli.screen.terminal import Terminal

app = typer.Typer(cls=Commands, no_args_is_help=True, rich_markup_mode=None)


def _offered_tables(incomplete: str) -> list[str]:
    from agentctl.audit.tables import tables as described

    return words(*(one.name for one in described()))(incomplete)


def _offered_states(incomplete: str) -> list[str]:
    from agentctl.audit.tables import table_named

    known = (*table_named("runs").states, *table_named("tool_calls").states)
    return words(*dict.fromkeys(known))(incomplete)


@app.command("query")
def query(
    sql: Annotated[
        str | None, typer.Argument(help="One `SELECT`; `-` reads it from stdin.", show_default=False)
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Without SQL: which table.",
            metavar="TABLE",
            show_default=False,
            autocompletion=_offered_tables,
        ),
    ] = None,
    agent: Agent = None,
    principal: Annotated[
        str | None, typer.Option(help="Only what was done for them.", metavar="NAME", show_default=False)
    ] = None,
    tool: Annotated[
        str | None, typer.Option(help="Only calls of this tool.", metavar="NAME", show_default=False)
    ] = None,
    decision: Annotated[
        str | None,
        typer.Option(
            help="Only `allow`, `deny` or `needs_approval`.",
            show_default=False,
            autocompletion=words("allow", "deny", "needs_approval"),
        ),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            help="Only with this status, reason or outcome: `suspended`, `refused`, ...",
            show_default=False,
            autocompletion=_offered_states,
        ),
    ] = None,
    since: Since = None,
    every: Every = False,
    limit: Limit = ROWS,
    seconds: Seconds = WITHIN,
    form: Form = None,
    out: Out = None,
    json: Json = False,
) -> int:
    """Ask in SQL, or by filters alone.

    Filters look at runs, at calls where a tool or a decision is named, or at the table of `--from`. The SQL reads the
    tables that `agentctl audit tables` describes, in a process that can write nothing, reach nothing, and is stopped
    when it takes more than its time or 512 MB. Live runs only, unless `--all`. As a table filters show a few columns;
    the other formats hold all of them.

    Exit codes: 0 answered, also where nothing was found · 2 the SQL is wrong, refused, or took more than it may.
    """
    from agentctl.audit.asking import Question
    from agentctl.audit.filters import Filters, filtered

    _refuse_unknown(decision)
    looked_for = Filters(agent, principal, tool, decision, status, moment(since))
    runs, within, written = kind(every), bounds(limit, seconds), wanted(form, out, json)
    if sql is None:
        name = looked_for.table if table is None else table
        question = filtered(name, looked_for, short=written == "table", kind=runs, bounds=within)
    else:
        _refuse_both(looked_for.any or table is not None)
        question = Question(_typed_in() if sql == "-" else sql, {}, runs, within)
    return answer(question, written, out, json, agent=agent, principal=principal, tool=tool)


@app.command("tables")
def tables(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Only this one, with its columns.", show_default=False, autocompletion=_offered_tables
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Describe the tables: columns, types, units.

    Exit codes: 0 described · 2 there is no such table.
    """
    from agentctl.audit import tables as described
    from agentctl.cli.screen.terminal import Column, Terminal

    terminal = Terminal(as_json=json)
    shown = described.tables() if name is None else (described.table_named(name),)
    if json:
        terminal.document(shown)
    elif name is None:
        terminal.table(
            (Column("table", whole=True), Column("what it holds")), [(one.name, one.about) for one in shown]
        )
    else:
        _describe(terminal, shown[0])
    return 0


def _describe(terminal: "Terminal", table: "Table") -> None:
    """Print a table's columns below each other: as a table, or where a terminal has no room for one, in two lines each."""
    from agentctl.cli.screen.table import least_width
    from agentctl.cli.screen.terminal import Column, Line

    terminal.line(table.about)
    heads = (Column("column", whole=True), Column("type", whole=True), Column("unit"), Column("meaning"))
    rows = [
        (
            one.name,
            one.type,
            one.unit,
            f"{one.meaning} OpenTelemetry: `{one.otel}`." if one.otel else one.meaning,
        )
        for one in table.columns
    ]
    if terminal.room is None or least_width(heads, rows) <= terminal.room:
        terminal.table(heads, rows)
        return
    for name, type_, unit, meaning in rows:
        what = ", ".join(filter(None, (type_, unit)))
        terminal.lines([Line(f"{name}  {what}", tone="title"), Line(meaning, 1)])


def _typed_in() -> str:
    """Return the SQL on stdin.

    Raises:
        UsageError: it is no text.
    """
    from agentctl.foundation.errors import UsageError

    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("the SQL on stdin is not UTF-8", "text in UTF-8") from error


def _refuse_unknown(decision: str | None) -> None:
    if decision is None:
        return
    from agentctl.cli.choices import refuse_unless_one_of
    from agentctl.events.tool import Decision  # the forms of events are slow to load

    refuse_unless_one_of("--decision", decision, get_args(Decision))


def _refuse_both(narrowed: bool) -> None:
    from agentctl.foundation.errors import UsageError

    if narrowed:
        raise UsageError("filters beside SQL", "either SQL, with its own `WHERE`, or filters")


@app.callback()
def root() -> None:
    """Ask what happened, over all runs.

    Exit codes: 0 answered, also where nothing was found · 2 the question is wrong, refused, or took more than it may.
    """


for name, command in COMMANDS.items():
    app.command(name)(command)
