"""`agentctl trace`: the index over the journals, which can be thrown away and made again."""

import typer

from agentctl.cli.options import Json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_PATIENCE_SECONDS = 60.0
"""Those who read come and go; whoever types `rebuild` wants it done."""


@app.command("rebuild")
def rebuild(json: Json = False) -> int:
    """Make the database again from the journals alone.

    Exit codes: 0 done · 2 the database cannot be made · 10 somebody else has it open.
    """
    from agentctl.cli.rebuild_progress import RebuildProgress
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.cli.screen.words import counted
    from agentctl.composition import open_project
    from agentctl.foundation.errors import InvalidInput, LockedError, Place, Problem

    project, terminal = open_project(), Terminal(as_json=json)
    progress = RebuildProgress(terminal, project.clock)
    made = project.index(progress.tell).rebuild(_PATIENCE_SECONDS)
    match made.state:
        case "busy":
            raise LockedError(f"the database cannot be rebuilt now: {made.detail}")
        case "unavailable":
            place = Place(str(project.paths.database))
            raise InvalidInput(
                [Problem(place, f"cannot be made: {made.detail}", "a file that can be written")]
            )
        case "done" if json:
            terminal.document(
                {
                    "state": made.state,
                    "journals": made.journals,
                    "records": made.records,
                    "detail": made.detail,
                }
            )
        case "done":
            terminal.line(f"{counted(made.journals, 'journal')}, {counted(made.records, 'record')}")
    return 0


@app.callback()
def root() -> None:
    """Keep the index over the journals."""
