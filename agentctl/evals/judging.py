"""Judging a trial: every assertion of its case says whether it holds, and what was found where it does not. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import assert_never

from agentctl.contract.golden import GoldenCase
from agentctl.contract.golden_assertions import (
    AnswerHas,
    AnswerHasSome,
    AnswerIs,
    AnswerIsJson,
    AnswerMatches,
    ApprovalWasRequested,
    Assertion,
    AtMost,
    BudgetStopped,
    CallOutcome,
    LoopDetected,
    PolicyDecision,
    PolicyNoDeny,
    RunExitCode,
    RunOutcome,
    Sql,
    StateEquals,
    StepCount,
    ToolArguments,
    ToolSequence,
    ToolUsed,
    Trajectory,
)
from agentctl.evals import answers, decisions, figures, left_behind, trajectory
from agentctl.evals.evidence import Evidence
from agentctl.evals.wording import Finding
from agentctl.events.evals import Score
from agentctl.foundation.money import plain

_NEGATED = "not-"


def judge(case: GoldenCase, evidence: Evidence) -> tuple[Score, ...]:
    """Return what every assertion of a case says of a run, in the order of the case.

    A case that does not say how its run stops expects an answer; that comes first, and its calls in order next.
    """
    scores = (
        *_expected_end(case, evidence),
        *_expected_calls(case, evidence),
        *(_score(item, evidence) for item in case.assertions),
    )
    return (*scores, *_weighed(case, scores))


def holds(scores: Sequence[Score]) -> bool:
    """Return whether a trial passed: every hard assertion holds."""
    return all(score.passed for score in scores if score.hard)


def problems_of(case: GoldenCase) -> tuple[str, ...]:
    """Return why assertions of a case can never be judged; nothing if all can."""
    schemas = (
        (item, answers.why_no_schema(item)) for item in case.assertions if isinstance(item, AnswerIsJson)
    )
    return tuple(f"`{item.type}` has a schema that cannot be used: {why}" for item, why in schemas if why)


def _expected_end(case: GoldenCase, evidence: Evidence) -> Iterator[Score]:
    if not case.says_how_it_ends:
        yield _score(RunOutcome(type="run:outcome", value="answered"), evidence)


def _expected_calls(case: GoldenCase, evidence: Evidence) -> Iterator[Score]:
    if case.trajectory:
        finding = trajectory.calls_in_order(case.trajectory, evidence)
        yield Score(type="trajectory", passed=finding.holds, hard=True, detail=finding.sentence)


def _score(item: Assertion, evidence: Evidence) -> Score:
    finding = _finding(item, evidence)
    finding = finding.turned if item.type.startswith(_NEGATED) else finding
    return Score(
        type=item.type,
        passed=finding.holds,
        hard=item.severity == "hard",
        detail=finding.sentence,
        value=finding.value,
        metric=item.metric,
        weight=None if item.weight == 1 else plain(item.weight),
    )


def _weighed(case: GoldenCase, scores: Sequence[Score]) -> Iterator[Score]:
    """Yield whether enough of a case's assertions hold, by their weights, where the case asks for that."""
    if case.threshold is None:
        return
    weights = [Decimal(1 if score.weight is None else score.weight) for score in scores]
    held = sum((weight for weight, score in zip(weights, scores, strict=True) if score.passed), Decimal(0))
    share = held / (sum(weights) or 1)
    told = plain(share.quantize(Decimal("0.0001")))
    finding = Finding(share >= case.threshold, f"a weighted share of at least {plain(case.threshold)}", told)
    yield Score(type="threshold", passed=finding.holds, hard=True, detail=finding.sentence, value=told)


def _finding(item: Assertion, evidence: Evidence) -> Finding:
    match item:
        case AnswerIs() | AnswerHas() | AnswerHasSome() | AnswerMatches() | AnswerIsJson():
            return _of_answer(item, evidence)
        case ToolUsed() | ToolSequence() | ToolArguments() | StepCount() | Trajectory():
            return _of_calls(item, evidence)
        case AtMost():
            return figures.at_most(item, evidence)
        case StateEquals():
            return left_behind.state_equals(item, evidence)
        case Sql():
            return left_behind.sql(item, evidence)
        case _:
            return _of_decisions(item, evidence)


def _of_answer(
    item: AnswerIs | AnswerHas | AnswerHasSome | AnswerMatches | AnswerIsJson, evidence: Evidence
) -> Finding:
    match item:
        case AnswerIs():
            return answers.answer_is(item, evidence)
        case AnswerHas():
            return answers.answer_has(item, evidence)
        case AnswerHasSome():
            return answers.answer_has_some(item, evidence)
        case AnswerMatches():
            return answers.answer_matches(item, evidence)
        case AnswerIsJson():
            return answers.answer_is_json(item, evidence)
        case _ as never:
            assert_never(never)


def _of_calls(
    item: ToolUsed | ToolSequence | ToolArguments | StepCount | Trajectory, evidence: Evidence
) -> Finding:
    match item:
        case ToolUsed():
            return trajectory.tool_used(item, evidence)
        case ToolSequence():
            return trajectory.tool_sequence(item, evidence)
        case ToolArguments():
            return trajectory.tool_arguments(item, evidence)
        case StepCount():
            return trajectory.step_count(item, evidence)
        case Trajectory():
            return trajectory.trajectory(item, evidence)
        case _ as never:
            assert_never(never)


def _of_decisions(
    item: PolicyDecision
    | PolicyNoDeny
    | ApprovalWasRequested
    | BudgetStopped
    | LoopDetected
    | CallOutcome
    | RunOutcome
    | RunExitCode,
    evidence: Evidence,
) -> Finding:
    match item:
        case PolicyDecision():
            return decisions.policy_decision(item, evidence)
        case PolicyNoDeny():
            return decisions.policy_no_deny(item, evidence)
        case ApprovalWasRequested():
            return decisions.approval_requested(item, evidence)
        case BudgetStopped():
            return decisions.budget_stopped(item, evidence)
        case LoopDetected():
            return decisions.loop_detected(item, evidence)
        case CallOutcome():
            return decisions.call_outcome(item, evidence)
        case RunOutcome():
            return decisions.run_outcome(item, evidence)
        case RunExitCode():
            return decisions.run_exit_code(item, evidence)
        case _ as never:
            assert_never(never)
