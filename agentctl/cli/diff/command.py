"""`agentctl diff`: two runs, or two versions of an agent, side by side."""

from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.completions import runs_and_agents
from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.composition.contracts.diffs import Comparison

_THING = "A run (its id, the beginning of one, `latest`), or a version: FILE, TAG, DIGEST, AGENT."

Full = Annotated[bool, typer.Option("--full", help="Cut nothing, and show what is the same too.")]


def diff(
    before: Annotated[
        str, typer.Argument(help=_THING, metavar="A", show_default=False, autocompletion=runs_and_agents)
    ],
    after: Annotated[
        str,
        typer.Argument(
            help="Another one of the same sort.",
            metavar="B",
            show_default=False,
            autocompletion=runs_and_agents,
        ),
    ],
    full: Full = False,
    json: Json = False,
) -> int:
    """Compare two runs, or two versions of an agent.

    Runs are laid side by side by what was done in each step. Versions are compared in effect: what is allowed, asked, spent and
    seen; an agent's name stands for what its files say now.

    Exit codes: 0 the same · 1 they differ · 2 no such run or version · 7 a journal or an object is damaged.
    """
    from agentctl.composition import open_project
    from agentctl.composition.contracts.diffs import compare

    return show_comparison(compare(open_project(), before, after), full=full, json=json)


def show_comparison(found: "Comparison", *, full: bool, json: bool) -> int:
    """Print what was compared, and return the exit code that says whether it is the same."""
    from agentctl.cli.diff.form import runs_form, versions_form
    from agentctl.cli.diff.lines import show_runs, show_versions
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.foundation.errors import ExitCode
    from agentctl.replay.side_by_side.runs import RunComparison

    terminal = Terminal(as_json=json)
    if isinstance(found, RunComparison):
        same = found.same
        if json:
            terminal.document(runs_form(found))
        else:
            show_runs(terminal, found, full=full)
    else:
        same = found.diff.same
        if json:
            terminal.document(versions_form(found))
        else:
            show_versions(terminal, found, full=full)
    return ExitCode.OK if same else ExitCode.WANTING
