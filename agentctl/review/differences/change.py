"""One thing in which two versions of an agent differ, and what it does: allow more, allow less, or something else."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final, Literal, TypeAlias, TypeVar

from msgspec import Struct

from agentctl.foundation.money import plain

Direction: TypeAlias = Literal["wider", "narrower", "other"]
"""`wider`: more is allowed, or less looked at, than before; `narrower`: less; `other`: neither, or nobody can say which."""

Weight: TypeAlias = Literal["high", "medium", "low"]
"""How much somebody who reviews a change should look at it."""

WEIGHTS: Final[tuple[Weight, ...]] = ("high", "medium", "low")
DIRECTIONS: Final[tuple[Direction, ...]] = ("wider", "other", "narrower")

T = TypeVar("T")


class Change(Struct, frozen=True):
    """A difference in effect.

    `path` is where in the contract or in what it refers to (`budgets.max_steps`), `what` the difference in a few words;
    `before` and `after` are empty where there was, or is, nothing.
    """

    direction: Direction
    weight: Weight
    path: str
    what: str
    before: str = ""
    after: str = ""

    @property
    def rank(self) -> tuple[int, int]:
        """The smaller, the earlier it is told."""
        return (WEIGHTS.index(self.weight), DIRECTIONS.index(self.direction))


def ordered(found: Iterator[Change]) -> tuple[Change, ...]:
    """Return changes as they are told: what weighs most first, of that what allows more."""
    return tuple(sorted(found, key=lambda change: change.rank))


class Measure(Struct, frozen=True):
    """How one value is compared: what it is called, and in which direction more of it goes."""

    path: str
    what: str
    weight: Weight = "low"
    more_is: Direction = "wider"

    def between(
        self,
        before: T,
        after: T,
        *,
        amount: Callable[[T], Decimal | int],
        shown: Callable[[T], str] | None = None,
    ) -> Iterator[Change]:
        """Yield the change from one value to another, if there is one; `amount` says which is more."""
        if amount(before) == amount(after):
            return
        more = amount(after) > amount(before)
        say = shown or said
        direction = self.more_is if more else opposite(self.more_is)
        yield Change(direction, self.weight, self.path, self.what, say(before), say(after))


def opposite(direction: Direction) -> Direction:
    """Return where less of something goes, when more of it goes there."""
    match direction:
        case "wider":
            return "narrower"
        case "narrower":
            return "wider"
        case "other":
            return "other"


def of_sets(before: frozenset[str], after: frozenset[str], more_is: Direction = "wider") -> Direction:
    """Return where a change of a set goes: one that only grew, one that only shrank, or one that did both."""
    if before < after:
        return more_is
    return opposite(more_is) if after < before else "other"


def said(value: object) -> str:
    """Return a value of a contract for a reader."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Decimal():
            return plain(value)
        case tuple() | frozenset():
            items = sorted(value) if isinstance(value, frozenset) else value
            return ", ".join(map(str, items))
        case _:
            return str(value)
