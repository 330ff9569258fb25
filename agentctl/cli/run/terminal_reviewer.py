"""The reviewer at this terminal: shown exactly what will be executed, asked for a name and a word."""

import asyncio
import select
import sys
import threading
from typing import TYPE_CHECKING, Final

from agentctl.approval.reviewer import Case, LookUpFunction, Opinion
from agentctl.cli.screen.terminal import Line, Terminal
from agentctl.events.approval import ApprovalRequested, ReviewerRecord
from agentctl.foundation.errors import AgentctlError

if TYPE_CHECKING:
    from agentctl.composition import Project

_LOOK_SECONDS: Final = 0.1
"""How soon it is noticed that the run was told to stop."""


def somebody_is_there() -> bool:
    """Return whether questions can be shown and answered here."""
    return sys.stdin.isatty() and sys.stderr.isatty()


class TerminalReviewer:
    """Asks whoever sits here, and again after an unknown name or word. No answer leaves the request open.

    Whoever has a key signs, and leaves a letter in the run's inbox like everybody else: it is judged there.
    """

    def __init__(self, terminal: Terminal, project: "Project") -> None:
        self._terminal = terminal
        self._project = project
        self._left = threading.Event()

    def leave(self) -> None:
        """Wait for nobody any more: what is not answered yet stays open."""
        self._left.set()

    async def review(self, case: Case, look_up: LookUpFunction) -> Opinion | None:
        """Show the request and ask; None when nobody answers, or when the answer is a letter."""
        del look_up
        people = tuple(name for name in case.reviewers if not name.startswith("system:"))
        if not people:
            return None
        with self._terminal.asking():
            self._terminal.remark([Line("a call waits for approval", tone="title"), *_lines(case.real_view)])
            return await asyncio.to_thread(self._ask, case.request, people)

    def _ask(self, request: ApprovalRequested, people: tuple[str, ...]) -> Opinion | None:
        from agentctl.composition.people.answers import must_sign

        name = self._name(people)
        opinion = self._opinion_of(name) if name else None
        if opinion is not None and must_sign(self._project, request.binding.run, name):
            self._sign(request.approval, opinion)
            return None
        if opinion is None:
            self._terminal.remark([Line("left open")])
        return opinion

    def _sign(self, approval: str, opinion: Opinion) -> None:
        from agentctl.cli.passphrase import ask_passphrase
        from agentctl.composition.people.answers import Given, give_answer

        given = Given(approval, opinion.reviewer.id, opinion.answer, opinion.reason)
        try:
            left = give_answer(self._project, given, ask_passphrase)
        except AgentctlError as error:  # the run goes on: the request stays open
            self._terminal.remark([Line(str(error), tone="bad"), Line("left open")])
        else:
            self._terminal.remark([Line(f"signed with {left.key}" if left.key else "left for the run")])

    def _name(self, people: tuple[str, ...]) -> str:
        """Return the name of somebody who may answer; none where nothing was typed."""
        while name := self._question(f"who answers? ({', '.join(people)}; nothing leaves it open)"):
            if name in people:
                return name
            self._terminal.remark([Line(f"`{name[:80]}` may not answer this request", tone="warn")])
        return ""

    def _opinion_of(self, name: str) -> Opinion | None:
        record = ReviewerRecord(id=name, kind="person", assurance="asserted")
        while said := self._question("`approve`, or `deny` and a reason; nothing leaves it open"):
            word, _, reason = said.partition(" ")
            match word:
                case "approve":
                    return Opinion("approve", reason.strip(), record)
                case "deny":
                    return Opinion("deny", reason.strip() or "denied at the terminal", record)
                case _:
                    self._terminal.remark([Line(f"`{word[:80]}` is neither", tone="warn")])
        return None

    def _question(self, text: str) -> str:
        self._terminal.remark([Line(f"{text}:")])
        while not self._left.is_set():
            if select.select([sys.stdin], [], [], _LOOK_SECONDS)[0]:
                return sys.stdin.readline().strip()
        return ""


def _lines(view: str) -> list[Line]:
    """Return the view's lines. It is visible text already; what is escaped in it is escaped once more, never less."""
    return [Line(line) for line in view.splitlines()]
