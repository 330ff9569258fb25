"""What all questions of `agentctl audit` share: their options, their bounds, and how an answer comes out."""

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.completions import agents, words

if TYPE_CHECKING:
    from agentctl.audit.asking import Bounds, Question
    from agentctl.cli.audit.output import Format

_FORMATS = "`table`, `json`, `jsonl`, `csv` or `parquet`"

Agent = Annotated[
    str | None,
    typer.Option(help="Only this agent's.", metavar="NAME", show_default=False, autocompletion=agents),
]
Since = Annotated[
    str | None,
    typer.Option(help="Only since then: `24h`, `7d`, `2026-11-22`.", metavar="WHEN", show_default=False),
]
Every = Annotated[bool, typer.Option("--all", help="Runs of every kind, not only `live` ones.")]
Limit = Annotated[int, typer.Option(help="At most so many rows.", min=1, max=1_000_000)]
Seconds = Annotated[float, typer.Option(help="After so many seconds it is stopped.", min=0.1, max=600)]
Form = Annotated[
    str | None,
    typer.Option(
        "--format",
        help=f"{_FORMATS}; else what the name of the file ends in, else `table`.",
        metavar="FORMAT",
        show_default=False,
        autocompletion=words("table", "json", "jsonl", "csv", "parquet"),
    ),
]
Out = Annotated[Path | None, typer.Option(help="Write it to this file.", metavar="FILE", show_default=False)]
ROWS = 1_000
WITHIN = 10.0


def kind(every: bool) -> str | None:
    """Return the kind of runs that is looked at; None: all."""
    return None if every else "live"


def bounds(limit: int, seconds: float) -> "Bounds":
    """Return what one question may take.

    Raises:
        UsageError: the seconds are no number, which no comparison finds.
    """
    from agentctl.audit.asking import Bounds
    from agentctl.foundation.errors import UsageError

    if isnan(seconds):
        raise UsageError("`--seconds` is no number", "0.1 to 600")
    return Bounds(seconds=seconds, rows=limit)


def moment(since: str | None) -> str | None:
    """Return the moment of `--since`."""
    from agentctl.audit.filters import moment_of
    from agentctl.foundation.clock import SystemClock

    return None if since is None else moment_of(since, SystemClock().now())


def wanted(form: str | None, out: Path | None, json: bool) -> "Format":
    """Return the format that an answer is wanted in.

    Raises:
        UsageError: there is no such format, or it needs a file and none is named.
    """
    from agentctl.cli.audit.output import format_named, format_of_file

    named = "json" if json else form
    return format_of_file(out) if named is None else format_named(named, out)


def answer(question: "Question", form: "Format", out: Path | None, json: bool, **names: str | None) -> int:
    """Ask a question, show the answer, and return the exit code; where nothing was found, say which names no run ever had.

    Args:
        question: the question.
        form: the format of the answer.
        out: the file that it is written to.
        json: whether it is one JSON document.
        names: what was looked for by its name: `agent`, `principal`, `tool`; `run`: by the beginning of its id.
    """
    from agentctl.audit.asking import ask
    from agentctl.cli.audit.output import show_answer
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.settings import find_settings  # a whole project would take longer to open than the question

    paths = find_settings().paths
    found = ask(paths.database, paths.journal, question)
    terminal = Terminal(as_json=json)
    show_answer(terminal, found, form, out)
    if not found.rows:
        from agentctl.cli.unheard import say_unheard

        say_unheard(terminal, paths, names)
    return 0
