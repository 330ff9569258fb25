"""What a trial is judged by: its run as it stands in the journal, and what it left behind. Nothing is judged here."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from agentctl.approval.pending import Approval
from agentctl.contract.golden_words import ApprovalEnd, RunEnd
from agentctl.evals.wording import cut
from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetStopped
from agentctl.events.loop import LoopDetected
from agentctl.events.record import Record
from agentctl.events.run import RunSuspended
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.clock import from_rfc3339
from agentctl.foundation.errors import ExitCode, InternalError
from agentctl.runtime.outcome import exit_code
from agentctl.runtime.state import RunState, fold
from agentctl.trace.reports.call import Call, calls_of
from agentctl.trace.reports.placed import Placed

Find: TypeAlias = Callable[[str], Sequence[Sequence[JsonValue]]]
"""Asks a question in SQL of one run's rows.

Raises:
    InvalidInput: the question is refused or wrong.
"""


class Left(Struct, frozen=True):
    """What stands in the back office's ledger when a run has stopped."""

    refunds: tuple[JsonObject, ...] = ()
    charges: tuple[JsonObject, ...] = ()
    tickets: tuple[JsonObject, ...] = ()
    requests: tuple[JsonObject, ...] = ()


class Evidence(Struct, frozen=True):
    """A run that has stopped. `calls` are the agent's own, in order; `left` is None where there is no back office."""

    run: str
    state: RunState
    calls: tuple[Call, ...]
    stops: tuple[BudgetStopped, ...]
    loops: tuple[LoopDetected, ...]
    ended_at: str
    left: Left | None
    find: Find

    @property
    def end(self) -> RunEnd:
        """How it stopped."""
        if self.state.finished is not None:
            return self.state.finished.status
        if self.state.suspended is None:
            raise InternalError("a run that has not stopped was to be judged")
        return _suspended(self.state.suspended)

    @property
    def exit_code(self) -> ExitCode:
        """Its exit code."""
        return exit_code(self.state)

    @property
    def answer(self) -> str | None:
        """The agent's last words, redacted; None where the run gave no answer."""
        finished = self.state.finished
        return finished.answer if finished is not None and finished.status == "answered" else None

    @property
    def why(self) -> str:
        """How it stopped, in words."""
        if self.state.suspended is not None:
            return f"the run {_STOPPED[self.end]}: {cut(self.state.suspended.detail)}"
        said = "" if self.state.finished is None else self.state.finished.answer
        return f"the run {_STOPPED[self.end]}: {cut(said)}"

    @property
    def used(self) -> Reservation:
        """Everything that was used, or may have been."""
        return self.state.session.spend.committed

    @property
    def steps(self) -> int:
        """How many steps it took."""
        return self.state.session.spend.steps

    @property
    def worked_seconds(self) -> Decimal:
        """For how long it was worked on; waiting for people does not count."""
        worked = self.state.session.worked
        return worked.seconds(worked.epoch, worked.mono_us)

    def approvals(self, tool: str | None) -> tuple[Approval, ...]:
        """Return the approval requests of a tool's calls; None: of all."""
        known = self.state.session.approvals.values()
        return tuple(item for item in known if tool in (None, item.request.tool))

    def end_of(self, approval: Approval) -> ApprovalEnd:
        """Return what became of an approval request."""
        match approval.status(self.ended_at):
            case "consumed" | "granted":
                return "granted" if approval.changes is None else "edited"
            case "expired" | "lapsed":
                return "expired"
            case "denied":
                return "denied"
            case "waiting":
                return "waiting"

    def short(self, call: str) -> str:
        """Return a call's id without that of the run: step and index."""
        return call.removeprefix(f"{self.run}/")


def evidence_of(
    records: Sequence[Record], left: Left | None, find: Find, state: RunState | None = None
) -> Evidence:
    """Return what a run's records say of it; `state` is their fold, where somebody has it already."""
    placed = [Placed(one.seq, from_rfc3339(one.time), one.hash, one.event) for one in records]
    events = [one.event for one in records]
    return Evidence(
        run=records[0].run,
        state=state or fold(records),
        calls=tuple(call for call in calls_of(placed) if call.purpose == "agent"),
        stops=tuple(event for event in events if isinstance(event, BudgetStopped)),
        loops=tuple(event for event in events if isinstance(event, LoopDetected)),
        ended_at=records[-1].time,
        left=left,
        find=find,
    )


_STOPPED: dict[RunEnd, str] = {
    "answered": "ended with an answer",
    "denied": "was refused",
    "waiting": "waits for approval",
    "in_doubt": "stopped in doubt",
    "budget": "was stopped by a budget",
    "loop": "was stopped in a loop",
    "provider_failed": "stopped because no model answered",
    "interrupted": "was interrupted",
}


def _suspended(suspension: RunSuspended) -> RunEnd:
    match suspension.reason:
        case "approval":
            return "waiting"
        case "in_doubt" | "budget" | "loop" | "provider_failed" | "interrupted" as reason:
            return reason
