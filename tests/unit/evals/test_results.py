"""Results: what the trials of a case come to together, in whatever order they were made."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.contract.baseline import Baseline
from agentctl.evals.results import CaseOutcome, Change, named, results_of
from agentctl.events.evals import TrialOutcome
from tests.fakes.evals import CENT, baseline_of, blessed_case, digest, golden, judged, result_of, score

_OF: dict[str, TrialOutcome] = {"p": "passed", "f": "failed", "m": "provider_failed", "e": "error"}


@pytest.mark.parametrize(
    ("planned", "needed", "trials", "outcome"),
    [
        (1, 1, "p", "passed"),
        (1, 1, "f", "failed"),
        (1, 1, "m", "unjudged"),
        (1, 1, "e", "unjudged"),
        (1, 1, "", "not_tried"),
        (3, 2, "pfp", "passed"),
        (3, 2, "ppe", "passed"),
        (3, 2, "pp", "passed"),
        (3, 2, "pff", "failed"),
        (3, 2, "ff", "failed"),
        (3, 2, "pfe", "unjudged"),
        (3, 2, "pee", "unjudged"),
        (3, 2, "p", "not_tried"),
        (3, 2, "pe", "not_tried"),
        (3, 3, "fee", "failed"),
    ],
)
def test_trials_come_to_an_outcome(planned: int, needed: int, trials: str, outcome: CaseOutcome) -> None:
    """Enough passed: passed; it cannot pass any more: failed; a trial that nobody could judge is neither."""
    case = golden("a", min_pass=needed)
    made = [judged("a", number, _OF[sign]) for number, sign in enumerate(trials, start=1)]
    assert result_of(case, *made, planned=planned).outcome == outcome


def test_a_skipped_case_comes_to_nothing() -> None:
    """It was not meant to be tried."""
    assert result_of(golden("a", skip="later")).outcome == "skipped"


@pytest.mark.parametrize(
    ("baseline", "outcome", "change"),
    [
        (None, "passed", None),
        (baseline_of({"a": blessed_case()}), "error", None),
        (baseline_of({}), "passed", "new"),
        (baseline_of({"a": blessed_case("d")}), "passed", "changed"),
        (baseline_of({"a": blessed_case("d")}), "failed", "changed"),
        (baseline_of({"a": blessed_case()}), "passed", "same"),
        (baseline_of({"a": blessed_case(outcome="failed")}), "failed", "same"),
        (baseline_of({"a": blessed_case()}), "failed", "regressed"),
        (baseline_of({"a": blessed_case(outcome="failed")}), "passed", "fixed"),
    ],
)
def test_an_outcome_is_compared(
    baseline: Baseline | None, outcome: TrialOutcome, change: Change | None
) -> None:
    """With what was blessed, if it was the same case."""
    assert result_of(golden("a"), judged("a", 1, outcome), baseline=baseline).change == change


def test_what_does_not_hold_is_told_with_its_trial() -> None:
    """Hard assertions are failures, soft ones remarks; costs and times add up."""
    hard, soft = score("no"), score("long", hard=False)
    first, second = judged("a", 1, "failed", hard, score()), judged("a", 2, "passed", soft)
    result = result_of(golden("a"), first, second, planned=2)
    assert result.failures == ((first, hard),)
    assert result.remarks == ((second, soft),)
    assert (result.cost_usd, result.duration_ms) == (2 * CENT, 500.0)


@given(
    st.lists(st.sampled_from("pfme"), max_size=6), st.lists(st.sampled_from("pfme"), max_size=6), st.randoms()
)
def test_results_do_not_depend_on_the_order_of_trials(
    first: list[str], second: list[str], chance: random.Random
) -> None:
    """Trials end in any order; every case comes to the same, and stands where it stood in the file."""
    cases, digests = (golden("b"), golden("a")), {"a": digest(), "b": digest()}
    made = [
        ((name, number), judged(name, number, _OF[sign]))
        for name, signs in (("a", first), ("b", second))
        for number, sign in enumerate(signs, start=1)
    ]
    in_order = results_of(cases, 4, dict(made), digests, None)
    chance.shuffle(made)
    assert results_of(cases, 4, dict(made), digests, None) == in_order
    assert [result.case.id for result in in_order] == ["b", "a"]
    assert all(len(result.trials) <= 4 for result in in_order)


def test_results_are_named_by_outcome() -> None:
    """In their order."""
    results = [
        result_of(golden("a"), judged("a")),
        result_of(golden("b")),
        result_of(golden("c"), judged("c")),
    ]
    assert named(results, "passed") == ("a", "c")
    assert named(results, "not_tried", "failed") == ("b",)
