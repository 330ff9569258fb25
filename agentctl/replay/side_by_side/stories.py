"""A run told in order: its life, and in each step the model and every call, with the events of each. Pure.

Names are relative: a call is `2/0`, whatever run it belongs to, so that two runs can be laid side by side.
"""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from agentctl.events.approval import ApprovalRequested
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed, ModelRefused, RouteChosen
from agentctl.events.record import AnyEvent, Record
from agentctl.events.replay import ReplayJudged
from agentctl.events.run import RunStarted
from agentctl.events.tool import ToolProposed
from agentctl.foundation.canonical import JsonObject, JsonValue

_MODEL = (RouteChosen, ModelAsked, ModelAnswered, ModelFailed, ModelRefused)
_OTHER_STEPS = frozenset({"approval.escalated"})  # their `step` counts something else


class Told(Struct, frozen=True):
    """An event in its place: the step the run was in, and its number in the journal."""

    step: int
    seq: int
    event: AnyEvent


class CallStory(Struct, frozen=True):
    """One tool call: all that was said of it, in order; reviewers' look-ups and second models included."""

    name: str
    told: tuple[Told, ...]

    @property
    def proposal(self) -> ToolProposed | None:
        """What was asked for; None where the journal does not hold it."""
        return next((one.event for one in self.told if isinstance(one.event, ToolProposed)), None)


class StepStory(Struct, frozen=True):
    """One step: the model, and the calls it asked for."""

    step: int
    model: tuple[Told, ...]
    calls: tuple[CallStory, ...]


class RunStory(Struct, frozen=True):
    """A run. `life` is what happened to the run itself; `names` are the ids by which its events call it."""

    names: frozenset[str]
    life: tuple[Told, ...]
    steps: tuple[StepStory, ...]
    reviews: Mapping[str, str] = field(default_factory=dict)
    """Look-ups of reviewers: the name in the journal, which counts over the run, and the one within their call."""


class Renaming:
    """How names of a run are written so that they can be compared with those of another.

    Args:
        story: the run.
        calls: what its calls are called instead.
        steps: what its steps are numbered instead.
    """

    def __init__(
        self, story: RunStory, calls: Mapping[str, str] | None = None, steps: Mapping[int, int] | None = None
    ) -> None:
        self._calls, self._steps, self._reviews = calls or {}, steps or {}, story.reviews
        self._found = re.compile(rf"(?:{_any_of(story.names)})(?:([/-])(?:(\d+)\1(\d+)|(review/\d+)))?")

    def form(self, event: AnyEvent) -> JsonObject:
        """Return an event as JSON under these names."""
        dumped: JsonObject = event.model_dump(mode="json")
        steps = {} if event.type in _OTHER_STEPS else self._steps
        return self._of_mapping(dumped, steps)

    def _of_mapping(self, mapping: JsonObject, steps: Mapping[int, int]) -> JsonObject:
        return {
            self._of_text(key): steps.get(item, item)
            if key == "step" and isinstance(item, int)
            else self._of(item, steps)
            for key, item in mapping.items()
        }

    def _of(self, value: JsonValue, steps: Mapping[int, int]) -> JsonValue:
        match value:
            case str():
                return self._of_text(value)
            case Mapping():
                return self._of_mapping(value, steps)
            case list() | tuple():
                return [self._of(item, steps) for item in value]
            case _:
                return value

    def _of_text(self, text: str) -> str:
        return self._found.sub(self._named, text)

    def _named(self, found: re.Match[str]) -> str:
        if found[1] is None:
            return "RUN"
        if found[4] is not None:
            call, _, number = self._reviews.get(found[4], found[4]).rpartition("review/")
            name = call.removesuffix("/")
            return f"{self._calls[name]}/review/{number}" if name in self._calls else f"{call}review/{number}"
        name = f"{found[2]}/{found[3]}"
        return self._calls.get(name, name).replace("/", found[1])


def story_of(records: Sequence[Record]) -> RunStory:
    """Return the story of a run's records, of all of them or of a beginning."""
    teller = _Teller(_names_of(records))
    for record in records:
        teller.tell(record)
    return teller.story()


def _names_of(records: Sequence[Record]) -> frozenset[str]:
    """Return the ids that stand for the run: in a replay, the calls are named after the run that is replayed."""
    names = {record.run for record in records[:1]}
    for record in records[:1]:
        if isinstance(record.event, RunStarted):
            replayed = record.event.envelope.replay
            names |= {record.event.envelope.run} | ({replayed.run} if replayed else set())
    return frozenset(names)


class _Teller:
    """Puts each event where it belongs."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._call = re.compile(
            rf"(?:{'|'.join(sorted(names)) or '(?!)'})[/-](?:(\d+)[/-](\d+)|(review/\d+))"
        )
        self._step = 0
        self._asked_about = ""  # the call whose reviewers look things up now
        self._life: list[Told] = []
        self._models: dict[int, list[Told]] = {}
        self._calls: dict[str, list[Told]] = {}
        self._reviews: dict[str, str] = {}

    def tell(self, record: Record) -> None:
        """Put one event where it belongs."""
        event = record.event
        if isinstance(event, ReplayJudged):  # what somebody thinks of the run is no part of it
            return
        step = getattr(event, "step", None)
        if isinstance(event, _MODEL) and getattr(event, "review", None) is None:
            self._step = int(step or 0)
            self._models.setdefault(self._step, []).append(Told(self._step, record.seq, event))
            return
        call = self._call_of(event)
        if call is None:
            self._life.append(Told(self._step, record.seq, event))
            return
        if isinstance(event, ApprovalRequested):
            self._asked_about = call
        self._calls.setdefault(call, []).append(Told(int(call.partition("/")[0]), record.seq, event))

    def _call_of(self, event: AnyEvent) -> str | None:
        """Return the call that an event is about; a look-up is about the call that is under review."""
        binding = event.binding.call if isinstance(event, ApprovalRequested) else None
        parts = (binding, *(getattr(event, name, None) for name in ("call", "approval", "review")))
        named = next((part for part in parts if isinstance(part, str)), "")
        found = self._call.match(named)
        if found is None:
            return None
        if found[3] is None:
            return f"{found[1]}/{found[2]}"
        about = self._asked_about
        earlier = [name for name, within in self._reviews.items() if within.startswith(f"{about}/")]
        self._reviews.setdefault(found[3], f"{about}/review/{len(earlier)}")
        return about or None

    def story(self) -> RunStory:
        """Return all that was told."""
        numbers = sorted({*self._models, *(int(call.partition("/")[0]) for call in self._calls)})
        steps = (self._step_story(number) for number in numbers)
        return RunStory(self._names, tuple(self._life), tuple(steps), dict(self._reviews))

    def _step_story(self, number: int) -> StepStory:
        named = [name for name in self._calls if int(name.partition("/")[0]) == number]
        ordered = sorted(named, key=lambda name: int(name.partition("/")[2]))
        calls = tuple(CallStory(name, tuple(self._calls[name])) for name in ordered)
        return StepStory(number, tuple(self._models.get(number, ())), calls)


def _any_of(names: frozenset[str]) -> str:
    """Return a pattern for any of these names; for none, one that fits nothing."""
    return "|".join(sorted(names)) or "(?!)"
