"""The verdict: one for every combination of outcomes, and `passed` only where nothing at all is in the way."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.evals.results import CaseResult
from agentctl.evals.verdict import Verdict, verdict_of
from agentctl.events.evals import EvalVerdict
from agentctl.foundation.errors import ExitCode
from tests.fakes.evals import baseline_of, blessed_case, golden, judged, result_of

_BASELINE = baseline_of({"a": blessed_case()})
_OTHER_CASE = baseline_of({"a": blessed_case("d")})
OUTCOMES: dict[str, tuple[CaseResult, EvalVerdict]] = {
    "passed": (result_of(golden("a"), judged("a")), "passed"),
    "skipped": (result_of(golden("a", skip="later")), "passed"),
    "failed": (result_of(golden("a"), judged("a", 1, "failed")), "failed"),
    "regressed": (result_of(golden("a"), judged("a", 1, "failed"), baseline=_BASELINE), "failed"),
    "changed": (result_of(golden("a"), judged("a"), baseline=_OTHER_CASE), "incomparable"),
    "error": (result_of(golden("a"), judged("a", 1, "error")), "inconclusive"),
    "provider": (result_of(golden("a"), judged("a", 1, "provider_failed")), "provider_failed"),
    "not tried": (result_of(golden("a")), "inconclusive"),
}
CODES: dict[EvalVerdict, int] = {
    "passed": 0,
    "failed": 1,
    "incomparable": 9,
    "inconclusive": 9,
    "spend_cap": 6,
    "provider_failed": 11,
}


@pytest.mark.parametrize("kind", CODES)
def test_every_verdict_has_its_exit_code(kind: EvalVerdict) -> None:
    """As the README says."""
    assert Verdict(kind, ("why",)).exit_code == ExitCode(CODES[kind])


@pytest.mark.parametrize("name", OUTCOMES)
def test_one_case_decides(name: str) -> None:
    """Alone, and beside one that passed."""
    result, kind = OUTCOMES[name]
    assert verdict_of([result]).kind == kind
    assert verdict_of([OUTCOMES["passed"][0], result]).kind == kind


def test_the_cap_has_a_verdict_of_its_own() -> None:
    """Only where it kept trials from being made."""
    untried = OUTCOMES["not tried"][0]
    assert verdict_of([untried], cap_reached=True).kind == "spend_cap"
    assert verdict_of([OUTCOMES["passed"][0]], cap_reached=True).kind == "passed"


def test_what_is_blessed_need_not_be_comparable() -> None:
    """It takes the place of what it could be compared with; a failure stays one."""
    assert verdict_of([OUTCOMES["changed"][0]], ["`b` is gone"], blesses=True).kind == "passed"
    assert verdict_of([OUTCOMES["regressed"][0]], ["`b` is gone"], blesses=True).kind == "failed"


def test_every_combination_has_one_verdict() -> None:
    """A seen failure comes first; `passed` means that everything passed or was skipped; why is said."""
    for size in (1, 2, 3):
        for found in product(OUTCOMES.values(), repeat=size):
            _holds_of(list(found), (), cap_reached=False)


@given(
    st.lists(st.sampled_from(list(OUTCOMES.values())), max_size=12),
    st.lists(st.just("`b` is gone"), max_size=2),
    st.booleans(),
)
def test_every_eval_has_one_verdict(
    found: list[tuple[CaseResult, EvalVerdict]],
    obstacles: list[str],
    cap_reached: bool,  # noqa: FBT001 - drawn
) -> None:
    """The same with obstacles and the cap."""
    _holds_of(found, tuple(obstacles), cap_reached=cap_reached)


def _holds_of(
    found: list[tuple[CaseResult, EvalVerdict]], obstacles: tuple[str, ...], *, cap_reached: bool
) -> None:
    results, kinds = [result for result, _ in found], {kind for _, kind in found}
    verdict = verdict_of(results, obstacles, cap_reached=cap_reached)
    assert verdict == verdict_of(results, obstacles, cap_reached=cap_reached)
    assert (verdict.kind == "passed") == (kinds <= {"passed"} and not obstacles)
    assert (verdict.kind == "failed") == ("failed" in kinds)
    assert verdict.kind == "passed" or verdict.exit_code != ExitCode.OK
    assert all(verdict.reasons)
    assert verdict.kind == verdict_of(results[::-1], obstacles, cap_reached=cap_reached).kind


def test_reasons_name_cases_and_the_gravest_first() -> None:
    """Regressions, then failures, then what was not judged; of many cases only some."""
    many = [result_of(golden(f"f-{n}"), judged(f"f-{n}", 1, "failed")) for n in range(7)]
    verdict = verdict_of([OUTCOMES["provider"][0], *many, OUTCOMES["regressed"][0]], ["`b` is gone"])
    assert verdict.reasons == (
        "`a` passed when the baseline was blessed, and failed now",
        "`f-0`, `f-1`, `f-2`, `f-3`, `f-4` and 2 more failed",
        "no model answered for `a`",
        "`b` is gone",
    )


def test_a_pass_counts() -> None:
    """How many cases passed, and how many were skipped."""
    passed, skipped = OUTCOMES["passed"][0], OUTCOMES["skipped"][0]
    assert verdict_of([passed]).reasons == ("1 case passed",)
    assert verdict_of([passed, passed, skipped]).reasons == ("2 cases passed, 1 skipped",)
