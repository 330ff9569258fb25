"""`agentctl approvals`: what waits for an answer, and answering it."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.approvals.deliver import deliver
from agentctl.cli.approvals.grant import grant
from agentctl.cli.approvals.raising import raise_budget
from agentctl.cli.approvals.stats import stats
from agentctl.cli.approvals.sweep import sweep
from agentctl.cli.completions import approvals
from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.composition.people.answers import Given, OpenApproval
    from agentctl.composition.people.leaving import Left
    from agentctl.foundation.canonical import JsonValue

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("deliver")(deliver)
app.command("sweep")(sweep)
app.command("grant")(grant)
app.command("stats")(stats)
app.command("raise")(raise_budget)

Id = Annotated[str, typer.Argument(help="The approval's id.", show_default=False, autocompletion=approvals)]
Reviewer = Annotated[
    str, typer.Option("--as", help="The reviewer who answers.", metavar="NAME", show_default=False)
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run at once.")]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        help="Write the signed answer into a new file, for `approvals deliver`, and leave nothing here.",
        metavar="FILE",
        show_default=False,
    ),
]


@app.command("list")
def list_open(json: Json = False) -> int:
    """List the approval requests that wait for an answer, the oldest first.

    One whose answer lies in its run's inbox still waits: `agentctl resume` takes it in.
    """
    from agentctl.cli.approvals.rows import print_waiting
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.composition import open_project
    from agentctl.composition.people.answers import open_approvals

    terminal, project = Terminal(as_json=json), open_project()
    found = open_approvals(project)
    for run, why in found.unread:
        terminal.warning(f"run {run} is left out: {why}")
    if json:
        terminal.document([_row(item) for item in found.approvals])
    elif not found.approvals:
        terminal.line("nothing waits for an answer")
    else:
        print_waiting(terminal, found.approvals, this_year=project.clock.now().year)
    return 0


@app.command("show")
def show(approval: Id, json: Json = False) -> int:
    """Show what exactly an approval request asks, who answered, and what lies in the inbox."""
    from agentctl.cli.approvals.lines import approval_lines
    from agentctl.cli.screen.terminal import Line, Terminal
    from agentctl.composition import open_project
    from agentctl.composition.people.answers import find_approval

    terminal, found = Terminal(as_json=json), find_approval(open_project(), approval)
    if json:
        terminal.document(_whole(found))
    else:
        terminal.lines(Line(line) for line in found.view.splitlines())
        terminal.lines(approval_lines(found))
    return 0


@app.command("approve")
def approve(
    approval: Id,
    reviewer: Reviewer,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    instead: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Approve with this argument in place of the one that is asked.", metavar="NAME=JSON"
        ),
    ] = None,
    resume: Resume = False,
    out: Out = None,
    json: Json = False,
) -> int:
    """Approve a call: exactly what `approvals show` shows, once.

    With `--set amount=20000` the call is made with that argument instead; all checks are made again for it.
    """
    from agentctl.composition.people.answers import Given

    if not instead:
        return _answer(Given(approval, reviewer, "approve", reason), resume=resume, out=out, json=json)
    given = Given(approval, reviewer, "approve_with_changes", reason, instead=_changes(instead))
    return _answer(given, resume=resume, out=out, json=json)


@app.command("deny")
def deny(
    approval: Id,
    reviewer: Reviewer,
    reason: Annotated[str, typer.Option(help="Why; the model sees it.")] = "",
    end_run: Annotated[bool, typer.Option("--end-run", help="End the run with this denial.")] = False,
    resume: Resume = False,
    out: Out = None,
    json: Json = False,
) -> int:
    """Deny a call."""
    from agentctl.composition.people.answers import Given

    return _answer(Given(approval, reviewer, "deny", reason, end_run), resume=resume, out=out, json=json)


@app.command("escalate")
def escalate(
    approval: Id,
    reviewer: Reviewer,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    resume: Resume = False,
    out: Out = None,
    json: Json = False,
) -> int:
    """Leave a call to others: whoever the request escalates to may answer from then on."""
    from agentctl.composition.people.answers import Given

    return _answer(Given(approval, reviewer, "escalate", reason), resume=resume, out=out, json=json)


def _answer(given: "Given", *, resume: bool, out: str | None, json: bool) -> int:
    from agentctl.cli.passphrase import ask_passphrase
    from agentctl.cli.run.commands import resume as resume_command
    from agentctl.composition import open_project
    from agentctl.composition.people.answers import give_answer
    from agentctl.composition.people.leaving import leave, taken_to
    from agentctl.foundation.errors import UsageError

    if out is not None and resume:
        raise UsageError("what is written into a file reaches no run here", "`--out` or `--resume`")
    hand = leave if out is None else taken_to(Path(out))
    left = give_answer(open_project(), given, ask_passphrase, hand)
    return resume_command(left.run, None, json) if resume else _say(given, left, out=out, json=json)


def _say(given: "Given", left: "Left", *, out: str | None, json: bool) -> int:
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.cli.typed import program

    terminal = Terminal(as_json=json)
    if json:
        said = {"approval": given.approval, "answer": given.answer, "by": given.reviewer}
        file = {} if out is None else {"file": out}
        terminal.document({"run": left.run, **said, "assurance": left.assurance, "key": left.key, **file})
    else:
        how = "asserted" if left.key is None else f"signed with {left.key}"
        where = "left for the run" if out is None else f"written to {out}"
        terminal.line(f"{where}: {given.answer} by {given.reviewer} ({how})")
        next_ = f"resume {left.run}" if out is None else f"approvals deliver {shlex.quote(out)}"
        terminal.verbatim(f"{program()} {next_}")
    return 0


def _changes(pairs: list[str]) -> "dict[str, JsonValue]":
    """Return arguments by name as they are typed: `amount=20000`, `currency='"usd"'`."""
    from agentctl.foundation.canonical import ARGUMENT_LIMITS, NotJson, parse_json
    from agentctl.foundation.errors import UsageError

    changes: dict[str, JsonValue] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name or name in changes:
            raise UsageError(f"`--set {pair[:80]}` names no argument, or one twice", "`--set amount=20000`")
        try:
            changes[name] = parse_json(text, ARGUMENT_LIMITS)
        except NotJson as error:
            accepted = f"a value of JSON; a text in quotes: `--set '{name}=\"...\"'`"
            raise UsageError(f"`--set {name}`: {error}", accepted) from error
    return changes


def _row(item: "OpenApproval") -> dict[str, object]:
    return {
        "approval": item.id,
        "status": item.status,
        **item.request.model_dump(mode="json", exclude={"view"}),
    }


def _whole(found: "OpenApproval") -> dict[str, object]:
    return {
        **_row(found),
        "view": found.view,
        "arguments": found.arguments,
        "approved_by": {
            name: found.approval.stands_for(item) for name, item in found.approval.standing.items()
        },
        "answers": found.answers,
        "escalations": found.approval.escalations,
        "not_taken": found.not_taken,
    }
