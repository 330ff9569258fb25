"""Events in their places, and the small ways readers pick and pair them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from agentctl.events.base import Event

E = TypeVar("E", bound=Event)
E_co = TypeVar("E_co", bound=Event, covariant=True)


class Placed(Struct, Generic[E_co], frozen=True):
    """An event with its place in the journal: what can be shown as evidence. `hash` is SHA-256 in hex."""

    seq: int
    time: datetime
    hash: str
    event: E_co


P = TypeVar("P", bound=Placed[Event])
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
Placeds: TypeAlias = Sequence[Placed[Event]]


def of_type(placed: Placeds, kind: type[E]) -> tuple[Placed[E], ...]:
    """Return the events of one type, in order."""
    return tuple(
        Placed(one.seq, one.time, one.hash, one.event) for one in placed if isinstance(one.event, kind)
    )


def in_order(*groups: Iterable[P]) -> tuple[P, ...]:
    """Return the events of several groups in the order of the journal."""
    return tuple(sorted((one for group in groups for one in group), key=lambda one: one.seq))


def first_after(placed: Placed[Event], candidates: Iterable[P]) -> P | None:
    """Return the first of some events that stands after another one."""
    return next((one for one in candidates if one.seq > placed.seq), None)


def grouped(items: Iterable[T], key: Callable[[T], K]) -> defaultdict[K, list[T]]:
    """Return items by what they have in common, in order; of what none has there are none."""
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups
