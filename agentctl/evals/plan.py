"""Which trials an eval makes, in which order, with which seeds. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from agentctl.contract.golden import GoldenCase

_SEED_BITS = 31  # what every provider that takes a seed accepts


class PlannedTrial(Struct, frozen=True):
    """One trial of a case; `trial` counts from 1."""

    case: GoldenCase
    trial: int
    seed: int

    @property
    def key(self) -> tuple[str, int]:
        """What names it within its eval."""
        return self.case.id, self.trial


def chosen(
    cases: Iterable[GoldenCase], patterns: Sequence[str], tags: Sequence[str]
) -> tuple[GoldenCase, ...]:
    """Return the cases whose id fits one of the patterns (`*` and `?` stand for anything) and that have one of the tags.

    No patterns: all ids; no tags: all tags.
    """
    return tuple(
        case
        for case in cases
        if (not patterns or any(fnmatchcase(case.id, pattern) for pattern in patterns))
        and (not tags or set(tags) & set(case.tags))
    )


def trials_of(case: GoldenCase, trials: int) -> int:
    """Return how often a case is tried, where the eval tries every case so often; one that is skipped never is."""
    return 0 if case.skip else case.repeats or trials


def needed_of(case: GoldenCase, trials: int) -> int:
    """Return how many of its trials must pass."""
    made = trials_of(case, trials)
    return made if case.min_pass is None else min(case.min_pass, made)


def planned(cases: Iterable[GoldenCase], trials: int, seed: int) -> tuple[PlannedTrial, ...]:
    """Return all trials: first one of every case, then the second ones, so that an early stop has seen every case."""
    listed = tuple(cases)
    most = max((trials_of(case, trials) for case in listed), default=0)
    return tuple(
        PlannedTrial(case, number, seed_of(seed, case.id, number))
        for number in range(1, most + 1)
        for case in listed
        if number <= trials_of(case, trials)
    )


def seed_of(seed: int, case: str, trial: int) -> int:
    """Return a trial's own seed: another one for every trial, the same in every eval with the same seed."""
    digest = hashlib.sha256(f"{seed}\n{case}\n{trial}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - _SEED_BITS)
