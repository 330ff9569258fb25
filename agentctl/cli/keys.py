"""`agentctl keys`: the public keys that verify our tokens."""

from typing import Annotated

import typer

from agentctl.cli.options import Env

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("jwks")
def jwks(environment: Env = "sandbox") -> int:
    """Print the JWK Set an edge needs to verify our tokens."""
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.identity.issuer import TokenIssuer

    project = open_project()
    issuer = project.files.environment(environment).document.identity.issuer
    Terminal(as_json=True).document(TokenIssuer(project.keys.issuer(), issuer, project.clock).jwks())
    return 0


@app.callback()
def root(_: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Show public keys."""
