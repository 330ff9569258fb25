"""`agentctl approvals sweep`: what time did to requests, in all runs; made to be called every few minutes."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import Project
    from agentctl.composition.people.sweep import SweptRun


def sweep(
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with every run in which a request expired.")
    ] = False,
    json: Json = False,
) -> int:
    """Record in all runs which requests expired or escalated, and announce what escalated.

    Sealed values that a run left behind, because its process was killed at its very end, are destroyed. A run that
    somebody is writing is left to them. Exit codes: 0 · 7 or 8 when a run could not be looked at; the others were.
    """
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.people.sweep import sweep_all

    terminal, project = Terminal(as_json=json), open_project()
    swept = sweep_all(project)
    if not json:
        _print(terminal, swept)
    resumed = list(_resumed(project, swept, json=json)) if resume else []
    if json:
        terminal.document({"runs": [_form(item) for item in swept], "resumed": resumed})
    return _exit_code(swept, resumed)


class _Resumed(Struct, frozen=True):
    """How a run that was gone on with stopped, or why it could not be gone on with."""

    run: str
    exit_code: int
    problem: str | None = None


def _resumed(project: "Project", swept: Iterable["SweptRun"], *, json: bool) -> Iterator[_Resumed]:
    from agentctl.cli.run.screen import RunScreen
    from agentctl.composition.runs.running import resume_run
    from agentctl.foundation.errors import AgentctlError

    screen = RunScreen(as_json=json)
    for item in swept:
        if not item.can_go_on:
            continue
        try:
            with screen.audience(project, project.journals.read(item.run)) as audience:
                outcome = resume_run(project, item.run, None, audience)
        except AgentctlError as error:
            yield _Resumed(item.run, error.exit_code, str(error))
        else:
            yield _Resumed(item.run, outcome.exit_code if json else screen.end(project, outcome))


def _print(terminal: "Terminal", swept: Iterable["SweptRun"]) -> None:
    from agentctl.cli.run.event_lines import line_of
    from agentctl.cli.screen.terminal import Line
    from agentctl.cli.typed import program

    nothing = True
    for item in swept:
        nothing = False
        if item.busy:
            terminal.line(f"run {item.run}: somebody else is writing it; left to them", tone="quiet")
        if item.problem is not None:
            terminal.warning(f"run {item.run} could not be looked at: {item.problem}")
        if item.destroyed:
            terminal.line(f"run {item.run} is over: the values it had left sealed are destroyed")
        for record in item.records:
            terminal.lines([line_of(record) or Line(f"run {item.run}: {record.event.type}")])
        if item.can_go_on:
            terminal.verbatim(f"{program()} resume {item.run}")
    if nothing:
        terminal.line("nothing is overdue")


def _form(item: "SweptRun") -> dict[str, object]:
    return {
        "run": item.run,
        "busy": item.busy,
        "problem": item.problem,
        "destroyed": item.destroyed,
        "recorded": [record.event for record in item.records],
    }


def _exit_code(swept: Iterable["SweptRun"], resumed: Iterable[_Resumed]) -> int:
    """Return the first problem's exit code; how resumed runs stopped is their own affair."""
    looking = (int(item.exit_code) for item in swept if item.problem is not None)
    going_on = (item.exit_code for item in resumed if item.problem is not None)
    return next(iter((*looking, *going_on)), 0)
