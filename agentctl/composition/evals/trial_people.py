"""The people of a trial: they answer approval requests as a script says, at the hour it says, by letter.

Each letter goes through the same checks as any other. No key is used: a trial takes its people at their word, and nothing
but its own run hears them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from typing_extensions import override

from agentctl.approval.reviewer import Case, LookUpFunction, Reviewer
from agentctl.approval.verification import Letter, Verified, Verifier
from agentctl.contract.durations import seconds_of
from agentctl.contract.golden_world import ScriptedAnswer
from agentctl.foundation.clock import Clock, SystemClock, to_rfc3339
from agentctl.foundation.errors import InternalError
from agentctl.foundation.ids import new_secret_id
from agentctl.trace.message import AnswerMessage, Message
from agentctl.trace.ports import Inbox, Received, Unreadable

_ANSWERS: dict[str, Literal["approve", "deny", "approve_with_changes", "escalate"]] = {
    "approve": "approve",
    "deny": "deny",
    "edit": "approve_with_changes",
    "escalate": "escalate",
}
_UID = 0
"""Whose file a letter would be; a trial's people need none."""


class TrialClock(Clock):
    """The clock of this machine, set forward where a script says that time passes.

    Args:
        early: how many seconds ago the trial begins, so that nothing in it lies in the future.
        clock: whose hour it is.
    """

    def __init__(self, early: int = 0, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._ahead = timedelta(seconds=-early)

    @override
    def now(self) -> datetime:
        """Return the trial's hour, in UTC."""
        return self._clock.now() + self._ahead

    @override
    def monotonic_ns(self) -> int:
        """Return nanoseconds of real work; no script makes a run work longer."""
        return self._clock.monotonic_ns()

    def wait_until(self, moment: datetime) -> None:
        """Let time pass until a moment."""
        self._ahead += max(moment - self.now(), timedelta())


class TrialVerifier(Verifier):
    """Takes everybody at their word; the letters come from the trial itself."""

    @override
    def verify(self, letter: Letter, *, signatures_required: bool) -> Verified:
        """Return that it may be taken as theirs, asserted."""
        del letter, signatures_required
        return Verified("asserted", None, "none")


class TrialPeople(Reviewer, Inbox):
    """Everybody who may answer in a trial, and the inbox that their letters lie in.

    What the script says is said in its order, each piece once; what is not due yet keeps the rest waiting.
    """

    def __init__(self, run: str, script: Sequence[ScriptedAnswer], clock: TrialClock) -> None:
        self._run = run
        self._script = list(script)
        self._clock = clock
        self._asked_at: dict[str, datetime] = {}
        self._letters: list[Message] = []

    @override
    async def review(self, case: Case, look_up: LookUpFunction) -> None:
        """Leave the letters that are due; nobody answers at the terminal."""
        del look_up
        asked_at = self._asked_at.setdefault(case.request.approval, self._clock.now())
        approvals = 0
        while approvals < case.request.quorum and (said := self._next(case, asked_at)) is not None:
            self._script.remove(said)
            if said.answer != "none":
                self._letters.append(self._letter(said, case))
            if said.answer == "deny":
                break
            approvals += said.answer in {"approve", "edit"}

    @override
    def post(self, message: Message) -> None:
        """Nobody else writes to a trial."""
        raise InternalError("a letter was posted to a trial")

    @override
    def read(self, run: str) -> tuple[Received | Unreadable, ...]:
        """Return all letters so far, in the order they were written."""
        return tuple(Received(letter, _UID) for letter in self._letters if letter.run == run)

    def next_moment(self, waiting: Sequence[tuple[str, str]]) -> datetime | None:
        """Return when the next piece of the script is due; None where nothing in it is for what waits.

        Args:
            waiting: the open requests, each with its tool.
        """
        due = (
            _due(said, self._asked_at.get(approval, self._clock.now()))
            for said in self._script
            for approval, tool in waiting
            if said.tool in (None, tool)
        )
        return next(due, None)

    def _next(self, case: Case, asked_at: datetime) -> ScriptedAnswer | None:
        """Return the next piece for a request, if it is due."""
        mine = (said for said in self._script if said.tool in (None, case.request.tool))
        said = next(mine, None)
        return said if said is not None and _due(said, asked_at) <= self._clock.now() else None

    def _letter(self, said: ScriptedAnswer, case: Case) -> AnswerMessage:
        return AnswerMessage(
            id=new_secret_id(),
            run=self._run,
            at=to_rfc3339(self._clock.now()),
            by=said.reviewer or "",
            reason=said.reason,
            approval=case.request.approval,
            answer=_ANSWERS[said.answer],
            changes=said.changes,
            ends_run=said.ends_run,
            binding=case.request.binding,
        )


def _due(said: ScriptedAnswer, asked_at: datetime) -> datetime:
    """Return when something is said; without a word of it, at once."""
    return asked_at + timedelta(seconds=0 if said.after is None else seconds_of(said.after))
