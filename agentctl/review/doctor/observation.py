"""What `agentctl doctor` observes: a sentence each, whether it is well, and what to type if not."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

Health = Literal["ok", "note", "problem"]
"""`note`: worth knowing, nothing fails for it; `problem`: something does, or will."""

NOT_YOURS = "run agentctl as the user whom it belongs to, or have it given to you"
"""What helps with a file of somebody else."""
_SHOWN = 5


class Observation(Struct, frozen=True):
    """One thing that was looked at. `remedy` is what to type or to change, one step a line."""

    health: Health
    text: str
    remedy: tuple[str, ...] = ()


class Section(Struct, frozen=True):
    """What was observed about one thing: this machine, the project, an environment."""

    title: str
    observations: tuple[Observation, ...]

    def count(self, health: Health) -> int:
        """Return how many observations are of a kind."""
        return sum(item.health == health for item in self.observations)


def ok(text: str) -> Observation:
    """Return that something is well."""
    return Observation("ok", text)


def note(text: str, *remedy: str) -> Observation:
    """Return something that is worth knowing."""
    return Observation("note", text, remedy)


def problem(text: str, *remedy: str) -> Observation:
    """Return something that fails, or will."""
    return Observation("problem", text, remedy)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 run`, `1,204 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(names: Iterable[str]) -> str:
    """Return names with commas between them; of many the first, and how many more there are."""
    known = tuple(names)
    more = [f"{len(known) - _SHOWN:,} more"] if len(known) > _SHOWN else []
    return ", ".join([*known[:_SHOWN], *more])
