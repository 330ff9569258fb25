"""The plan: which cases, how often, in which order, with which seeds."""

from hypothesis import given
from hypothesis import strategies as st

from agentctl.evals.plan import chosen, needed_of, planned, seed_of, trials_of
from tests.fakes.evals import golden

CASES = (
    golden("small-refund", tags=["money", "quick"]),
    golden("large-refund", tags=["money"]),
    golden("greeting"),
)


def ids(patterns: list[str], tags: list[str]) -> list[str]:
    """Return the ids of the cases that are chosen."""
    return [case.id for case in chosen(CASES, patterns, tags)]


def test_patterns_and_tags_choose_cases() -> None:
    """One of the patterns and one of the tags; neither: all, in the order of the file."""
    assert ids([], []) == ["small-refund", "large-refund", "greeting"]
    assert ids(["*-refund"], []) == ["small-refund", "large-refund"]
    assert ids(["greet?ng", "small*"], []) == ["small-refund", "greeting"]
    assert ids([], ["quick", "slow"]) == ["small-refund"]
    assert ids(["large*"], ["quick"]) == []
    assert ids(["Greeting"], []) == []


def test_a_case_may_say_how_often_it_is_tried() -> None:
    """Its own number comes first; a skipped one is never tried; no more must pass than are made."""
    assert [trials_of(golden("a"), 3), trials_of(golden("a", repeats=5), 3)] == [3, 5]
    assert trials_of(golden("a", repeats=5, skip="later"), 3) == 0
    assert [needed_of(golden("a"), 3), needed_of(golden("a", min_pass=2), 3)] == [3, 2]
    assert needed_of(golden("a", min_pass=9), 3) == 3


def test_every_case_is_seen_before_any_is_seen_twice() -> None:
    """First one trial of each, then the second ones."""
    cases = (golden("a", repeats=3), golden("b", skip="later"), golden("c"))
    keys = [trial.key for trial in planned(cases, 2, 7)]
    assert keys == [("a", 1), ("c", 1), ("a", 2), ("c", 2), ("a", 3)]
    assert planned((), 2, 7) == ()


@given(st.integers(0, 2**40), st.integers(1, 20))
def test_seeds_are_the_same_again_and_never_shared(seed: int, trials: int) -> None:
    """The same eval has the same seeds; no two trials have one; providers take them."""
    plan = planned(CASES, trials, seed)
    seeds = [trial.seed for trial in plan]
    assert planned(CASES, trials, seed) == plan
    assert len(set(seeds)) == len(plan)
    assert all(0 <= one < 2**31 for one in seeds)
    assert seeds[0] == seed_of(seed, "small-refund", 1)


def test_a_seed_is_what_it_always_was() -> None:
    """A number that a journal holds can be made again by a later version."""
    assert seed_of(0, "small-refund", 1) == 1_505_174_262
