"""Comparing calls with those that are expected: arguments by a mode, whole trajectories by an order. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, assert_never

from agentctl.contract.golden_words import ArgumentMode, ExpectedCall, Order
from agentctl.evals.wording import shown
from agentctl.foundation.canonical import JsonValue, NotCanonical, canonical_bytes
from agentctl.trace.reports.call import Call

E = TypeVar("E")
A = TypeVar("A")


def same(one: JsonValue, other: JsonValue) -> bool:
    """Return whether two values are the same JSON."""
    try:
        return canonical_bytes(one) == canonical_bytes(other)
    except NotCanonical:
        return False


def has(whole: Mapping[str, JsonValue], part: Mapping[str, JsonValue]) -> bool:
    """Return whether an object has all of another's keys with the same values."""
    return all(name in whole and same(whole[name], value) for name, value in part.items())


def arguments_fit(found: JsonValue, expected: Mapping[str, JsonValue] | None, mode: ArgumentMode) -> bool:
    """Return whether arguments are as expected; those that are no object fit only where nothing is expected of them."""
    if expected is None or mode == "ignore":
        return True
    if not isinstance(found, Mapping):
        return False
    match mode:
        case "exact":
            return same(found, expected)
        case "subset":
            return has(expected, found)
        case "superset":
            return has(found, expected)
        case _ as never:
            assert_never(never)


def call_fits(call: Call, expected: ExpectedCall, mode: ArgumentMode) -> bool:
    """Return whether a call is the expected one."""
    return call.tool == expected.tool and arguments_fit(call.arguments, expected.arguments, mode)


def in_order(expected: Sequence[E], found: Sequence[A], fits: Callable[[A, E], bool]) -> int:
    """Return how many of the expected ones are found in their order, others between them, before one is missing."""
    place = 0
    for item in found:
        if place < len(expected) and fits(item, expected[place]):
            place += 1
    return place


def pairs(expected: Sequence[E], found: Sequence[A], fits: Callable[[A, E], bool]) -> dict[int, int]:
    """Return as many pairs as possible, each expected one with another found one: index by index."""
    taken: dict[int, int] = {}

    def place(index: int, seen: set[int]) -> bool:
        for other, item in enumerate(found):
            if other not in seen and fits(item, expected[index]):
                seen.add(other)
                if other not in taken or place(taken[other], seen):
                    taken[other] = index
                    return True
        return False

    for index in range(len(expected)):
        place(index, set())
    return {index: other for other, index in taken.items()}


def why_not_in(
    order: Order, expected: Sequence[E], found: Sequence[A], fits: Callable[[A, E], bool]
) -> tuple[int | None, int | None] | None:
    """Return where two sequences part: the index of an expected one, of a found one; None where the order holds."""
    match order:
        case "strict" | "exact":
            return _where_they_part(expected, found, fits)
        case "in_order":
            place = in_order(expected, found, fits)
            return None if place == len(expected) else (place, None)
        case "unordered" | "any_order":
            return _missing(expected, found, fits) or _too_many(expected, found, fits)
        case "superset" | "contains":
            return _missing(expected, found, fits)
        case "subset":
            return _too_many(expected, found, fits)
        case _ as never:
            assert_never(never)


def _where_they_part(
    expected: Sequence[E], found: Sequence[A], fits: Callable[[A, E], bool]
) -> tuple[int | None, int | None] | None:
    for index in range(max(len(expected), len(found))):
        wanted = index if index < len(expected) else None
        there = index if index < len(found) else None
        if wanted is None or there is None or not fits(found[there], expected[wanted]):
            return wanted, there
    return None


def _missing(
    expected: Sequence[E], found: Sequence[A], fits: Callable[[A, E], bool]
) -> tuple[int, None] | None:
    placed = pairs(expected, found, fits)
    return next(((index, None) for index in range(len(expected)) if index not in placed), None)


def _too_many(
    expected: Sequence[E], found: Sequence[A], fits: Callable[[A, E], bool]
) -> tuple[None, int] | None:
    placed = set(pairs(expected, found, fits).values())
    return next(((None, index) for index in range(len(found)) if index not in placed), None)


def written(tool: str, arguments: JsonValue) -> str:
    """Return a call as people write it."""
    return f"`{tool}({'' if arguments is None else shown(arguments)})`"
