"""Two runs as rows for a reader: a word for what is compared, and what each run says there. Pure.

Every event is told in a few facets. What is told elsewhere (a call's arguments stand in its proposal, and again in its attempt)
is told once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from agentctl.events.replay import Difference
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.pointer import joined
from agentctl.replay.side_by_side.alignment import AlignedStep, Alignment, Named
from agentctl.replay.side_by_side.json_differences import said
from agentctl.replay.side_by_side.pairing import Pair
from agentctl.replay.side_by_side.stories import CallStory, StepStory

Facets: TypeAlias = dict[str, str]
"""What an event says, by a word for it, in the order in which it is told."""

Kind: TypeAlias = Literal["head", "said", "detail", "figure"]
"""`head`: what the rows below are about; `said`: what a run says; `detail`: what is worth telling only where the other run says
something else of the same; `figure`: a time, which differs between any two runs."""


class Row(Struct, frozen=True):
    """One thing that is compared; None where a run has no such thing."""

    label: str
    before: str | None
    after: str | None
    kind: Kind = "said"
    depth: int = 1

    @property
    def differs(self) -> bool:
        """Whether the runs differ here."""
        return self.kind != "figure" and self.before != self.after

    @property
    def is_fact(self) -> bool:
        """Whether it is a fact that authorities were shown; often it is an argument under another name."""
        return self.label.startswith("fact ")

    @property
    def is_telling(self) -> bool:
        """Whether the runs differ here, and not only because one of them has the whole of which this is a detail."""
        return self.differs and not (self.kind == "detail" and None in {self.before, self.after})


class StepRows(Struct, frozen=True):
    """The rows of one step, or of what happened to the runs themselves."""

    head: Row
    rows: tuple[Row, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs differ in it."""
        return any(row.differs for row in self.rows) or None in {self.head.before, self.head.after}


def story_rows(alignment: Alignment) -> tuple[StepRows, ...]:
    """Return two runs as rows: how they began, step by step, what else happened to them and how they ended."""
    life = alignment.events(alignment.before.life, alignment.after.life)
    began = [pair for pair in life if pair.sides[0].kind == "run.started"]
    others = [pair for pair in life if pair.sides[0].kind != "run.started"]
    steps = [_step_rows(alignment, step) for step in alignment.steps]
    return (_of_life("how it began", began), *steps, _of_life("what else happened to it", others))


def _of_life(head: str, pairs: Sequence[Pair[Named]]) -> StepRows:
    return StepRows(Row("the run", head, head, "head", 0), tuple(_rows(pairs, 1)))


def _step_rows(alignment: Alignment, step: AlignedStep) -> StepRows:
    one, other = step.steps.before, step.steps.after
    head = Row("the step", _numbered(one), _numbered(other), "head", 0)
    models = alignment.events(one.model if one else (), other.model if other else ())
    calls = (row for call in step.calls for row in _call_rows(alignment, call))
    rows = (*_rows(models, 1), *calls)
    if any(row.differs for row in rows):
        return StepRows(head, rows)
    return StepRows(head, (*rows, *map(_untold, alignment.of_step(step))))


def _numbered(step: StepStory | None) -> str | None:
    return None if step is None else f"step {step.step}"


def _untold(found: Difference) -> Row:
    """Return a difference that no facet tells."""
    return Row(f"{found.event}{found.field}", found.before, found.after)


def _call_rows(alignment: Alignment, call: Pair[CallStory]) -> Iterator[Row]:
    one, other = call.before, call.after
    yield Row("calls", _tool(one), _tool(other), "head", 1)
    yield from _rows(alignment.events(one.told if one else (), other.told if other else ()), 2)


def _tool(call: CallStory | None) -> str | None:
    if call is None:
        return None
    return call.proposal.tool if call.proposal else call.name


def _rows(pairs: Iterable[Pair[Named]], depth: int) -> Iterator[Row]:
    for pair in pairs:
        one, other = (None if side is None else facets(side) for side in (pair.before, pair.after))
        for label in dict.fromkeys((*(one or ()), *(other or ()))):
            texts = [None if side is None else side.get(label) for side in (one, other)]
            yield Row(label, texts[0], texts[1], _kind(label), depth)


def _kind(label: str) -> Kind:
    if label == "took":
        return "figure"
    is_detail = label in _DETAILS or label.startswith(
        ("fact ", "no fact ", "contract:", "cedar:", "rego:", "platform:")
    )
    return "detail" if is_detail else "said"


_DETAILS = frozenset(
    {"route", "chosen because", "attempt", "at most", "stops", "effect", "credential", "acts", "risk", "tool"}
)


def facets(named: Named) -> Facets:
    """Return what an event says, for a reader."""
    tell = _BY_KIND.get(named.kind)
    found = dict(tell(named.form)) if tell else dict(_leaves(named.form, f"{named.kind} "))
    latency = getattr(named.told.event, "latency_ms", None)
    return found if latency is None else {**found, "took": f"{latency:.0f} ms"}


Telling: TypeAlias = Iterator[tuple[str, str]]


def _started(form: JsonObject) -> Telling:
    yield "asked", _text(form, "input")
    envelope = _mapping(form, "envelope")
    yield "version", said(envelope.get("version_tag") or envelope.get("version"))
    yield "for", f"{_text(_mapping(envelope, 'principal'), 'id')}"
    yield from _leaves({key: envelope[key] for key in envelope if key not in _TOLD}, "")


_TOLD = frozenset({"version", "version_tag", "principal"})


def _route(form: JsonObject) -> Telling:
    yield "route", f"{_text(form, 'alias')} to {_text(form, 'chosen')}"
    yield "chosen because", _text(form, "why")


def _asked(form: JsonObject) -> Telling:
    yield "model", f"{_text(form, 'deployment')} ({_text(form, 'model')})"
    yield "attempt", _text(form, "attempt")
    yield "at most", f"{_text(form, 'max_output_tokens')} tokens out"


def _answered(form: JsonObject) -> Telling:
    yield "says", _text(form, "text")
    yield "stops", _text(form, "finish_reason")
    yield from _used(form)


def _failed(form: JsonObject) -> Telling:
    yield "fails", f"{_text(form, 'failure')}: {_text(form, 'message')}"
    yield from _used(form)


def _used(form: JsonObject) -> Telling:
    used = _mapping(form, "settlement")
    yield "tokens", f"{_text(used, 'input_tokens')} in, {_text(used, 'output_tokens')} out"
    yield "cost", f"{_text(used, 'cost_usd')} USD"


def _proposed(form: JsonObject) -> Telling:
    yield "tool", _text(form, "tool")
    yield from _argument_leaves(form)


def _argument_leaves(form: JsonObject) -> Telling:
    arguments = form.get("arguments")
    if isinstance(arguments, Mapping):
        yield from _leaves(arguments, "")
    else:
        yield "arguments", said(arguments)


def _decided(form: JsonObject) -> Telling:
    yield "decision", _text(form, "decision")
    for answer in _mappings(form, "answers"):
        reasons = "; ".join((*_texts(answer, "reasons"), *_texts(answer, "errors")))
        yield _text(answer, "policy"), f"{_text(answer, 'decision')}{f': {reasons}' if reasons else ''}"
    yield from ((f"fact {name}", said(value)) for name, value in _mapping(form, "facts").items())
    yield from ((f"no fact {name}", said(value)) for name, value in _mapping(form, "facts_missing").items())


def _refused(form: JsonObject) -> Telling:
    yield "refused at", _text(form, "stage")
    yield "because", "; ".join(_texts(form, "reasons"))


def _amended(form: JsonObject) -> Telling:
    yield "amended by", ", ".join(_texts(form, "by"))
    yield from _argument_leaves(form)


def _intended(form: JsonObject) -> Telling:
    credential = _mapping(form, "credential")
    words = (_text(credential, key) for key in ("kind", "audience", "scope"))
    yield "attempt", _text(form, "attempt")
    yield "acts", f"{_text(form, 'actor')} for {_text(_mapping(form, 'principal'), 'id')}"
    yield "effect", f"{_text(form, 'effect')}, {_text(form, 'retry')}"
    yield "credential", " ".join(filter(None, words))
    yield from _leaves(_mapping(form, "grant"), "grant ")


def _resulted(form: JsonObject) -> Telling:
    status = _text(form, "status")
    yield "result", _text(form, "outcome") + (f" ({status})" if status not in {"", "0"} else "")
    value = form.get("value")
    yield from [("result text", value)] if isinstance(value, str) else _leaves(value, "result ")


def _requested(form: JsonObject) -> Telling:
    yield "who approves", f"{_text(form, 'quorum')} of {', '.join(_texts(form, 'reviewers'))}"
    yield "asked because", "; ".join(_texts(form, "reasons"))
    yield "risk", _text(form, "risk_tier")


def _approval(form: JsonObject) -> Telling:
    reviewer = _mapping(form, "reviewer")
    sure = f"{_text(reviewer, 'kind')}, {_text(reviewer, 'assurance')}"
    reason = _text(form, "reason")
    yield (
        "answer",
        f"{_text(form, 'answer')} by {_text(reviewer, 'id')} ({sure}){f': {reason}' if reason else ''}",
    )
    yield from _leaves(form.get("changes") or {}, "changed ")


def _finished(form: JsonObject) -> Telling:
    yield "ends", _text(form, "status")
    yield "answer", _text(form, "answer")


def _suspended(form: JsonObject) -> Telling:
    yield "suspended", f"{_text(form, 'reason')}: {_text(form, 'detail')}"


def _resumed(form: JsonObject) -> Telling:
    yield "resumed by", _text(_mapping(form, "by"), "id")


def _stopped(form: JsonObject) -> Telling:
    words = f"{_text(form, 'used')} used, {_text(form, 'asked')} more asked"
    yield "stopped at", f"{_text(form, 'limit')} {_text(form, 'meter')}: {words}"


_BY_KIND: Mapping[str, Callable[[JsonObject], Telling]] = {
    "approval.answered": _approval,
    "approval.requested": _requested,
    "budget.stopped": _stopped,
    "decision.made": _decided,
    "model.answered": _answered,
    "model.asked": _asked,
    "model.failed": _failed,
    "route.chosen": _route,
    "run.finished": _finished,
    "run.resumed": _resumed,
    "run.started": _started,
    "run.suspended": _suspended,
    "tool.amended": _amended,
    "tool.intent": _intended,
    "tool.proposed": _proposed,
    "tool.refused": _refused,
    "tool.result": _resulted,
}


def _leaves(value: JsonValue, label: str, pointer: str = "") -> Telling:
    """Yield every leaf of a value, named by what leads to it."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, label, joined(pointer, key))
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, label, joined(pointer, str(index)))
    elif value not in (None, {}, [], ()):
        yield f"{label}{pointer.removeprefix('/')}".strip() or "value", said(value)


def _mapping(form: JsonObject, key: str) -> JsonObject:
    found = form.get(key)
    return found if isinstance(found, Mapping) else {}


def _items(form: JsonObject, key: str) -> list[JsonValue]:
    found = form.get(key)
    return list(found) if isinstance(found, list | tuple) else []


def _mappings(form: JsonObject, key: str) -> Iterator[JsonObject]:
    return (item for item in _items(form, key) if isinstance(item, Mapping))


def _texts(form: JsonObject, key: str) -> tuple[str, ...]:
    return tuple(said(item) for item in _items(form, key))


def _text(form: JsonObject, key: str) -> str:
    found = form.get(key)
    return "" if found is None else said(found)
