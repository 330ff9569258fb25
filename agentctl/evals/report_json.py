"""An eval as JSON: what `agentctl eval --json` prints. Names that stand here stay; others may come. Pure.

Amounts of money are decimal text, times are milliseconds, a word for an outcome is one of those in `results` and `events`.
"""

from typing import Final, get_args

from agentctl.contract.baseline import Baseline
from agentctl.evals.report import EvalReport
from agentctl.evals.results import CaseOutcome, CaseResult, Change, named
from agentctl.events.evals import TrialJudged
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.errors import Place
from agentctl.foundation.money import plain

_OUTCOMES: Final[tuple[CaseOutcome, ...]] = get_args(CaseOutcome)
_CHANGES: Final[tuple[Change, ...]] = get_args(Change)


def as_json(report: EvalReport) -> JsonObject:
    """Return all that is known of an eval."""
    started = report.started
    return {
        "eval": report.eval,
        "agent": started.agent,
        "version": started.version,
        "version_tag": started.version_tag,
        "environment": started.environment,
        "golden_set": report.golden_set,
        "golden_set_digest": started.golden_set_digest,
        "seed": started.seed,
        "takes_seeds": report.takes_seeds,
        "verdict": report.verdict.kind,
        "exit_code": int(report.verdict.exit_code),
        "reasons": list(report.verdict.reasons),
        "counts": _counts(report),
        "cost_usd": plain(report.cost_usd),
        "max_cost_usd": None if started.max_cost_usd is None else plain(started.max_cost_usd),
        "duration_ms": report.duration_ms,
        "baseline": None if report.baseline is None else _baseline(report.baseline),
        "changes": list(report.changes),
        "cases": [_case(result, report.places.get(result.case.id)) for result in report.results],
    }


def _counts(report: EvalReport) -> JsonObject:
    changes = [result.change for result in report.results]
    return {
        "outcomes": {outcome: len(named(report.results, outcome)) for outcome in _OUTCOMES},
        "changes": {change: changes.count(change) for change in _CHANGES},
        "trials": sum(len(result.trials) for result in report.results),
    }


def _baseline(baseline: Baseline) -> JsonObject:
    return {
        "version": baseline.version,
        "version_tag": baseline.version_tag,
        "environment": baseline.environment,
        "eval": baseline.eval,
        "blessed_by": baseline.blessed_by,
        "blessed_on": baseline.blessed_on,
    }


def _case(result: CaseResult, place: Place | None) -> JsonObject:
    return {
        "id": result.case.id,
        "outcome": result.outcome,
        "change": result.change,
        "passes": result.passes,
        "planned": result.planned,
        "needed": result.needed,
        "skip": result.case.skip,
        "cost_usd": plain(result.cost_usd),
        "duration_ms": result.duration_ms,
        "place": None if place is None else _place(place),
        "blessed_run": None if result.blessed is None else result.blessed.run,
        "trials": [_trial(trial) for trial in result.trials],
    }


def _place(place: Place) -> JsonObject:
    return {"file": place.file, "line": place.line, "column": place.column}


def _trial(trial: TrialJudged) -> JsonObject:
    scores: list[JsonValue] = [score.model_dump(mode="json") for score in trial.scores]
    return {
        "trial": trial.trial,
        "run": trial.run,
        "outcome": trial.outcome,
        "detail": trial.detail,
        "exit_code": trial.exit_code,
        "cost_usd": plain(trial.cost_usd),
        "duration_ms": trial.duration_ms,
        "tools": list(trial.tools),
        "scores": scores,
    }
