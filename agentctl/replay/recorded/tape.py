"""The tape: the records of a run, and how far a replay of it has come. Everything a replay is told comes from here.

A replay moves along the tape by what it records itself: each of its events takes the place it has on the tape. Where it
parts from the run, the tape still says what stood in a place of that name; it only stands still where there is none.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from weakref import WeakKeyDictionary

from agentctl.events.base import Event
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import RunStarted
from agentctl.events.tool import ToolIntent, ToolResult, ToolUnknown
from agentctl.foundation.errors import IntegrityError
from agentctl.replay.recorded.places import Place, call_of, is_named, place_of
from agentctl.replay.recorded.sittings import Sitting, sittings_of
from agentctl.runtime.state import RunState, evolve

PATIENCE_SECONDS: Final = 0.25
"""How long something waits for its turn. Only what parts from the tape ever waits so long: nothing else is missing."""


class SittingOver(Exception):
    """Raised where the tape ends in the middle of things: there the writer's process was gone."""


class Tape:
    """The records of one run, with a mark where the replay is."""

    def __init__(self, records: Sequence[Record]) -> None:
        """Put a tape in.

        Raises:
            IntegrityError: it does not begin with the run's beginning, or nobody could have written it so.
        """
        if not records or not isinstance(records[0].event, RunStarted):
            raise IntegrityError("the journal does not hold the run's beginning")
        _refuse_unless_it_folds(records)
        self.records = tuple(records)
        self.started = records[0].event
        self.sittings = sittings_of(self.records)
        self.sitting = self.sittings[0]
        self._places: dict[Place, list[int]] = defaultdict(list)
        for index, record in enumerate(self.records):
            self._places[place_of(record.event)].append(index)
        self._taken: set[int] = set()
        self._mark = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._is_over = False
        self._in_hand: WeakKeyDictionary[asyncio.Task[object], str] = WeakKeyDictionary()

    @property
    def run(self) -> str:
        """The run's id."""
        return self.records[0].run

    @property
    def next_index(self) -> int | None:
        """The place of the next record of this sitting that nothing has taken; None where the sitting is used up."""
        waiting = (index for index in range(self._mark, self.sitting.end) if index not in self._taken)
        return next(waiting, None)

    @property
    def next_record(self) -> Record | None:
        """The next record of this sitting; None where it is used up."""
        index = self.next_index
        return None if index is None else self.records[index]

    @property
    def position(self) -> int:
        """The place of the next record, or the end of the sitting."""
        index = self.next_index
        return self.sitting.end if index is None else index

    @property
    def last_record(self) -> Record:
        """The record before the next one."""
        return self.records[max(0, self.position - 1)]

    @property
    def left(self) -> tuple[int, ...]:
        """The places that nothing has taken."""
        return tuple(index for index in range(len(self.records)) if index not in self._taken)

    def sit_down(self, sitting: Sitting) -> None:
        """Begin with the next writer's part."""
        self.sitting, self._mark, self._is_over = sitting, sitting.start, False

    def refuse_when_over(self, sitting: Sitting) -> None:
        """Let nothing happen in a sitting after the moment at which its writer's process was gone.

        Raises:
            SittingOver: that moment has come.
        """
        if self.sitting is not sitting:
            raise SittingOver
        if self._is_over or (sitting.cut_short and self.next_index is None):
            self._is_over = True
            self._wake()
            raise SittingOver

    def take(self, event: AnyEvent) -> int | None:
        """Return the place of an event on the tape and move on behind it; None where there is none."""
        place, call, task = place_of(event), call_of(event), asyncio.current_task()
        if call is not None and task is not None:
            self._in_hand[task] = call
        free = [index for index in self._places.get(place, ()) if index not in self._taken]
        here = [index for index in free if self.is_here(index)]
        chosen = next(iter(here or (free if is_named(place) else [])), None)
        if chosen is not None:
            self._taken.add(chosen)
            if self.is_here(chosen):
                self._mark = max(self._mark, chosen + 1)
            self._wake()
        return chosen

    @property
    def call_in_hand(self) -> str | None:
        """The tool call of which something was recorded last by whoever asks: calls of one step run together."""
        task = asyncio.current_task()
        return None if task is None else self._in_hand.get(task)

    def next_of_call(self, call: str, kind: type[Event] = Event) -> int | None:
        """Return the place of the next record of this sitting about a call; None where there is none."""
        here = range(self.sitting.start, self.sitting.end)
        untaken = ((index, self.records[index].event) for index in here if index not in self._taken)
        return next(
            (index for index, event in untaken if isinstance(event, kind) and call_of(event) == call), None
        )

    def is_here(self, index: int) -> bool:
        """Return whether a place belongs to this sitting."""
        return self.sitting.start <= index < self.sitting.end

    async def turn_of(self, index: int) -> None:
        """Wait until everything that stands before a place of this sitting has happened."""
        await self._until(lambda: not self.is_here(index) or self._mark > index or self.next_index == index)

    async def pause(self, seconds: float) -> None:
        """Wait, in place of so many seconds, until it is the turn of what follows in the call in hand.

        Raises:
            SittingOver: nothing does: the process was gone while it waited.
        """
        del seconds
        call = self.call_in_hand
        index = None if call is None else self.next_of_call(call)
        if index is not None:
            await self.turn_of(index)
        elif call is not None and self.sitting.cut_short:
            await self.end()

    async def end(self) -> None:
        """Wait for the end of a sitting that was cut short.

        Raises:
            SittingOver: always.
        """
        await self._until(lambda: self.next_index is None)
        self._is_over = True
        self._wake()
        raise SittingOver

    def end_of(self, index: int) -> int | None:
        """Return the place of what became of a model call or of an attempt; None where the tape does not say."""
        match self.records[index].event:
            case ModelAsked(step=step, attempt=attempt, review=review):
                return self._first_after(
                    index, lambda event: _ends_model_call(event, (step, attempt, review))
                )
            case ToolIntent(call=call, attempt=attempt, purpose=purpose):
                return self._first_after(index, lambda event: _ends_attempt(event, (call, attempt, purpose)))
            case _:
                return None

    def _first_after(self, index: int, fits: Callable[[AnyEvent], bool]) -> int | None:
        later = range(index + 1, len(self.records))
        return next((place for place in later if fits(self.records[place].event)), None)

    async def _until(self, reached: Callable[[], bool]) -> None:
        """Wait until something is so, not longer than anything can be missing for; what waits in a lost sitting ends."""
        sitting = self.sitting
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not self._is_lost(sitting) and not reached():
                    waiting = asyncio.get_running_loop().create_future()
                    self._waiting.append(waiting)
                    await waiting
        if self._is_lost(sitting):
            raise SittingOver

    def _is_lost(self, sitting: Sitting) -> bool:
        return self._is_over or self.sitting is not sitting

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)


def _refuse_unless_it_folds(records: Sequence[Record]) -> None:
    """Refuse a journal that speaks of calls or requests it does not have: its chain may hold, and it is none of ours."""
    state = RunState()
    for record in records:
        try:
            state = evolve(state, record)
        except LookupError as error:
            raise IntegrityError(f"record {record.seq} speaks of what the journal does not have") from error


def _ends_model_call(event: AnyEvent, wanted: tuple[int, int, str | None]) -> bool:
    return (
        isinstance(event, ModelAnswered | ModelFailed) and (event.step, event.attempt, event.review) == wanted
    )


def _ends_attempt(event: AnyEvent, wanted: tuple[str, int, str]) -> bool:
    return (
        isinstance(event, ToolResult | ToolUnknown) and (event.call, event.attempt, event.purpose) == wanted
    )
