"""`agentctl approvals`: what waits for an answer, and answering it."""

from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.approval_deliver import deliver
from agentctl.cli.approval_grant import grant
from agentctl.cli.approval_raise import raise_budget
from agentctl.cli.approval_stats import stats
from agentctl.cli.approval_sweep import sweep
from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.composition.answers import Given, OpenApproval

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("deliver")(deliver)
app.command("sweep")(sweep)
app.command("grant")(grant)
app.command("stats")(stats)
app.command("raise")(raise_budget)

Id = Annotated[str, typer.Argument(help="The approval's id.", show_default=False)]
Reviewer = Annotated[
    str, typer.Option("--as", help="The reviewer who answers.", metavar="NAME", show_default=False)
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run at once.")]


@app.command("list")
def list_open(json: Json = False) -> int:
    """List the approval requests that wait for an answer."""
    from agentctl.cli.terminal import Column, Terminal
    from agentctl.composition import open_project
    from agentctl.composition.answers import open_approvals

    terminal, waiting = Terminal(as_json=json), open_approvals(open_project())
    if json:
        terminal.document([_row(item) for item in waiting])
    elif not waiting:
        terminal.line("nothing waits for an answer")
    else:
        columns = (Column("approval", whole=True), Column("tool"), Column("acts for"), Column("expires"))
        rows = [
            (item.id, item.request.tool, item.request.requester, item.request.expires_at) for item in waiting
        ]
        terminal.table(columns, rows)
    return 0


@app.command("show")
def show(approval: Id, json: Json = False) -> int:
    """Show what exactly an approval request asks."""
    from agentctl.cli.terminal import Line, Terminal
    from agentctl.composition import open_project
    from agentctl.composition.answers import find_approval

    terminal, found = Terminal(as_json=json), find_approval(open_project(), approval)
    if json:
        terminal.document({**_row(found), "view": found.view})
    else:
        terminal.lines(Line(line) for line in found.view.splitlines())
        terminal.line(f"status: {found.status}; reviewers: {', '.join(found.request.reviewers)}")
    return 0


@app.command("approve")
def approve(
    approval: Id,
    reviewer: Reviewer,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    resume: Resume = False,
    json: Json = False,
) -> int:
    """Approve a call: exactly what `approvals show` shows, once."""
    from agentctl.composition.answers import Given

    return _answer(Given(approval, reviewer, "approve", reason), resume=resume, json=json)


@app.command("deny")
def deny(
    approval: Id,
    reviewer: Reviewer,
    reason: Annotated[str, typer.Option(help="Why; the model sees it.")] = "",
    end_run: Annotated[bool, typer.Option("--end-run", help="End the run with this denial.")] = False,
    resume: Resume = False,
    json: Json = False,
) -> int:
    """Deny a call."""
    from agentctl.composition.answers import Given

    return _answer(Given(approval, reviewer, "deny", reason, end_run), resume=resume, json=json)


def _answer(given: "Given", *, resume: bool, json: bool) -> int:
    from agentctl.cli.run import resume as resume_command
    from agentctl.cli.terminal import Terminal
    from agentctl.cli.typed import program
    from agentctl.composition import open_project
    from agentctl.composition.answers import give_answer

    run = give_answer(open_project(), given)
    if resume:
        return resume_command(run, None, json)
    terminal = Terminal(as_json=json)
    if json:
        terminal.document(
            {"run": run, "approval": given.approval, "answer": given.answer, "by": given.reviewer}
        )
    else:
        terminal.line(f"left for the run: {given.answer} by {given.reviewer} (asserted)")
        terminal.verbatim(f"{program()} resume {run}")
    return 0


def _row(item: "OpenApproval") -> dict[str, object]:
    return {
        "approval": item.id,
        "status": item.status,
        **item.request.model_dump(mode="json", exclude={"view"}),
    }
