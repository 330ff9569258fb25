"""The tree of commands; only that part of it is made which somebody asks for."""

import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, Final, TypeAlias

import typer

from agentctl import __version__
from agentctl.cli.failure import exit_code_of
from agentctl.cli.groups import Commands

Command: TypeAlias = Callable[..., int]

_COMMANDS: Final = ("init", "run", "resume", "resolve", "replay", "diff", "doctor")
_GROUPS: Final = {
    "runs": "Look at runs.",
    "approvals": "Answer what waits for approval.",
    "contract": "Check, show, compare and tag contracts.",
    "policy": "Check, test, explain and derive policies.",
    "audit": None,
    "eval": None,
    "trace": "Keep the index over the journals.",
    "reviewers": "Give reviewers keys of their own.",
    "keys": "Show public keys.",
}
"""Every group and what it is for; None where it says so itself."""


def tree(words: Sequence[str] = ()) -> typer.Typer:
    """Return the commands that somebody can mean who types these words: one of them or one group, or all.

    To make all takes longer than many a command.
    """
    names = frozenset({*_COMMANDS, *_GROUPS})
    return _tree(names & set(words[:1]) or names)


@cache
def _tree(names: frozenset[str]) -> typer.Typer:
    made = typer.Typer(
        name="agentctl",
        cls=Commands,
        help="The operating layer for AI agents: contracts in git, one gateway, evidence afterwards.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    made.callback()(root)
    for name in _COMMANDS:
        if name in names:
            made.command(name)(_command(name))
    for name, about in _GROUPS.items():
        if name in names and about is None:
            made.add_typer(_group(name), name=name)
        elif name in names:
            made.add_typer(_group(name), name=name, cls=Commands, help=about)
    return made


def _command(name: str) -> Command:
    match name:
        case "init":
            from agentctl.cli.init import init

            return init
        case "run":
            from agentctl.cli.run.commands import run

            return run
        case "resume":
            from agentctl.cli.run.commands import resume

            return resume
        case "resolve":
            from agentctl.cli.resolve import resolve

            return resolve
        case "replay":
            from agentctl.cli.replay.command import replay

            return replay
        case "diff":
            from agentctl.cli.diff.command import diff

            return diff
        case _:
            from agentctl.cli.doctor import doctor

            return doctor


def _group(name: str) -> typer.Typer:
    match name:
        case "runs":
            from agentctl.cli.runs.commands import app
        case "approvals":
            from agentctl.cli.approvals.commands import app
        case "contract":
            from agentctl.cli.contract.commands import app
        case "policy":
            from agentctl.cli.policy.commands import app
        case "audit":
            from agentctl.cli.audit.commands import app
        case "eval":
            from agentctl.cli.eval.commands import app
        case "trace":
            from agentctl.cli.trace import app
        case "reviewers":
            from agentctl.cli.reviewers import app
        case _:
            from agentctl.cli.keys import app
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"agentctl {__version__}\n")
        raise typer.Exit


def root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """The operating layer for AI agents."""


def __getattr__(name: str) -> typer.Typer:
    """Return `app`, the whole tree, for who asks for it by that name."""
    if name == "app":
        return tree()
    raise AttributeError(name)


def main() -> None:
    """Run the command line; every known error becomes a sentence and an exit code."""
    words = sys.argv[1:]
    if {"--install-completion", "--show-completion"} & set(words[:1]):
        from agentctl.cli.completions import mend_scripts

        mend_scripts()
    sys.exit(exit_code_of(tree(words), words))
