"""Evals for tests: cases, judged trials and reports, each in a line; what is not said is ordinary."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from agentctl.contract.baseline import Baseline, BlessedCase
from agentctl.contract.golden import GoldenCase
from agentctl.evals.report import EvalReport
from agentctl.evals.results import CaseResult, results_of
from agentctl.evals.verdict import verdict_of
from agentctl.events.base import Principal
from agentctl.events.evals import EvalStarted, Score, TrialJudged, TrialOutcome
from agentctl.foundation.errors import Place

EVAL = "01KKNC2R00REFVND00000EVA01"
AGENT = "refund-assistant"
GOLDEN_SET = f"goldensets/{AGENT}.yaml"
CENT = Decimal("0.01")


def digest(sign: str = "a") -> str:
    """Return a digest that is made of one sign."""
    return f"sha256:{sign * 64}"


def golden(name: str, **fields: object) -> GoldenCase:
    """Return a case that expects something."""
    return GoldenCase.model_validate({"id": name, "input": "Refund 4201", "expected": "Refunded.", **fields})


def score(detail: str = "", *, hard: bool = True, kind: str = "contains") -> Score:
    """Return what an assertion says; one that has something to say does not hold."""
    return Score(type=kind, passed=not detail, hard=hard, detail=detail)


def judged(
    name: str, trial: int = 1, outcome: TrialOutcome = "passed", *scores: Score, detail: str = ""
) -> TrialJudged:
    """Return a trial that is over; it costs a cent and takes a quarter of a second."""
    return TrialJudged(
        case=name,
        trial=trial,
        run=f"run-{name}-{trial}",
        outcome=outcome,
        scores=scores,
        exit_code=0,
        cost_usd=CENT,
        duration_ms=250.0,
        detail=detail,
        tools=("zendesk.read_ticket",),
    )


def started(
    cases: Sequence[GoldenCase] = (), version: str = "a", tag: str | None = None, cap: Decimal | None = None
) -> EvalStarted:
    """Return the first event of an eval."""
    return EvalStarted(
        agent=AGENT,
        golden_set=GOLDEN_SET,
        golden_set_digest=digest("e"),
        version=digest(version),
        version_tag=tag,
        environment="sandbox",
        environment_digest=digest("f"),
        platform_digest=digest("0"),
        cases=tuple(case.id for case in cases),
        trials=1,
        seed=7,
        max_cost_usd=cap,
        baseline=None,
        by=Principal(id="casey", kind="user", assurance="asserted"),
    )


def blessed_case(sign: str = "c", outcome: str = "passed", **fields: object) -> BlessedCase:
    """Return what a case was blessed with."""
    ordinary: dict[str, object] = {"passes": 1, "trials": 1, "cost_usd": CENT, "run": "run-blessed"}
    return BlessedCase.model_validate({"digest": digest(sign), "outcome": outcome, **ordinary, **fields})


def baseline_of(cases: Mapping[str, BlessedCase], version: str = "b", **fields: object) -> Baseline:
    """Return a baseline with these cases."""
    ordinary: dict[str, object] = {
        "agent": AGENT,
        "version": digest(version),
        "environment": "sandbox",
        "environment_digest": digest("f"),
        "platform_digest": digest("0"),
        "eval": EVAL,
        "blessed_by": "robin",
        "blessed_on": "2026-11-26",
        "parts": {"instructions": digest("1")},
    }
    return Baseline.model_validate({**ordinary, "cases": dict(cases), **fields})


def result_of(
    case: GoldenCase,
    *trials: TrialJudged,
    planned: int = 1,
    baseline: Baseline | None = None,
    sign: str = "c",
) -> CaseResult:
    """Return what a case came to."""
    made = {(trial.case, trial.trial): trial for trial in trials}
    (result,) = results_of((case,), planned, made, {case.id: digest(sign)}, baseline)
    return result


def report_of(
    *results: CaseResult,
    baseline: Baseline | None = None,
    tag: str | None = None,
    obstacles: Sequence[str] = (),
    changes: Sequence[str] = (),
    file: str = GOLDEN_SET,
    cap: Decimal | None = None,
) -> EvalReport:
    """Return the report of an eval with these results; case number n stands in line 10·n."""
    return EvalReport(
        eval=EVAL,
        started=started([result.case for result in results], tag=tag, cap=cap),
        results=results,
        verdict=verdict_of(results, obstacles),
        places={result.case.id: Place(file, 10 * n, 3) for n, result in enumerate(results, start=1)},
        baseline=baseline,
        parts={},
        changes=tuple(changes),
        blessed_here=frozenset(),
        tools={},
    )
