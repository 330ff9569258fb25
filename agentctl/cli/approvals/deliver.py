"""`agentctl approvals deliver`: a signed answer is handed in, as a chat bot or a ticket system got it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentctl.cli.options import Json

if TYPE_CHECKING:
    from agentctl.composition.people.deliver import Delivered, WouldNotCount


def deliver(
    file: Annotated[
        str, typer.Argument(help="The message, a JSON file; `-`: standard input.", show_default=False)
    ],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run at once.")] = False,
    json: Json = False,
) -> int:
    """Take one signed answer to an approval request and leave it for its run, once.

    What is no answer, or not from whom it names, is not stored. An answer that is genuine and would not count is left all
    the same, so that the run records its refusal; exit code 2.
    """
    from agentctl.cli.run.commands import resume as resume_command
    from agentctl.composition import open_project
    from agentctl.composition.people.deliver import WouldNotCount, deliver

    project = open_project()
    delivery = deliver(project, _bytes(file))
    if isinstance(delivery, WouldNotCount):
        return _refused(delivery, json=json)
    if resume:
        return resume_command(delivery.message.run, None, json)
    return _told(delivery, json=json)


def _bytes(file: str) -> bytes:
    """Return the message; one byte more than is accepted is enough to refuse what is larger."""
    from agentctl.composition.people.deliver import MAX_BYTES
    from agentctl.foundation.errors import UsageError

    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"`{file}` cannot be read: {error.strerror or error}", "a file, or `-`") from error


def _told(delivery: "Delivered", *, json: bool) -> int:
    from agentctl.cli.screen.terminal import Terminal
    from agentctl.cli.typed import program

    message, terminal = delivery.message, Terminal(as_json=json)
    if json:
        terminal.document({**_row(delivery), "already_there": delivery.again})
    else:
        what = f"{message.answer} by {message.by}, to {message.approval}"
        terminal.line(f"it lies there already: {what}" if delivery.again else f"left for the run: {what}")
        terminal.verbatim(f"{program()} resume {message.run}")
    return 0


def _refused(delivery: "WouldNotCount", *, json: bool) -> int:
    from agentctl.cli.screen.terminal import Line, Terminal
    from agentctl.foundation.errors import ExitCode

    terminal = Terminal(as_json=json)
    if json:
        terminal.document({**_row(delivery), "would_not_count": list(delivery.reasons)})
    else:
        terminal.remark(
            [
                Line(f"error: the answer would not count: {'; '.join(delivery.reasons)}", tone="bad"),
                Line("it was left for the run all the same, whose journal will record that it was refused"),
            ]
        )
    return ExitCode.INVALID


def _row(delivery: "Delivered | WouldNotCount") -> dict[str, object]:
    message = delivery.message
    return {
        "run": message.run,
        "message": message.id,
        "approval": message.approval,
        "answer": message.answer,
        "by": message.by,
    }
