"""Lays two sequences side by side so that what is alike stands together; what only one of them has stands alone. Pure."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

T = TypeVar("T")

Likeness: TypeAlias = Callable[[T, T], int]
"""How much two things are alike, whichever comes first; 0: not so that they could stand together."""


class Pair(Struct, Generic[T], frozen=True):
    """Two things that stand together; None where the other side has nothing like it. One of them is there."""

    before: T | None
    after: T | None

    @property
    def sides(self) -> tuple[T, ...]:
        """Those that are there."""
        return tuple(one for one in (self.before, self.after) if one is not None)


def paired(
    before: Sequence[T], after: Sequence[T], likeness: Likeness[T], text: Callable[[T], str]
) -> tuple[Pair[T], ...]:
    """Return both sequences side by side, each in its order, so that the likeness of all pairs together is greatest.

    Of several ways that are equally good one is taken, whichever sequence comes first.

    Args:
        before: the one.
        after: the other.
        likeness: how much two things are alike.
        text: what a thing says; tells which of the sequences is looked at first.
    """
    if [text(one) for one in before] > [text(one) for one in after]:
        return tuple(Pair(pair.after, pair.before) for pair in _paired(after, before, likeness))
    return _paired(before, after, likeness)


def _paired(before: Sequence[T], after: Sequence[T], likeness: Likeness[T]) -> tuple[Pair[T], ...]:
    best = _best(before, after, likeness)
    pairs: list[Pair[T]] = []
    at, to = 0, 0
    while at < len(before) and to < len(after):
        alike = likeness(before[at], after[to])
        if alike and best[at][to] == alike + best[at + 1][to + 1]:
            pairs.append(Pair(before[at], after[to]))
            at, to = at + 1, to + 1
        elif best[at][to] == best[at + 1][to]:
            pairs.append(Pair(before[at], None))
            at += 1
        else:
            pairs.append(Pair(None, after[to]))
            to += 1
    rest = (Pair(one, None) for one in before[at:])
    return (*pairs, *rest, *(Pair(None, one) for one in after[to:]))


def _best(before: Sequence[T], after: Sequence[T], likeness: Likeness[T]) -> list[list[int]]:
    """Return, for every place in both, how much likeness there is from there on at most."""
    best = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for at in range(len(before) - 1, -1, -1):
        for to in range(len(after) - 1, -1, -1):
            alike = likeness(before[at], after[to])
            together = alike + best[at + 1][to + 1] if alike else 0
            best[at][to] = max(together, best[at + 1][to], best[at][to + 1])
    return best
