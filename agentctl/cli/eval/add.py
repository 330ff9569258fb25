"""`agentctl eval add`: make a golden case of a run."""

from typing import Annotated

import typer

from agentctl.cli.options import Json, Run


def add(
    run: Run,
    name: Annotated[
        str | None,
        typer.Option(
            "--id", help="What the case is called; default: made from the run's id.", show_default=False
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Make a golden case of a run: what was asked, what tools answered, what people said, and what came of it.

    It is put after the agent's other cases, and what tools answered into a file beside them. No address, number or key that
    redaction knows is written: stand-ins take their places. Read both before you keep them.

    Exit codes: 0 it is written · 2 no case can be made of this run, or its name is taken · 7 the run's journal is damaged.
    """
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.evals.adding import add_case

    terminal, project = Terminal(as_json=json), open_project()
    added = add_case(project, run, name)
    if json:
        terminal.document(added)
        return 0
    terminal.line(f"case `{added.case}` of run {added.run}, in {added.golden_set}")
    terminal.line(f"  what tools answered: {added.tape}")
    terminal.line(
        "read both before you keep them: names and stories are not taken out, only what redaction knows"
    )
    terminal.line(f"  agentctl eval {added.agent} --cases {added.case}")
    return 0
