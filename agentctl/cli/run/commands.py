"""`agentctl run` and `agentctl resume`."""

from typing import Annotated

import typer

from agentctl.cli.completions import agents
from agentctl.cli.options import As, Env, Json, Run


def run(
    agent: Annotated[
        str, typer.Argument(help="The agent's name.", show_default=False, autocompletion=agents)
    ],
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
    approval · 5 a call is in doubt · 6 a budget or a loop stopped it · 8 its journal could not be written · 11 no model
    answered · 130 interrupted.
    """
    from agentctl.composition import open_project
    from agentctl.composition.runs.head_start import head_start

    project = open_project()
    with head_start(project, environment) as spare:  # loading the rest takes as long as its start
        from agentctl.cli.run.screen import RunScreen
        from agentctl.composition.runs.running import RunOrder, run_agent

        screen = RunScreen(as_json=json)
        order = RunOrder(agent, text, principal, environment, ledger)
        with screen.audience(project) as audience:
            outcome = run_agent(project, order, audience, spare)
    return screen.end(project, outcome)


def resume(
    run: Run,
    principal: As = None,
    json: Json = False,
) -> int:
    """Go on with a run that was suspended, or whose process died.

    Exit codes: as those of `agentctl run` · 7 its journal is damaged · 10 another process writes it.
    """
    from agentctl.cli.run.screen import RunScreen
    from agentctl.composition import open_project
    from agentctl.composition.runs.naming import run_meant
    from agentctl.composition.runs.running import resume_run

    screen, project = RunScreen(as_json=json), open_project()
    meant = run_meant(project, run)
    with screen.audience(project, project.journals.read(meant)) as audience:
        outcome = resume_run(project, meant, principal, audience)
    return screen.end(project, outcome)
