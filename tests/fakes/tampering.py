"""Journals in which something was changed and the chain made anew, as by somebody who may write and hash but has no key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msgspec.structs import replace
from pydantic import ValidationError

from agentctl.events.form import GENESIS
from agentctl.events.record import AnyEvent, Record
from agentctl.foundation.canonical import JsonValue
from agentctl.trace.journals.chain import linked


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value in a journal: which record's, where in its event, and what stands there."""

    index: int
    kind: str
    path: tuple[str | int, ...]
    value: JsonValue

    @property
    def pointer(self) -> str:
        """Where it stands: `/answers/0/decision`."""
        return "".join(f"/{part}" for part in self.path)


def leaves(records: Sequence[Record]) -> Iterator[Leaf]:
    """Yield every value of every event."""
    for index, record in enumerate(records):
        for path, value in _leaves(record.event.model_dump(mode="json"), ()):
            yield Leaf(index, record.event.type, path, value)


def tampered(records: Sequence[Record], leaf: Leaf) -> tuple[Record, ...] | None:
    """Return the journal with another value in that place; None where no other value of that form would be read."""
    said = records[leaf.index].event.model_dump(mode="json")
    parent: Any = said
    for part in leaf.path[:-1]:
        parent = parent[part]
    for value in (other for other in _others(leaf.value) if other != leaf.value):
        parent[leaf.path[-1]] = value
        try:
            event: AnyEvent = type(records[leaf.index].event).model_validate(said)  # type: ignore[assignment]  # of the same type
        except ValidationError:
            continue
        changed = (
            *records[: leaf.index],
            replace(records[leaf.index], event=event),
            *records[leaf.index + 1 :],
        )
        return chained(changed)
    return None


def chained(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return the records with hashes that hold."""
    made: list[Record] = []
    for seq, record in enumerate(records):
        prev = made[-1].hash if made else GENESIS
        made.append(linked(replace(record, seq=seq, prev=prev))[0])
    return tuple(made)


def written(records: Sequence[Record]) -> bytes:
    """Return the bytes of a journal."""
    return b"".join(linked(record)[1] for record in records)


def _leaves(
    value: JsonValue, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], JsonValue]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, value


def _others(value: JsonValue) -> Iterator[JsonValue]:
    """Yield values that differ by as little as possible, and then by more."""
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
        case float():
            yield value + 1.0
        case str():
            yield from _other_texts(value)
        case _:
            yield "somebody"


def _other_texts(text: str) -> Iterator[str]:
    if text.replace(".", "", 1).isdigit():
        yield str(Decimal(text) + 1)
    if text:
        yield text[:-1] + ("1" if text[-1] != "1" else "2")
    yield f"{text}x"
    yield from ("deny", "allow", "needs_approval", "read", "write", "irreversible", "safe", "keyed", "never")
    yield from (
        "contract",
        "policy",
        "platform",
        "user",
        "system",
        "asserted",
        "authenticated",
        "agent",
        "review",
    )
    yield from ("ok", "error", "strict", "off", "live", "sandbox", "process", "none", "static", "high", "low")
