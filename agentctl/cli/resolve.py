"""`agentctl resolve`: an operator says what became of a call in doubt."""

from typing import Annotated

import typer

from agentctl.cli.options import As, Json


def resolve(
    call: Annotated[str, typer.Argument(help="The call's id.", show_default=False)],
    reason: Annotated[str, typer.Option(help="How you know.", show_default=False)],
    executed: Annotated[bool, typer.Option("--executed", help="It happened.")] = False,
    not_executed: Annotated[bool, typer.Option("--not-executed", help="It did not happen.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Make it again, with the same key.")] = False,
    principal: As = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run at once.")] = False,
    json: Json = False,
) -> int:
    """Say what became of a call in doubt; exactly one of --executed, --not-executed, --retry."""
    from agentctl.cli.passphrase import ask_passphrase
    from agentctl.cli.run.commands import resume as resume_command
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.cli.typed import program
    from agentctl.composition import open_project
    from agentctl.composition.people.answers import Verdict, Word, resolve_call
    from agentctl.foundation.errors import UsageError

    said: dict[Verdict, bool] = {"executed": executed, "not_executed": not_executed, "retry": retry}
    chosen = [verdict for verdict, given in said.items() if given]
    if len(chosen) != 1:
        raise UsageError(
            f"{len(chosen)} verdicts were given", "exactly one of --executed, --not-executed, --retry"
        )
    project = open_project()
    word = Word(call, chosen[0], principal or project.settings.user, reason)
    run = resolve_call(project, word, ask_passphrase)
    if resume:
        return resume_command(run, principal, json)
    terminal = Terminal(as_json=json)
    if json:
        terminal.document({"run": run, "call": call, "verdict": chosen[0]})
    else:
        terminal.line(f"left for the run: {chosen[0]}")
        terminal.verbatim(f"{program()} resume {run}")
    return 0
