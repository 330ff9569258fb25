"""Blessing: only what has an outcome becomes a baseline, and what cannot be compared says what to do."""

from agentctl.contract.baseline import Baseline
from agentctl.evals.blessing import Blessing, blessed, obstacles_to, why_not_blessed
from agentctl.evals.results import CaseResult
from agentctl.evals.verdict import verdict_of
from tests.fakes.evals import (
    CENT,
    EVAL,
    baseline_of,
    blessed_case,
    digest,
    golden,
    judged,
    result_of,
    started,
)

HOW = Blessing(EVAL, "robin", "2026-11-26", {"instructions": digest("1")})
PASSED = result_of(golden("a"), judged("a"))


def made(results: list[CaseResult], before: Baseline | None = None) -> Baseline:
    """Return the baseline that results make."""
    return blessed(started(tag="v1.2"), results, {"a": ("zendesk.read_ticket",)}, HOW, before)


def test_only_what_has_an_outcome_is_blessed() -> None:
    """A failed case, and one that nobody judged, are named."""
    results = [
        PASSED,
        result_of(golden("b"), judged("b", 1, "failed")),
        result_of(golden("c"), judged("c", 1, "error")),
        result_of(golden("d")),
    ]
    assert why_not_blessed(verdict_of(results), results) == (
        "`c` has no outcome",
        "`d` has no outcome",
        "`b` failed",
    )
    assert why_not_blessed(verdict_of([PASSED]), [PASSED]) == ()


def test_a_baseline_holds_what_was_tried_and_by_whom_it_was_blessed() -> None:
    """Version, surroundings, parts, and each case with its digest, trials, cost, tools and run; none that was skipped."""
    baseline = made([PASSED, result_of(golden("b", skip="later"))])
    assert (baseline.version, baseline.version_tag, baseline.environment) == (digest("a"), "v1.2", "sandbox")
    assert (baseline.eval, baseline.blessed_by, baseline.blessed_on) == (EVAL, "robin", "2026-11-26")
    assert baseline.parts == {"instructions": digest("1")}
    assert baseline.cases == {
        "a": blessed_case(tools=["zendesk.read_ticket"], run="run-a-1", cost_usd=CENT),
    }


def test_what_came_to_the_same_stays_as_it_was_blessed() -> None:
    """Blessed again under the same version, its run is still the first one; another cost, or another version, is a new one."""
    first = made([PASSED])
    again = result_of(golden("a"), judged("a").model_copy(update={"run": "run-later"}))
    assert made([again], first).cases == first.cases
    other = first.model_copy(update={"version": digest("e")})
    assert made([again], other).cases["a"].run == "run-later"
    dearer = result_of(golden("a"), judged("a").model_copy(update={"run": "run-later", "cost_usd": 2 * CENT}))
    assert made([dearer], first).cases["a"].run == "run-later"


def test_a_failed_case_is_blessed_as_what_it_is() -> None:
    """No verdict is made better by blessing it."""
    baseline = made([result_of(golden("a"), judged("a", 1, "failed"))])
    assert (baseline.cases["a"].outcome, baseline.cases["a"].passes) == ("failed", 0)


def test_cases_that_were_not_chosen_stay_only_with_the_same_version() -> None:
    """A part of the golden set may be blessed again; another version's cases say nothing of this one."""
    old = {"a": blessed_case("d"), "b": blessed_case()}
    assert set(made([PASSED], baseline_of(old, version="a")).cases) == {"a", "b"}
    assert made([PASSED], baseline_of(old, version="a")).cases["a"].digest == digest("c")
    assert set(made([PASSED], baseline_of(old, version="b")).cases) == {"a"}


def test_without_a_baseline_only_a_wanted_one_is_missed() -> None:
    """The first eval of all needs none."""
    assert obstacles_to(None, None, ["a"], "sandbox") == ()
    (sentence,) = obstacles_to(None, digest("b"), ["a"], "sandbox")
    assert "--bless" in sentence


def test_another_version_than_the_wanted_one_is_no_baseline() -> None:
    """It says which is blessed, and what to type."""
    (sentence,) = obstacles_to(baseline_of({}), digest("c"), [], "sandbox")
    assert sentence == (
        f"the baseline is of version {digest('b')[:19]}, not of {digest('c')[:19]}; "
        f"bless the other one with `agentctl eval AGENT --contract {digest('c')[:19]} --bless`"
    )
    assert obstacles_to(baseline_of({}), digest("b"), [], "sandbox") == ()


def test_a_case_that_is_gone_and_another_environment_are_obstacles() -> None:
    """A case cannot be taken out without anybody seeing it."""
    baseline = baseline_of({"a": blessed_case(), "b": blessed_case()})
    assert obstacles_to(baseline, None, ["a"], "staging") == (
        "blessed, and not in the golden set any more: `b`",
        "the baseline was blessed in `sandbox`, this was tried in `staging`",
    )
