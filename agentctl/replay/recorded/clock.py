"""The time of the run that is replayed: what expired then expires, what was in time is."""

from datetime import datetime

from agentctl.events.approval import ApprovalAnnounced, ApprovalAnswered
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import ClockAnomaly, RunSuspended
from agentctl.events.tool import DecisionMade
from agentctl.foundation.clock import from_rfc3339
from agentctl.replay.recorded.tape import Tape


class TapedClock:
    """Says what the clock said when the next record of the tape was made.

    Before somebody was waited for, it says what it said before the wait: what came due meanwhile was not due when they
    were asked.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def now(self) -> datetime:
        """Return the wall clock of then."""
        record = self._tape.next_record
        if record is None or _was_waited_for(record.event):
            return from_rfc3339(self._tape.last_record.time)
        match record.event:
            case ClockAnomaly(wall=said) | DecisionMade(judged_at=str() as said):
                return moment_of(said) or from_rfc3339(record.time)
            case _:
                return from_rfc3339(record.time)

    def monotonic_ns(self) -> int:
        """Return the writer's own clock of then, in nanoseconds."""
        return (self._tape.next_record or self._tape.last_record).mono_us * 1_000


def moment_of(text: str) -> datetime | None:
    """Return the moment that an event names; None where it is none."""
    try:
        return from_rfc3339(text)
    except ValueError:
        return None


class SetClock:
    """Says what it was set to: a replay's own journal has the times of the run it replays."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def set(self, record: Record) -> None:
        """Say the time of a record from here on."""
        self._record = record

    def now(self) -> datetime:
        """Return the record's time."""
        return from_rfc3339(self._record.time)

    def monotonic_ns(self) -> int:
        """Return the record's time on its writer's own clock, in nanoseconds."""
        return self._record.mono_us * 1_000


def _was_waited_for(event: AnyEvent) -> bool:
    return isinstance(event, ApprovalAnswered | ApprovalAnnounced | RunSuspended) and not _by_letter(event)


def _by_letter(event: AnyEvent) -> bool:
    return isinstance(event, ApprovalAnswered) and event.message is not None
