"""What reports of an eval say of a case, whatever their form: why it is wanting, and how its trials went. Pure."""

from collections.abc import Iterator
from typing import Final

from agentctl.evals.report import EvalReport
from agentctl.evals.results import CaseResult
from agentctl.events.evals import Score, TrialJudged

GRAVEST_FIRST: Final = ("regressed", "failed", "unjudged", "not tried")
_DIGEST: Final = 19


def short(digest: str) -> str:
    """Return the beginning of a digest: enough to name a version."""
    return digest[:_DIGEST]


def version_shown(report: EvalReport) -> str:
    """Return what people call the version that was tried: its tag, else the beginning of its digest."""
    return report.started.version_tag or short(report.started.version)


def word_for(result: CaseResult) -> str:
    """Return what a case came to, in a word or two."""
    return "regressed" if result.change == "regressed" else result.outcome.replace("_", " ")


def wanting(report: EvalReport) -> tuple[CaseResult, ...]:
    """Return the cases that are neither passed nor skipped, the gravest first."""
    found = [result for result in report.results if word_for(result) in GRAVEST_FIRST]
    return tuple(sorted(found, key=lambda result: GRAVEST_FIRST.index(word_for(result))))


def reasons_of(result: CaseResult) -> tuple[str, ...]:
    """Return every reason why a case is wanting: each hard assertion that does not hold, each trial without judgement."""
    sentences = [sentence for trial in result.trials for sentence in _of_trial(trial, result)]
    left = result.planned - len(result.trials)
    if result.outcome == "not_tried":
        sentences.append(f"{left} of {result.planned} trials were not made")
    return tuple(sentences)


def _of_trial(trial: TrialJudged, result: CaseResult) -> Iterator[str]:
    if trial.outcome == "passed":
        return
    head = "" if result.planned == 1 else f"trial {trial.trial}: "
    if trial.detail or trial.outcome != "failed":
        yield f"{head}{trial.detail or trial.outcome.replace('_', ' ')}"
    yield from (f"{head}{sentence_of(score)}" for score in trial.scores if score.hard and not score.passed)


def sentence_of(score: Score) -> str:
    """Return what an assertion that does not hold says."""
    return f"{score.type}: {score.detail}"


def remarks_of(result: CaseResult) -> tuple[str, ...]:
    """Return what fails no case and should be seen: soft assertions, and failed trials of a case that passed."""
    soft = [f"trial {trial.trial}: {sentence_of(score)}" for trial, score in result.remarks]
    lost = reasons_of(result) if result.outcome == "passed" else ()
    return (*soft, *lost)


def trials_shown(result: CaseResult) -> str:
    """Return how many trials passed, and how many must."""
    return f"{result.passes} of {result.planned} trials passed, {result.needed} must"
