"""What each case came to: its trials taken together, and what it was blessed with. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from agentctl.contract.baseline import Baseline, BlessedCase
from agentctl.contract.golden import GoldenCase
from agentctl.evals.plan import needed_of, trials_of
from agentctl.events.evals import Score, TrialJudged

CaseOutcome: TypeAlias = Literal["passed", "failed", "unjudged", "not_tried", "skipped"]
"""`unjudged`: it depends on trials that could not be judged; `not_tried`: on trials that were not made."""

Change: TypeAlias = Literal["same", "regressed", "fixed", "new", "changed"]
"""What became of a case since it was blessed; `changed`: the case itself is another one now."""


class CaseResult(Struct, frozen=True):
    """A case with its trials that are over; `needed` of `planned` trials must pass."""

    case: GoldenCase
    planned: int
    needed: int
    trials: tuple[TrialJudged, ...]
    digest: str
    blessed: BlessedCase | None = None
    compared: bool = False

    @property
    def passes(self) -> int:
        """How many trials passed."""
        return sum(trial.outcome == "passed" for trial in self.trials)

    @property
    def outcome(self) -> CaseOutcome:
        """What it comes to; trials that may still pass leave it open."""
        if self.planned == 0:
            return "skipped"
        failed = sum(trial.outcome == "failed" for trial in self.trials)
        if self.passes >= self.needed:
            return "passed"
        if self.planned - failed < self.needed:
            return "failed"
        return "not_tried" if len(self.trials) < self.planned else "unjudged"

    @property
    def change(self) -> Change | None:
        """What became of it since it was blessed; None where nothing can be said: no baseline, or no outcome."""
        if not self.compared or self.outcome not in {"passed", "failed"}:
            return None
        if self.blessed is None:
            return "new"
        if self.blessed.digest != self.digest:
            return "changed"
        if self.blessed.outcome == self.outcome:
            return "same"
        return "fixed" if self.outcome == "passed" else "regressed"

    @property
    def cost_usd(self) -> Decimal:
        """What its trials cost."""
        return sum((trial.cost_usd for trial in self.trials), Decimal(0))

    @property
    def duration_ms(self) -> float:
        """How long its trials took together."""
        return sum(trial.duration_ms for trial in self.trials)

    @property
    def failures(self) -> tuple[tuple[TrialJudged, Score], ...]:
        """Every hard assertion that does not hold, with its trial."""
        return tuple(
            (trial, score)
            for trial in self.trials
            for score in trial.scores
            if score.hard and not score.passed
        )

    @property
    def remarks(self) -> tuple[tuple[TrialJudged, Score], ...]:
        """Every soft assertion that does not hold, with its trial."""
        return tuple(
            (trial, score)
            for trial in self.trials
            for score in trial.scores
            if not score.hard and not score.passed
        )


def results_of(
    cases: Sequence[GoldenCase],
    trials: int,
    judged: Mapping[tuple[str, int], TrialJudged],
    digests: Mapping[str, str],
    baseline: Baseline | None,
) -> tuple[CaseResult, ...]:
    """Return what each case came to, in the order of the cases, whatever the order of the trials was."""
    return tuple(
        CaseResult(
            case=case,
            planned=trials_of(case, trials),
            needed=needed_of(case, trials),
            trials=_trials(case, trials, judged),
            digest=digests[case.id],
            blessed=None if baseline is None else baseline.cases.get(case.id),
            compared=baseline is not None,
        )
        for case in cases
    )


def _trials(
    case: GoldenCase, trials: int, judged: Mapping[tuple[str, int], TrialJudged]
) -> tuple[TrialJudged, ...]:
    numbers = range(1, trials_of(case, trials) + 1)
    return tuple(judged[case.id, number] for number in numbers if (case.id, number) in judged)


def named(results: Iterable[CaseResult], *outcomes: CaseOutcome) -> tuple[str, ...]:
    """Return the ids of the cases that came to one of these."""
    return tuple(result.case.id for result in results if result.outcome in outcomes)
