"""`agentctl run` and `agentctl resume`."""

from typing import Annotated

import typer

from agentctl.cli.options import As, Env, Json


def run(
    agent: Annotated[str, typer.Argument(help="The agent's name.", show_default=False)],
    text: Annotated[
        str | None, typer.Option("--input", help="What it is asked: a ticket number, or a sentence.")
    ] = None,
    principal: As = None,
    environment: Env = "sandbox",
    ledger: Annotated[
        str | None, typer.Option(help="Share a named ledger of the sandbox between runs.", metavar="NAME")
    ] = None,
    json: Json = False,
) -> int:
    """Run an agent under its contract.

    Exit codes: 0 it answered · 2 the contract or the command line is wrong · 3 the run was refused · 4 it waits for an
    approval · 5 a call is in doubt · 6 a budget stopped it · 11 no model answered · 130 interrupted.
    """
    from agentctl.composition import open_project
    from agentctl.composition.head_start import head_start

    project = open_project()
    with head_start(project, environment) as spare:  # loading the rest takes as long as its start
        from agentctl.cli.run_screen import RunScreen
        from agentctl.composition.runs import RunOrder, run_agent

        screen = RunScreen(as_json=json)
        order = RunOrder(agent, text, principal, environment, ledger)
        with screen.audience(project) as audience:
            outcome = run_agent(project, order, audience, spare)
    return screen.end(project, outcome)


def resume(
    run: Annotated[str, typer.Argument(help="The run's id.", show_default=False)],
    principal: As = None,
    json: Json = False,
) -> int:
    """Go on with a run that was suspended, or whose process died."""
    from agentctl.cli.run_screen import RunScreen
    from agentctl.composition import open_project
    from agentctl.composition.runs import resume_run

    screen, project = RunScreen(as_json=json), open_project()
    with screen.audience(project, project.journals.read(run)) as audience:
        outcome = resume_run(project, run, principal, audience)
    return screen.end(project, outcome)
