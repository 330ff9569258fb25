"""`agentctl runs label`: say what you think of a run."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from agentctl.cli.completions import words
from agentctl.cli.options import As, Json, Run

if TYPE_CHECKING:
    from agentctl.events.control import Label


def label(
    run: Run,
    label: Annotated[
        str,
        typer.Argument(
            help="`good`, `bad`, or `overridden`: a person did it again, otherwise.",
            metavar="LABEL",
            show_default=False,
            autocompletion=words("good", "bad", "overridden"),
        ),
    ],
    reason: Annotated[str, typer.Option(help="Why.", show_default=False)],
    by: As = None,
    json: Json = False,
) -> int:
    """Say what you think of a run. The last word counts; earlier ones stay on record.

    Exit codes: 0 it is on record · 2 there is no such run or label · 7 the record of labels cannot be believed.
    """
    from agentctl.cli.choices import refuse_unless_one_of
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.people.labels import LABELS, label_run

    refuse_unless_one_of("the label", label, LABELS)
    terminal, project = Terminal(as_json=json), open_project()
    known = cast("Label", label)
    said = label_run(project, run, known, by=by or project.settings.user, reason=reason)
    if json:
        terminal.document(said)
    else:
        terminal.line(f"run {said.run} is {said.label}, says {said.by.id}: {said.reason}")
    return 0
