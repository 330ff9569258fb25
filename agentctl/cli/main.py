"""The tree of commands."""

import sys
from typing import Annotated

import typer

from agentctl import __version__
from agentctl.cli import approvals, audit, contract, keys, policy, reviewers, runs, trace
from agentctl.cli import eval as evals
from agentctl.cli.diff import diff
from agentctl.cli.doctor import doctor
from agentctl.cli.failure import exit_code_of
from agentctl.cli.groups import Commands
from agentctl.cli.init import init
from agentctl.cli.replay import replay
from agentctl.cli.resolve import resolve
from agentctl.cli.run import resume, run

app = typer.Typer(
    name="agentctl",
    cls=Commands,
    help="The operating layer for AI agents: contracts in git, one gateway, evidence afterwards.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("init")(init)
app.command("run")(run)
app.command("resume")(resume)
app.command("resolve")(resolve)
app.command("replay")(replay)
app.command("diff")(diff)
app.command("doctor")(doctor)
app.add_typer(runs.app, name="runs", cls=Commands, help="Look at runs.")
app.add_typer(approvals.app, name="approvals", cls=Commands, help="Answer what waits for approval.")
app.add_typer(contract.app, name="contract", cls=Commands, help="Check, show, compare and tag contracts.")
app.add_typer(policy.app, name="policy", cls=Commands, help="Check, test, explain and derive policies.")
app.add_typer(audit.app, name="audit", cls=Commands)
app.add_typer(evals.app, name="eval")
app.add_typer(trace.app, name="trace", cls=Commands, help="Keep the index over the journals.")
app.add_typer(reviewers.app, name="reviewers", cls=Commands, help="Give reviewers keys of their own.")
app.add_typer(keys.app, name="keys", cls=Commands, help="Show public keys.")


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"agentctl {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """The operating layer for AI agents."""


def main() -> None:
    """Run the command line; every known error becomes a sentence and an exit code."""
    sys.exit(exit_code_of(app, sys.argv[1:]))
