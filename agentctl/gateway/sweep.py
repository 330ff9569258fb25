"""What time did to a run that nobody is writing: overdue requests expire, due ones escalate, others are told of it.

Done twice it does nothing the second time, and interrupted anywhere it is done again by the next sweep or resume.
"""

from collections.abc import Sequence

from agentctl.approval.announcement import not_told
from agentctl.approval.overdue import overdue
from agentctl.approval.pending import Approvals
from agentctl.events.record import AnyEvent, Record
from agentctl.foundation.clock import Clock, to_rfc3339
from agentctl.gateway.announcements import Herald
from agentctl.gateway.state import evolve, fold
from agentctl.trace.ports import Acquired


def something_is_due(approvals: Approvals, webhooks: Sequence[str], now: str) -> bool:
    """Return whether a sweep would record anything."""
    return bool(overdue(approvals, now)) or any(not_told(item, webhooks) for item in approvals.values())


async def sweep(acquired: Acquired, herald: Herald, clock: Clock) -> tuple[Record, ...]:
    """Record what time did to a run's requests, announce what escalated, and return the records; all are durable.

    What was found wrong with the journal's tail is recorded first: a clock that went back voids what waits.
    """
    sweeper = _Sweeper(acquired, clock)
    await sweeper.record(*acquired.repairs)
    await sweeper.record(*overdue(sweeper.approvals, sweeper.now))
    await sweeper.record(*await herald.announce(tuple(sweeper.approvals.values())))
    return tuple(sweeper.records)


class _Sweeper:
    """The writer of a run, for as long as its sweep takes."""

    def __init__(self, acquired: Acquired, clock: Clock) -> None:
        self._journal = acquired.journal
        self._state = fold(acquired.records)
        self._last_time = acquired.records[-1].time
        self._clock = clock
        self.records: list[Record] = []

    @property
    def approvals(self) -> Approvals:
        """The run's requests, up to the last record."""
        return self._state.approvals

    @property
    def now(self) -> str:
        """Effective time: never before the last record."""
        return max(to_rfc3339(self._clock.now()), self._last_time)

    async def record(self, *events: AnyEvent) -> None:
        """Append events durably."""
        if not events:
            return
        for record in self._journal.append(events):
            self._state, self._last_time = evolve(self._state, record), record.time
            self.records.append(record)
        await self._journal.sync()
