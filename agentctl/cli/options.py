"""The options that several commands share."""

from typing import Annotated

import typer

from agentctl.cli.completions import environments, runs
from agentctl.foundation.errors import UsageError


def _no_empty_name(ctx: typer.Context, name: str | None) -> str | None:
    """Refuse a name that is empty, as a variable is that nobody set: another one would be recorded in its place."""
    if name == "" and not ctx.resilient_parsing:
        raise UsageError("the name behind `--as` is empty", "a name, or no `--as`")
    return name


Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
As = Annotated[
    str | None,
    typer.Option(
        "--as", help="Under whose name; recorded as asserted.", metavar="NAME", callback=_no_empty_name
    ),
]
Run = Annotated[
    str,
    typer.Argument(
        help="The run's id, the beginning of one, or `latest`.", show_default=False, autocompletion=runs
    ),
]
Env = Annotated[
    str, typer.Option("--env", help="The environment.", metavar="NAME", autocompletion=environments)
]
