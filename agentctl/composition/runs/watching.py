"""A run that is watched while it goes: what is durable is told at once, also in the middle of a call."""

from collections.abc import Mapping, Sequence

from agentctl.events.record import AnyEvent, Record
from agentctl.runtime.live_world import Observer
from agentctl.trace.ports import Journal


class WatchedJournal:
    """A journal that tells somebody of its records as soon as they are durable, each once and in order."""

    def __init__(self, journal: Journal, watch: Observer) -> None:
        self._journal = journal
        self._watch = watch
        self._untold: list[Record] = []

    @property
    def run(self) -> str:
        """The run's id."""
        return self._journal.run

    @property
    def epoch(self) -> int:
        """Counts the writers of this run, from 1."""
        return self._journal.epoch

    def append(
        self, events: Sequence[AnyEvent], sealed: Mapping[str, str] | None = None
    ) -> tuple[Record, ...]:
        """Write events in one piece, not yet durable."""
        records = self._journal.append(events, sealed)
        self._untold.extend(records)
        return records

    async def sync(self) -> None:
        """Return when everything appended before this call is durable, and told."""
        last = self._untold[-1].seq if self._untold else -1
        await self._journal.sync()
        durable = [record for record in self._untold if record.seq <= last]
        if durable:
            self._untold = [record for record in self._untold if record.seq > last]
            self._watch(durable)

    def close(self) -> None:
        """Give up being the writer."""
        self._journal.close()


def watched(journal: Journal, watch: Observer | None) -> Journal:
    """Return a journal of which somebody is told, where anybody wants to be."""
    return journal if watch is None else WatchedJournal(journal, watch)
