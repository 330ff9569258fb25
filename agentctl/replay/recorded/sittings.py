"""A run's journal, cut where one writer stopped and another went on: each part is replayed by itself. Pure."""

from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile
from operator import attrgetter

from msgspec import Struct

from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import (
    ClockAnomaly,
    JournalRecovered,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSuspended,
)


class Sitting(Struct, frozen=True):
    """What one writer recorded of a run: the records from `start` up to `end`, without it.

    `given` are the events it began with: what recovery found, and that the run starts or goes on. `driven` says that a loop
    went on with the run; a sweep only records what time did to it. `cut_short` says that the writer was gone before the
    run stopped, or has not stopped yet.
    """

    start: int
    end: int
    epoch: int
    given: tuple[AnyEvent, ...]
    driven: bool
    cut_short: bool


def sittings_of(records: Sequence[Record]) -> tuple[Sitting, ...]:
    """Return the sittings of a run, in order."""
    return tuple(_sittings(records))


def _sittings(records: Sequence[Record]) -> Iterator[Sitting]:
    start = 0
    for epoch, group in groupby(records, key=attrgetter("epoch")):
        events = [record.event for record in group]
        yield _sitting(start, epoch, events)
        start += len(events)


def _sitting(start: int, epoch: int, events: Sequence[AnyEvent]) -> Sitting:
    found = tuple(takewhile(lambda event: isinstance(event, JournalRecovered | ClockAnomaly), events))
    next_one = events[len(found)] if len(events) > len(found) else None
    driven = isinstance(next_one, RunStarted | RunResumed)
    given = (*found, next_one) if driven and next_one is not None else found
    stopped = isinstance(events[-1], RunSuspended | RunFinished)
    return Sitting(start, start + len(events), epoch, given, driven, cut_short=not stopped)
