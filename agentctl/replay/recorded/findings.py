"""What a replay came upon: every place where it is not the run it replays, in the order in which it came upon them."""

from dataclasses import dataclass, field

from msgspec import Struct

from agentctl.events.record import AnyEvent, Record
from agentctl.events.replay import Difference
from agentctl.foundation.errors import InternalError
from agentctl.replay.recorded.comparison import Parting, whole
from agentctl.replay.recorded.places import short_call_of, step_of


class Finding(Struct, frozen=True):
    """One place where they part.

    `before` and `after` are the events on either side; `index` is the place on the tape, or that before which an event came
    that is not on it; `count` is how many records the replay had by then.
    """

    before: AnyEvent | None
    after: AnyEvent | None
    parting: Parting
    step: int
    index: int
    count: int

    @property
    def order(self) -> tuple[int, bool]:
        """Where it stands among others: what came comes before what did not."""
        return self.index, self.after is None

    @property
    def event(self) -> AnyEvent:
        """The event in which it shows."""
        if self.after is not None:
            return self.after
        if self.before is None:
            raise InternalError("nothing parts from nothing")
        return self.before

    def as_difference(self) -> Difference:
        """Return it as it is recorded."""
        return Difference(
            step=self.step,
            call=short_call_of(self.event),
            event=self.event.type,
            field=self.parting.field,
            before=self.parting.before,
            after=self.parting.after,
        )


@dataclass
class Findings:
    """Everything that was found, and the records of the replay so far, as its session holds them."""

    found: list[Finding] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    step: int = 0

    def parted(self, then: Record, index: int, now: AnyEvent, partings: tuple[Parting, ...]) -> None:
        """Take down that an event is not the one in its place."""
        self._move_to(now)
        for parting in partings:
            self.found.append(Finding(then.event, now, parting, self.step, index, len(self.records)))

    def added(self, now: AnyEvent, index: int) -> None:
        """Take down an event that has no place on the tape."""
        self._move_to(now)
        parting = whole(None, now)
        self.found.append(Finding(None, now, parting, self.step, index, len(self.records)))

    def missing(self, then: Record, index: int) -> None:
        """Take down an event of the tape that did not come."""
        step = step_of(then.event)
        parting = whole(then.event, None)
        self.found.append(
            Finding(then.event, None, parting, self.step if step is None else step, index, len(self.records))
        )

    def in_order(self) -> tuple[Finding, ...]:
        """Return everything that was found, the first of all first."""
        return tuple(sorted(self.found, key=lambda finding: finding.order))

    def _move_to(self, event: AnyEvent) -> None:
        step = step_of(event)
        self.step = self.step if step is None else step
