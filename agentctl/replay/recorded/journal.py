"""The journal of a replay's session: to the session it is that of the run it replays, on disk it is one of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace
from typing_extensions import override

from agentctl.events.record import AnyEvent, Record
from agentctl.events.replay import ReplayJudged
from agentctl.events.run import ReplayOf, RunStarted
from agentctl.foundation.clock import Clock, to_rfc3339
from agentctl.replay.recorded.answers import Answers
from agentctl.replay.recorded.clock import SetClock
from agentctl.replay.recorded.comparison import Comparer, Parting
from agentctl.replay.recorded.findings import Findings
from agentctl.replay.recorded.sittings import Sitting
from agentctl.replay.recorded.tape import Tape
from agentctl.trace.ports import Journal


class Identity(Struct, frozen=True):
    """What a replay is on disk: a run of its own, which says what it replays."""

    run: str
    of: ReplayOf

    def given_to(self, event: AnyEvent) -> AnyEvent:
        """Return an event as it is written: a run's beginning says that it is a replay."""
        if not isinstance(event, RunStarted):
            return event
        update = {"run": self.run, "kind": "replay", "replay": self.of}
        return event.model_copy(update={"envelope": event.envelope.model_copy(update=update)})


class OneAfterTheOther(Journal, Protocol):
    """The writer's end of a journal that several writers in this process have, one after the other."""

    def next_writer(self) -> "OneAfterTheOther":
        """Give up being the writer to another one."""
        ...


class NewJournals(Protocol):
    """Where such journals begin."""

    def create(self, run: str) -> OneAfterTheOther:
        """Begin a new run's journal and become its writer."""
        ...


class OwnJournal:
    """The journal that a replay writes, made with its first record. Each sitting of the run has an epoch of its own there too.

    It is synced where the replay says so: nothing that a tape answers has to be durable before it is acted on.
    """

    def __init__(self, journals: NewJournals, clock: SetClock, identity: Identity) -> None:
        """Say which it will be.

        Args:
            journals: where it lies; they take the time from the clock.
            clock: is set to the time of each record.
            identity: what it says of itself.
        """
        self.identity = identity
        self._journals = journals
        self._clock = clock
        self._journal: OneAfterTheOther | None = None
        self._epoch = 0

    def append(self, record: Record, sealed: Mapping[str, str]) -> None:
        """Append the event of a record; where another writer recorded it, so does another writer here."""
        self._clock.set(record)
        self._written_by(record.epoch).append((self.identity.given_to(record.event),), sealed)
        self._epoch = record.epoch

    async def end(self, judged: ReplayJudged) -> None:
        """Say how it ended, durably; nothing follows."""
        self._written_by(self._epoch).append((judged,))
        await self.sync()
        self.close()

    async def sync(self) -> None:
        """Return when everything is durable."""
        if self._journal is not None:
            await self._journal.sync()

    def close(self) -> None:
        """Give it back."""
        if self._journal is not None:
            self._journal.close()

    def _written_by(self, epoch: int) -> OneAfterTheOther:
        """Return the journal of the run's writer of an epoch: the same as before, or the next one."""
        if self._journal is None:
            self._journal = self._journals.create(self.identity.run)
        elif epoch > self._epoch and self._journal.epoch < epoch:
            self._journal = self._journal.next_writer()
        return self._journal


@dataclass
class TapedJournal(Journal):
    """Takes what a session records to its place on the tape.

    Where it is the same, the session goes on with the record of the tape itself: what clocks said then stays what it was,
    and so does everything that follows from it.
    """

    tape: Tape
    sitting: Sitting
    answers: Answers
    clock: Clock
    comparer: Comparer
    findings: Findings
    own: OwnJournal
    is_durable: bool = False

    @property
    @override
    def run(self) -> str:
        """The id of the run that is replayed."""
        return self.tape.run

    @property
    @override
    def epoch(self) -> int:
        """Which writer of that run this is."""
        return self.sitting.epoch

    @override
    def append(
        self, events: Sequence[AnyEvent], sealed: Mapping[str, str] | None = None
    ) -> tuple[Record, ...]:
        """Record events in one piece.

        Raises:
            SittingOver: the run's process was gone before it came to them.
        """
        records: list[Record] = []
        for event in events:
            self.tape.refuse_when_over(self.sitting)
            records.append(self._placed(event, dict(sealed or {}) if not records else {}))
        return tuple(records)

    @override
    async def sync(self) -> None:
        """Return when everything recorded so far is as durable as it has to be."""
        if self.is_durable:
            await self.own.sync()

    @override
    def close(self) -> None:
        """Give up being this writer; the replay's own journal goes on."""

    def _placed(self, event: AnyEvent, sealed: dict[str, str]) -> Record:
        now, mono_us = to_rfc3339(self.clock.now()), self.clock.monotonic_ns() // 1_000
        index = self.tape.take(event)
        then = None if index is None else self.tape.records[index]
        partings = () if then is None else self.comparer.partings(then, event)
        if then is not None and index is not None and not partings and self.comparer.says_all(event):
            record = (
                then
                if self.tape.is_here(index)
                else replace(then, epoch=self.epoch, time=now, mono_us=mono_us)
            )
        else:
            record = self._new(event, sealed, now, mono_us)
        self._note(record, then, index, partings)
        return record

    def _new(self, event: AnyEvent, sealed: dict[str, str], now: str, mono_us: int) -> Record:
        """Return a record of an event that is not on the tape."""
        last = self.findings.records[-1] if self.findings.records else None
        return Record(
            run=self.run,
            seq=len(self.findings.records),
            epoch=self.epoch,
            time=now if last is None else max(now, last.time),
            mono_us=mono_us,
            event=event,
            sealed=sealed,
            prev="",
            hash="",
        )

    def _note(
        self, record: Record, then: Record | None, index: int | None, partings: tuple[Parting, ...]
    ) -> None:
        if then is None or index is None:
            self.findings.added(record.event, self.tape.position)
        else:
            self.findings.parted(then, index, record.event, partings)
        self.answers.note(record.event, index)
        self.findings.records.append(record)
        self.own.append(record, then.sealed if then is not None and not partings else record.sealed)
