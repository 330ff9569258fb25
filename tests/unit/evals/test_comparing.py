"""Comparing calls: each mode and order means what its words say."""

from itertools import permutations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.contract.golden_words import ArgumentMode, Order
from agentctl.evals.comparing import arguments_fit, pairs, same, why_not_in

ASKED = {"a": 1, "b": [2]}


@pytest.mark.parametrize(
    ("found", "fitting"),
    [
        (ASKED, {"exact", "ignore", "subset", "superset"}),
        ({"b": [2], "a": 1.0}, {"exact", "ignore", "subset", "superset"}),
        ({"a": 1}, {"ignore", "subset"}),
        ({**ASKED, "c": None}, {"ignore", "superset"}),
        ({"a": 2, "b": [2]}, {"ignore"}),
        ({"a": True, "b": [2]}, {"ignore"}),
        ("not an object", {"ignore"}),
        (None, {"ignore"}),
    ],
)
def test_modes_for_arguments(found: object, fitting: set[ArgumentMode]) -> None:
    """`subset` may lack some, `superset` may have more, `exact` neither; JSON that is no object fits nothing."""
    assert {mode for mode in get_args(ArgumentMode) if arguments_fit(found, ASKED, mode)} == fitting  # type: ignore[arg-type]  # JSON, as the cases stand above
    assert arguments_fit(found, None, "exact")  # type: ignore[arg-type]  # as above


def test_what_has_no_canonical_form_is_equal_to_nothing() -> None:
    """A number that JSON has no form for is not even equal to itself."""
    assert not same(float("nan"), float("nan"))


@pytest.mark.parametrize(
    ("found", "holding"),
    [
        ("abc", {"strict", "exact", "unordered", "any_order", "subset", "superset", "contains", "in_order"}),
        ("acb", {"unordered", "any_order", "subset", "superset", "contains"}),
        ("axbxc", {"superset", "contains", "in_order"}),
        ("xcba", {"superset", "contains"}),
        ("ca", {"subset"}),
        ("", {"subset"}),
        ("aabc", {"superset", "contains", "in_order"}),
    ],
)
def test_orders(found: str, holding: set[Order]) -> None:
    """Each order takes what its words say: extra calls, missing calls, another order."""
    held = {order for order in get_args(Order) if why_not_in(order, "abc", found, str.__eq__) is None}
    assert held == holding


def test_where_they_part() -> None:
    """The first place is told: the expected one that is missing, the found one that is too many, or both."""
    assert why_not_in("strict", "abc", "abx", str.__eq__) == (2, 2)
    assert why_not_in("strict", "ab", "abc", str.__eq__) == (None, 2)
    assert why_not_in("strict", "abc", "ab", str.__eq__) == (2, None)
    assert why_not_in("in_order", "abc", "ac", str.__eq__) == (1, None)
    assert why_not_in("unordered", "abc", "ab", str.__eq__) == (2, None)
    assert why_not_in("unordered", "ab", "acb", str.__eq__) == (None, 1)


def test_a_loose_expectation_leaves_room_for_a_strict_one() -> None:
    """What fits many gives way to what fits one, whatever order they are written in."""

    def fits(found: str, wanted: str) -> bool:
        return wanted in ("*", found)

    for expected in permutations("*a*"):
        assert why_not_in("unordered", expected, "abc", fits) is None


@given(st.text("abc*", max_size=6), st.text("abc", max_size=6))
def test_pairs_are_as_many_as_possible(expected: str, found: str) -> None:
    """No pair is used twice, and trying every order of the found ones never gives more pairs."""

    def fits(item: str, wanted: str) -> bool:
        return wanted in ("*", item)

    made = pairs(expected, found, fits)
    assert len(set(made.values())) == len(made)
    assert all(fits(found[other], expected[index]) for index, other in made.items())
    greedy = max(
        sum(fits(item, wanted) for item, wanted in zip(order, expected, strict=False))
        for order in permutations(found[:5])
    )
    assert len(made) >= greedy
