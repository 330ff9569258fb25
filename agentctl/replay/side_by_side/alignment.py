"""Two runs side by side: which steps, calls and events belong together, and in what they differ. Pure.

Steps belong together by what was done in them, not by their number: one that was put in or left out shifts nothing.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from agentctl.events.model import ModelAnswered
from agentctl.events.record import Record
from agentctl.events.replay import Difference
from agentctl.foundation.canonical import JsonObject, canonical_bytes
from agentctl.replay.side_by_side.json_differences import json_differences, said
from agentctl.replay.side_by_side.pairing import Pair, paired
from agentctl.replay.side_by_side.stories import CallStory, Renaming, RunStory, StepStory, Told, story_of
from agentctl.replay.side_by_side.volatile import without_volatile

_SAME, _SAME_TOOLS, _SAME_TOOL, _SAME_KIND = 8, 5, 2, 1


class AlignedStep(Struct, frozen=True):
    """Two steps that belong together, or one that the other run does not have; and its calls."""

    steps: Pair[StepStory]
    calls: tuple[Pair[CallStory], ...]


class Named(Struct, frozen=True):
    """An event, and what it says under names by which two runs can be compared."""

    told: Told
    form: JsonObject

    @property
    def kind(self) -> str:
        """The event's type."""
        return self.told.event.type

    @property
    def text(self) -> str:
        """Everything that it says."""
        return f"{self.kind} {canonical_bytes(self.form).decode()}"


class Alignment(Struct, frozen=True):
    """Two runs side by side. `naming` writes the names of each so that they can be compared."""

    before: RunStory
    after: RunStory
    steps: tuple[AlignedStep, ...]
    naming: tuple[Renaming, Renaming]

    def differences(self) -> tuple[Difference, ...]:
        """Return everywhere they differ: first in what happened to the runs themselves, then step by step."""
        return (*self.of_life(), *(found for step in self.steps for found in self.of_step(step)))

    def of_life(self) -> tuple[Difference, ...]:
        """Return where they differ in what happened to the runs themselves."""
        pairs = self.events(self.before.life, self.after.life)
        return tuple(found for pair in pairs for found in _between(pair, None))

    def of_step(self, step: AlignedStep) -> tuple[Difference, ...]:
        """Return where two steps differ: in what the model was asked and said, then in every call."""
        return (*self.of_model(step), *(found for call in step.calls for found in self.of_call(call)))

    def of_model(self, step: AlignedStep) -> tuple[Difference, ...]:
        """Return where the model calls of two steps differ; a step that only one run has is one difference."""
        one, other = step.steps.before, step.steps.after
        pairs = self.events(one.model if one else (), other.model if other else ())
        found = tuple(found for pair in pairs for found in _between(pair, None))
        return found if one and other else found[:1]

    def of_call(self, call: Pair[CallStory]) -> tuple[Difference, ...]:
        """Return where two calls differ; a call that only one run made is one difference."""
        one, other = call.before, call.after
        pairs = self.events(one.told if one else (), other.told if other else ())
        found = tuple(found for pair in pairs for found in _between(pair, call.sides[0].name))
        return found if one and other else found[:1]

    def events(self, before: Sequence[Told], after: Sequence[Told]) -> tuple[Pair[Named], ...]:
        """Return events side by side, each with one of its type."""
        one = [_named(told, self.naming[0]) for told in before]
        other = [_named(told, self.naming[1]) for told in after]
        texts = {id(event): event.text for event in (*one, *other)}

        def likeness(this: Named, that: Named) -> int:
            if this.kind != that.kind:
                return 0
            return _SAME if texts[id(this)] == texts[id(that)] else _SAME_TOOLS

        return paired(one, other, likeness, lambda event: texts[id(event)])


def aligned(before: Sequence[Record], after: Sequence[Record]) -> Alignment:
    """Return two runs side by side; either may be whole, or a beginning of one."""
    one, other = story_of(before), story_of(after)
    steps = _steps(one, other)
    numbers = {
        pair.after.step: pair.before.step
        for pair in (step.steps for step in steps)
        if pair.before and pair.after
    }
    calls = {
        pair.after.name: pair.before.name
        for step in steps
        for pair in step.calls
        if pair.before and pair.after
    }
    return Alignment(one, other, steps, (Renaming(one), Renaming(other, calls, numbers)))


def differences(before: Sequence[Record], after: Sequence[Record]) -> tuple[Difference, ...]:
    """Return everywhere two runs differ, but for what differs between any two runs."""
    return aligned(before, after).differences()


def _named(told: Told, naming: Renaming) -> Named:
    return Named(told, without_volatile(told.event.type, naming.form(told.event)))


def _between(pair: Pair[Named], call: str | None) -> Iterator[Difference]:
    one, other = pair.before, pair.after
    some = pair.sides[0]
    if one is None or other is None:
        texts = [said(side.form) if side else "" for side in (one, other)]
        yield Difference(
            step=some.told.step, call=call, event=some.kind, field="", before=texts[0], after=texts[1]
        )
        return
    for found in json_differences(one.form, other.form):
        yield Difference(
            step=some.told.step,
            call=call,
            event=some.kind,
            field=found.pointer,
            before=said(found.before),
            after=said(found.after),
        )


class _Doing(Struct, frozen=True):
    """What was done in a step, as far as it tells which step of another run it is like."""

    story: StepStory
    calls: tuple[tuple[str, str], ...]
    answer: str

    @property
    def text(self) -> str:
        return f"{self.calls} {self.answer}"


def _steps(before: RunStory, after: RunStory) -> tuple[AlignedStep, ...]:
    one, other = ([_doing(step) for step in story.steps] for story in (before, after))
    pairs = paired(one, other, _likeness, lambda doing: doing.text)
    return tuple(_aligned_step(Pair(_story(pair.before), _story(pair.after))) for pair in pairs)


def _story(doing: _Doing | None) -> StepStory | None:
    return None if doing is None else doing.story


def _aligned_step(steps: Pair[StepStory]) -> AlignedStep:
    one = steps.before.calls if steps.before else ()
    other = steps.after.calls if steps.after else ()
    return AlignedStep(steps, paired(one, other, _likeness_of_calls, lambda call: f"{_wish(call)}"))


def _doing(step: StepStory) -> _Doing:
    texts = [told.event.text for told in step.model if isinstance(told.event, ModelAnswered)]
    return _Doing(step, tuple(_wish(call) for call in step.calls), "\n".join(texts))


def _wish(call: CallStory) -> tuple[str, str]:
    """Return what a call asked for: the tool, and the arguments."""
    proposal = call.proposal
    return (proposal.tool, canonical_bytes(proposal.arguments).decode()) if proposal else ("", "")


def _likeness(one: _Doing, other: _Doing) -> int:
    """Return how much two steps are alike: the same calls, the same tools, one tool that both called, or as little as an answer each."""
    tools, others = ([tool for tool, _ in doing.calls] for doing in (one, other))
    if bool(tools) != bool(others):
        return 0
    if one.calls == other.calls:
        return _SAME + (one.answer == other.answer)
    if tools == others:
        return _SAME_TOOLS
    return _SAME_TOOL if set(tools) & set(others) else _SAME_KIND


def _likeness_of_calls(one: CallStory, other: CallStory) -> int:
    wish, others = _wish(one), _wish(other)
    if wish == others:
        return _SAME
    return _SAME_TOOLS if wish[0] == others[0] else 0
