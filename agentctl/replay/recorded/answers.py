"""What the tape answers to a request: what became of the same request, or of the one in its place, or nothing.

A request is the same by its canonical hash, and of several that are the same the first answers the first. Where only the
place is the same, the answer is taken all the same and counted as drift, unless it is a call that changes something: what
became of one change says nothing of another.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed
from agentctl.events.tool import ToolIntent, ToolResult, ToolUnknown
from agentctl.replay.recorded.tape import Tape

Tier: TypeAlias = Literal["exact", "drift", "miss"]


@dataclass
class Count:
    """How often the tape answered, and how."""

    exact: int = 0
    drift: int = 0
    missed: int = 0

    def add(self, tier: Tier) -> None:
        """Count one answer."""
        match tier:
            case "exact":
                self.exact += 1
            case "drift":
                self.drift += 1
            case "miss":
                self.missed += 1


class Answers:
    """Gives each answer of a tape once; waits until it is its turn."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._given: set[int] = set()
        self._asked: tuple[ModelAsked, int | None] | None = None
        self._intents: dict[str, tuple[ToolIntent, int | None]] = {}
        self.count = Count()

    def note(self, event: object, index: int | None) -> None:
        """Remember what is asked of the world next, and its place on the tape."""
        if isinstance(event, ModelAsked):
            self._asked = (event, index)
        if isinstance(event, ToolIntent):
            self._intents[event.idempotency_key] = (event, index)

    async def of_model(self) -> ModelAnswered | ModelFailed | None:
        """Return what became of the model call that is under way; None where the tape holds no answer to it.

        Raises:
            SittingOver: the writer's process was gone before there was one.
        """
        if self._asked is None:
            return None
        asked, index = self._asked
        await self._end_where_it_died(index)
        event = await self._given_once(self._model_ends(asked, index))
        return event if isinstance(event, ModelAnswered | ModelFailed) else None

    async def of_attempt(self, idempotency_key: str) -> ToolResult | ToolUnknown | None:
        """Return what became of the attempt that is under way; None where the tape holds no answer to it.

        Raises:
            SittingOver: the writer's process was gone before there was one.
        """
        if idempotency_key not in self._intents:
            return None
        intent, index = self._intents[idempotency_key]
        await self._end_where_it_died(index)
        event = await self._given_once(self._attempt_ends(intent, index))
        return event if isinstance(event, ToolResult | ToolUnknown) else None

    def _model_ends(self, asked: ModelAsked, index: int | None) -> Iterator[tuple[Tier, int]]:
        """Yield the ends of this very request, of others that are the same, and of those of its step."""
        for tier, fits in _LIKE_A_MODEL_CALL:
            ends = self._ends_of(self._places(ModelAsked, first=index), partial(fits, asked))
            yield from ((tier, end) for end in ends)

    def _attempt_ends(self, intent: ToolIntent, index: int | None) -> Iterator[tuple[Tier, int]]:
        """Yield the ends of this very attempt, of others that are the same, and of a read in its place."""
        same = self._ends_of(self._places(ToolIntent, first=index), partial(_same_call, intent))
        yield from (("exact", end) for end in same)
        own = () if index is None else (index,)
        yield from (("drift", end) for end in self._ends_of(own, partial(_only_reads, intent)))

    def _ends_of(self, places: Iterable[int], fits: Callable[[object], bool]) -> Iterator[int]:
        for place in places:
            end = self._tape.end_of(place) if fits(self._tape.records[place].event) else None
            if end is not None:
                yield end

    def _places(self, kind: type[ModelAsked | ToolIntent], first: int | None) -> Iterator[int]:
        """Yield the places of all events of a type; one that is known before all others."""
        if first is not None:
            yield first
        records = enumerate(self._tape.records)
        yield from (index for index, record in records if index != first and isinstance(record.event, kind))

    async def _end_where_it_died(self, index: int | None) -> None:
        """End with the sitting where this is what was under way when the writer's process was gone."""
        here = index is not None and self._tape.sitting.cut_short and self._tape.is_here(index)
        if here and index is not None and self._tape.end_of(index) is None:
            await self._tape.end()

    async def _given_once(self, found: Iterable[tuple[Tier, int]]) -> object:
        for tier, end in found:
            if end not in self._given:
                self._given.add(end)
                self.count.add(tier)
                await self._tape.turn_of(end)
                return self._tape.records[end].event
        self.count.add("miss")
        return None


def _same_request(asked: ModelAsked, known: object) -> bool:
    if not isinstance(known, ModelAsked):
        return False
    same_word = known.request_digest == asked.request_digest and known.deployment == asked.deployment
    return same_word and (known.review is None) == (asked.review is None)


def _same_step(asked: ModelAsked, known: object) -> bool:
    return isinstance(known, ModelAsked) and (known.step, known.review) == (asked.step, asked.review)


def _same_call(intent: ToolIntent, known: object) -> bool:
    if not isinstance(known, ToolIntent):
        return False
    same_words = (known.tool, known.arguments_digest) == (intent.tool, intent.arguments_digest)
    return same_words and known.purpose == intent.purpose


def _only_reads(intent: ToolIntent, known: object) -> bool:
    same_tool = isinstance(known, ToolIntent) and known.tool == intent.tool
    return same_tool and isinstance(known, ToolIntent) and known.effect == intent.effect == "read"


_LIKE_A_MODEL_CALL: tuple[tuple[Tier, Callable[[ModelAsked, object], bool]], ...] = (
    ("exact", _same_request),
    ("drift", _same_step),
)
