"""`agentctl approvals raise`: give a run that a budget stopped more room, under the platform's ceilings."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.options import Json, Run

if TYPE_CHECKING:
    from agentctl.composition.people.raises import Raised

_MAX, _MAX_USD = 2**53 - 1, 10**12


def _number(what: str) -> object:
    return typer.Option(help=what, metavar="N", show_default=False)


def raise_budget(
    run: Run,
    reviewer: Annotated[
        str, typer.Option("--as", help="The reviewer who raises it.", metavar="NAME", show_default=False)
    ],
    max_steps: Annotated[int | None, _number("Steps.")] = None,
    max_input_tokens: Annotated[int | None, _number("Input tokens, in all.")] = None,
    max_output_tokens: Annotated[int | None, _number("Output tokens, in all.")] = None,
    max_cost_usd: Annotated[
        str | None, typer.Option(help="US dollars: 1.50.", metavar="X", show_default=False)
    ] = None,
    max_tool_calls: Annotated[int | None, _number("Attempts of tool calls.")] = None,
    max_wall_clock: Annotated[
        str | None,
        typer.Option(help="Time in which it is worked on: 90s, 30m, 2h.", metavar="TIME", show_default=False),
    ] = None,
    max_bytes: Annotated[int | None, _number("Bytes sent to tools and taken from them.")] = None,
    max_refusals: Annotated[int | None, _number("Refused calls after which the run is refused.")] = None,
    max_approval_requests: Annotated[int | None, _number("Approval requests, in all.")] = None,
    max_repeats: Annotated[
        int | None, _number("The same call, or round of calls, with the same result.")
    ] = None,
    max_near_repeats: Annotated[int | None, _number("The same, but for an argument without effect.")] = None,
    max_same_errors: Annotated[int | None, _number("The same error of a tool.")] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run at once.")] = False,
    json: Json = False,
) -> int:
    """Raise a run's ceilings: an approval like any other, and never above the platform's own.

    Name what the ceilings are to be from now on; those that are not named stay.
    """
    from agentctl.cli.passphrase import ask_passphrase
    from agentctl.cli.run.commands import resume as resume_command
    from agentctl.composition import open_project
    from agentctl.composition.people.raises import Raise, raise_ceilings
    from agentctl.composition.runs.naming import run_meant

    whole = {
        "max_steps": max_steps,
        "max_input_tokens": max_input_tokens,
        "max_output_tokens": max_output_tokens,
        "max_tool_calls": max_tool_calls,
        "max_bytes": max_bytes,
        "max_refusals": max_refusals,
        "max_approval_requests": max_approval_requests,
        "max_repeats": max_repeats,
        "max_near_repeats": max_near_repeats,
        "max_same_errors": max_same_errors,
    }
    amounts = {"max_cost_usd": _usd(max_cost_usd), "max_wall_clock_seconds": _seconds(max_wall_clock)}
    given = {**{name: _whole(name, value) for name, value in whole.items()}, **amounts}
    named = {name: value for name, value in given.items() if value is not None}
    project = open_project()
    meant = run_meant(project, run)
    raised = raise_ceilings(project, Raise(meant, reviewer, reason, named), ask_passphrase)
    return resume_command(meant, None, json) if resume else _left(raised, reviewer, json=json)


def _left(raised: "Raised", reviewer: str, *, json: bool) -> int:
    from agentctl.budget.raising import differing
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.cli.screen.words import ceilings
    from agentctl.cli.typed import program

    terminal, left = Terminal(as_json=json), raised.left
    if json:
        ways = {
            "before": raised.before.model_dump(mode="json"),
            "after": raised.after.model_dump(mode="json"),
        }
        sure = {"assurance": left.assurance, "key": left.key}
        terminal.document({"run": left.run, "by": reviewer, **sure, **ways})
        return 0
    which = ceilings(differing(raised.after, raised.before))
    terminal.line(f"left for the run: {which} by {reviewer} ({left.assurance})")
    terminal.verbatim(f"{program()} resume {left.run}")
    return 0


def _whole(name: str, number: int | None) -> int | None:
    from agentctl.foundation.errors import UsageError

    if number is not None and not 0 <= number <= _MAX:
        option = f"--{name.replace('_', '-')}"
        raise UsageError(f"`{option}`: `{number}` is no ceiling", f"a whole number from 0 to {_MAX}")
    return number


def _usd(text: str | None) -> Decimal | None:
    from agentctl.foundation.errors import UsageError
    from agentctl.foundation.money import parse_decimal

    try:
        amount = None if text is None else parse_decimal(text)
    except ValueError as error:
        raise UsageError(f"`--max-cost-usd`: {error}", "an amount such as 1.50") from error
    if amount is not None and not 0 <= amount <= _MAX_USD:
        raise UsageError(f"`--max-cost-usd`: `{text}` is no ceiling", f"an amount from 0 to {_MAX_USD}")
    return amount


def _seconds(text: str | None) -> int | None:
    from agentctl.contract.durations import parse_duration
    from agentctl.foundation.errors import UsageError

    try:
        return None if text is None else parse_duration(text)
    except ValueError as error:
        raise UsageError(f"`--max-wall-clock`: {error}", "90s, 30m or 2h") from error
