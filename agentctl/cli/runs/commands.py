"""`agentctl runs`: which runs there were, what they do, everything about one of them, and what people think of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.options import Json, Run
from agentctl.cli.runs.label import label
from agentctl.cli.runs.listing import list_
from agentctl.cli.runs.tail import tail

if TYPE_CHECKING:
    from pathlib import Path

    from agentctl.trace.index.reading import Reader
    from agentctl.trace.reports.run import RunReport

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("list")(list_)


@app.command("show")
def show(
    run: Run,
    full: Annotated[bool, typer.Option("--full", help="Cut nothing.")] = False,
    json: Json = False,
) -> int:
    """Show a run: who, for whom, what it did, why that was allowed, what it cost, and what proves it."""
    from agentctl.cli.runs.damage import warn_of
    from agentctl.cli.runs.listing import labels_can_be_shown, standing_of
    from agentctl.cli.runs.show import show_run
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.trace.index.labels import labels_said
    from agentctl.trace.index.last_labels import labels_are_whole
    from agentctl.trace.reports.three_questions import three_questions

    terminal, project = Terminal(as_json=json), open_project()
    with project.index().reader() as reader:
        report, damaged = _report(reader, project.paths.journal, run), reader.damaged()
        labels = labels_said(reader, report.row.run)
        whole = labels_are_whole(reader, project.paths.labels_mark)
    if not whole and not labels_can_be_shown(terminal):
        labels = ()
    if json:
        answers = three_questions(report)
        terminal.document({"run": report, "three_questions": answers, "labels": labels})
    else:
        show_run(terminal, report, labels, full=full, standing=standing_of(project, report.row))
    warn_of(terminal, project.paths.journal, [harm for harm in damaged if harm.run == report.row.run])
    return 0


app.command("tail")(tail)
app.command("label")(label)


def _report(reader: "Reader", folder: "Path", name: str) -> "RunReport":
    from agentctl.cli.runs.damage import said_of
    from agentctl.foundation.errors import IntegrityError
    from agentctl.trace.reports.questions import find_run, show_run
    from agentctl.trace.reports.run_names import the_one

    found = find_run(reader, name)
    run = found if isinstance(found, str) else the_one(found, name)
    report = show_run(reader, run)
    if report is None:
        wrong = "; ".join(said_of(folder, harm) for harm in reader.damaged() if harm.run == run)
        raise IntegrityError(wrong or f"the journal of run {run} does not hold the run's beginning")
    return report
