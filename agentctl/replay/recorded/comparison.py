"""Whether an event of a replay is the one that stands on the tape, and in what it is not. Pure.

What may differ without meaning anything stands here, and nowhere else: what clocks say, what cannot be counted without
values that are gone, and, under another version, its own name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from msgspec import Struct

from agentctl.events.form import JOURNAL_VERSION
from agentctl.events.record import AnyEvent, Record
from agentctl.events.tool import DecisionMade
from agentctl.foundation.canonical import JsonValue, canonical_bytes
from agentctl.foundation.money import parse_decimal
from agentctl.replay.recorded.clock import moment_of
from agentctl.replay.recorded.places import call_of
from agentctl.replay.recorded.tools import Unmeasured

OF_TIME: Final = (
    ("tool.result", "/latency_ms"),
    ("tool.unknown", "/latency_ms"),
    ("model.answered", "/latency_ms"),
    ("model.failed", "/latency_ms"),
    ("decision.made", "/answers/*/latency_us"),
)
"""How long something took: never the same twice."""

OF_BYTES_SENT: Final = (
    ("tool.intent", "/reservation/bytes"),
    ("tool.intent", "/basis/budget_after/bytes"),
)
"""How many bytes a call is sent with: with sealed values among its arguments that cannot be counted again."""

OF_BYTES_MOVED: Final = (("tool.result", "/settlement/bytes"),)
"""How many bytes went to and fro: with sealed values on either way that cannot be counted again."""

OF_VERSION: Final = (
    ("run.started", "/envelope/version*"),
    ("approval.requested", "/view"),
    ("approval.requested", "/binding/view_digest"),
    ("approval.requested", "/binding/version"),
    ("approval.answered", "/binding/view_digest"),
    ("approval.answered", "/binding/version"),
    ("approval.grant", "/version"),
)
"""What names the version, or is a digest of a text that does: under another version, no difference by itself."""

OF_FORM: Final = (
    ("approval.requested", "/view"),
    ("approval.requested", "/binding/view_digest"),
)
"""Texts that an earlier version of the journal wrote in a form of its own: who answered saw them as they are on record."""

ASKED: Final = (
    ("run.started", "*"),
    ("run.resumed", "*"),
    ("route.chosen", "*"),
    ("model.asked", "*"),
    ("decision.made", "/answers/[0-9]"),
    ("decision.made", "/answers/[0-9][0-9]"),
    ("decision.made", "/answers/*/authority"),
    ("decision.made", "/answers/*/digest"),
    ("decision.made", "/answers/*/reasons*"),
    ("decision.made", "/answers/*/policy"),
    ("decision.made", "/inputs_digest"),
    ("tool.intent", "/descriptor_digest"),
    ("tool.intent", "/basis/*"),
    ("tool.intent", "/reservation/*"),
    ("tool.intent", "/retry"),
    ("approval.requested", "/binding/*"),
    ("approval.requested", "/reasons*"),
    ("approval.answered", "/binding/*"),
)
"""What was asked, or asked with: where only this differs, the run went the same way."""

ANEW: Final = (
    ("model.answered", "/response_*"),
    ("model.answered", "/usage_reported"),
    ("model.answered", "/settlement/*"),
    ("model.answered", "/calls/*/provider_id"),
    ("approval.requested", "/view"),
    ("budget.stopped", "/used"),
    ("budget.stopped", "/asked"),
    ("model.refused", "/reasons/*"),
    ("run.suspended", "/detail"),
    ("tool.refused", "/reasons/*"),
)
"""What a model that is asked anew says otherwise each time, though it says the same; and texts that say what it used."""

_CLOSE: Final = timedelta(seconds=1)
_SOME_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LONGEST_TEXT: Final = 400
_BEFORE_THE_DIFFERENCE: Final = 40

Leaf: TypeAlias = tuple[str, JsonValue, JsonValue]
"""A JSON pointer, and what stands there on either side; None also where nothing does."""


class Parting(Struct, frozen=True):
    """One place in which an event is not the one on the tape; `asked` says that nothing came of it by itself."""

    field: str
    before: str
    after: str
    asked: bool


class Comparer(Struct, frozen=True):
    """Compares events with what is in their place on a tape.

    `remade` compares what the authorities were shown for two decisions, and `same_inputs` says what came of that;
    `unmeasured` are the calls whose bytes cannot be counted; `same_version` says that the replay is under the run's own
    version, `is_asked_anew` that a model is asked anew.
    """

    remade: Callable[[DecisionMade, DecisionMade], bool]
    same_inputs: Callable[[str, str], bool]
    unmeasured: Unmeasured
    same_version: bool = True
    is_asked_anew: bool = False

    def partings(self, then: Record, now: AnyEvent) -> tuple[Parting, ...]:
        """Return everything that is not the same, in order."""
        if then.event == now:
            return ()
        if isinstance(then.event, DecisionMade) and isinstance(now, DecisionMade):
            self.remade(then.event, now)
        before, after = then.event.model_dump(mode="json"), now.model_dump(mode="json")
        leaves = _leaves(before, after, "", in_full=then.version == JOURNAL_VERSION)
        return tuple(
            self._parting(now.type, leaf) for leaf in leaves if not self._is_nothing(then, now, leaf)
        )

    def says_all(self, event: AnyEvent) -> bool:
        """Return whether an event that does not part from the tape says just what stands there, its version too."""
        return self.same_version or all(event.type != kind for kind, _ in OF_VERSION)

    def _parting(self, kind: str, leaf: Leaf) -> Parting:
        asked = _among(ASKED, kind, leaf[0]) or (self.is_asked_anew and _among(ANEW, kind, leaf[0]))
        return parting_of(*leaf, asked=asked)

    def _is_nothing(self, then: Record, now: AnyEvent, leaf: Leaf) -> bool:
        pointer, before, after = leaf
        if _among(OF_TIME, now.type, pointer) or _is_of_the_moment(now.type, leaf, then.event):
            return True
        if _among(OF_BYTES_SENT, now.type, pointer) and call_of(now) in self.unmeasured.sent:
            return True
        if _among(OF_BYTES_MOVED, now.type, pointer) and call_of(now) in self.unmeasured.moved:
            return True
        if then.version != JOURNAL_VERSION and _among(OF_FORM, now.type, pointer):
            return True
        if not self.same_version and _among(OF_VERSION, now.type, pointer):
            return True
        if pointer.endswith("inputs_digest"):
            return self._inputs_agree(then, str(before), str(after))
        return False

    def _inputs_agree(self, then: Record, before: str, after: str) -> bool:
        """Return whether what the authorities were shown is the same, or was recorded in a form of which nobody can say."""
        return then.version != JOURNAL_VERSION or self.same_inputs(before, after)


def whole(before: AnyEvent | None, after: AnyEvent | None) -> Parting:
    """Return that one side has an event and the other has none."""
    return Parting("", _said(before), _said(after), asked=False)


def parting_of(field: str, before: JsonValue, after: JsonValue, *, asked: bool) -> Parting:
    """Return that two values differ, with as much of each as somebody reads."""
    one, other = _text(before), _text(after)
    common = _common(one, other)
    return Parting(field, _shortened(one, common), _shortened(other, common), asked)


def _said(event: AnyEvent | None) -> str:
    return "" if event is None else _shortened(_text(event.model_dump(mode="json")), 0)


def _among(table: Sequence[tuple[str, str]], kind: str, pointer: str) -> bool:
    return any(kind == named and fnmatchcase(pointer, pattern) for named, pattern in table)


def _is_of_the_moment(kind: str, leaf: Leaf, then: AnyEvent) -> bool:
    """Return whether two moments, or two times worked, are as near as two clocks that are read one after the other."""
    pointer, before, after = leaf
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    match kind, pointer:
        case ("decision.made", "/judged_at") | ("approval.requested", "/expires_at"):
            return _are_close(moment_of(before), moment_of(after))
        case ("budget.stopped", "/used") if getattr(then, "meter", None) == "wall_clock_seconds":
            return _are_close(_seconds(before), _seconds(after))
        case _:
            return False


def _are_close(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and abs(one - other) < _CLOSE


def _seconds(text: str) -> datetime | None:
    """Return a moment so many seconds after some other; None where that is no number of seconds."""
    try:
        return _SOME_MOMENT + timedelta(seconds=float(parse_decimal(text)))
    except (ValueError, OverflowError):
        return None


def _leaves(before: JsonValue, after: JsonValue, pointer: str, *, in_full: bool) -> Iterator[Leaf]:
    """Yield where two values differ. What a record of an earlier version could not say is no difference."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            if name in before or in_full:
                yield from _leaves(before.get(name), after.get(name), f"{pointer}/{name}", in_full=in_full)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            one, other = _at(before, index), _at(after, index)
            yield from _leaves(one, other, f"{pointer}/{index}", in_full=in_full)
    elif type(before) is not type(after) or before != after:
        yield pointer, before, after


def _at(items: Sequence[JsonValue], index: int) -> JsonValue:
    return items[index] if index < len(items) else None


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical_bytes(value).decode()


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (before, after) in pairs if before != after), min(len(one), len(other)))


def _shortened(text: str, common: int) -> str:
    """Return as much of a text as somebody reads, from shortly before where it parts from the other side."""
    if len(text) <= _LONGEST_TEXT:
        return text
    start = max(0, common - _BEFORE_THE_DIFFERENCE)
    end = start + _LONGEST_TEXT
    return f"{'...' if start else ''}{text[start:end]}{'...' if end < len(text) else ''}"
