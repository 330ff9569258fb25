"""The options that several commands share."""

from typing import Annotated

import typer

from agentctl.cli.completions import environments, runs

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
As = Annotated[
    str | None, typer.Option("--as", help="Under whose name; recorded as asserted.", metavar="NAME")
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
