"""The reviewer at this terminal: shown exactly what will be executed, asked for a name and a word."""

import asyncio
import sys

from agentctl.approval.reviewer import Case, LookUpFunction, Opinion
from agentctl.cli.terminal import Line, Terminal
from agentctl.events.approval import ReviewerRecord


def somebody_is_there() -> bool:
    """Return whether questions can be shown and answered here."""
    return sys.stdin.isatty() and sys.stderr.isatty()


class TerminalReviewer:
    """Asks whoever sits here. No answer, an unknown name or an unknown word leaves the request open."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    async def review(self, case: Case, look_up: LookUpFunction) -> Opinion | None:
        """Show the request and ask; None when nobody answers."""
        del look_up
        people = tuple(name for name in case.request.reviewers if not name.startswith("system:"))
        if not people:
            return None
        self._terminal.remark([Line("a call waits for approval", tone="title"), *_lines(case.real_view)])
        return await asyncio.to_thread(self._ask, people)

    def _ask(self, people: tuple[str, ...]) -> Opinion | None:
        name = self._question(f"who answers? ({', '.join(people)}; nothing leaves it open)")
        opinion = self._opinion_of(name) if name in people else None
        if opinion is None:
            self._terminal.remark([Line("left open")])
        return opinion

    def _opinion_of(self, name: str) -> Opinion | None:
        word, _, reason = self._question("`approve`, or `deny` and a reason").partition(" ")
        record = ReviewerRecord(id=name, kind="person", assurance="asserted")
        match word:
            case "approve":
                return Opinion("approve", reason.strip(), record)
            case "deny":
                return Opinion("deny", reason.strip() or "denied at the terminal", record)
            case _:
                return None

    def _question(self, text: str) -> str:
        self._terminal.remark([Line(f"{text}:")])
        return sys.stdin.readline().strip()


def _lines(view: str) -> list[Line]:
    """Return the view's lines. It is visible text already; what is escaped in it is escaped once more, never less."""
    return [Line(line) for line in view.splitlines()]
