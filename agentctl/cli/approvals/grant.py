"""`agentctl approvals grant`: several calls of one run approved at once, within limits."""

from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.options import Json, Run

if TYPE_CHECKING:
    from agentctl.composition.people.grants import GrantLeft


def grant(
    run: Run,
    tool: Annotated[str, typer.Option(help="The only tool it is for.", show_default=False)],
    up_to: Annotated[
        list[str],
        typer.Option(
            help="What the calls may come to together; may be given again.",
            metavar="FACT=AMOUNT",
            show_default=False,
        ),
    ],
    until: Annotated[
        str,
        typer.Option(
            help="When it ends: `18:00` (UTC), `2h`, or a moment like `2026-11-22T18:00:00Z`; within 24 hours.",
            metavar="WHEN",
            show_default=False,
        ),
    ],
    reviewer: Annotated[
        str, typer.Option("--as", help="The reviewer who grants it.", metavar="NAME", show_default=False)
    ],
    where: Annotated[
        list[str] | None,
        typer.Option(help="What a fact of the calls must be; may be given again.", metavar="FACT=VALUE"),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run at once.")] = False,
    json: Json = False,
) -> int:
    """Approve several calls of an open run at once: one tool, within limits, for hours.

    A call within the grant needs no request of its own, and its record names the grant. Where more than one reviewer must
    approve, or the platform takes no grants, each call is asked for all the same.
    """
    from agentctl.cli.passphrase import ask_passphrase
    from agentctl.cli.run.commands import resume as resume_command
    from agentctl.composition import open_project
    from agentctl.composition.people.grants import GrantOrder, give_grant
    from agentctl.composition.runs.naming import run_meant

    project = open_project()
    meant = run_meant(project, run)
    order = GrantOrder(meant, tool, tuple(where or ()), tuple(up_to), until, reviewer, reason)
    given = give_grant(project, order, ask_passphrase)
    return resume_command(meant, None, json) if resume else _told(given, json=json)


def _told(given: "GrantLeft", *, json: bool) -> int:
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.cli.typed import program

    terminal, message, left = Terminal(as_json=json), given.grant, given.left
    if json:
        told = message.model_dump(mode="json", exclude={"signature", "void"})
        terminal.document({**told, "assurance": left.assurance, "key": left.key})
        return 0
    terminal.line(
        f"left for the run: a grant by {message.by} ({left.assurance}), until {message.until} (UTC)"
    )
    terminal.fields(
        [
            ("tool", message.tool),
            *((f"{name} must be", value) for name, value in message.facts.items()),
            *((f"{name} up to", f"{amount} in all") for name, amount in message.up_to.items()),
        ]
    )
    terminal.verbatim(f"{program()} resume {message.run}")
    return 0
