"""The evals that tests make up are such as a real journal and a real golden set could hold."""

from decimal import Decimal

from agentctl.contract.baseline import baseline_text
from agentctl.evals.state import fold
from agentctl.events.evals import EvalStarted, TrialJudged
from agentctl.foundation.errors import Place
from tests.fakes.evals import (
    EVAL,
    baseline_of,
    blessed_case,
    golden,
    judged,
    report_of,
    result_of,
    score,
    started,
)
from tests.fakes.journals import chained


def test_the_events_stand_in_a_journal() -> None:
    """A made-up eval is read back from records as it was."""
    events = (started([golden("a")]), judged("a", 1, "failed", score("expected x; found y")))
    state = fold(chained(EVAL, events))
    assert state.started == events[0]
    assert state.judged == {("a", 1): events[1]}
    assert EvalStarted.model_validate(events[0].model_dump()) == events[0]
    assert TrialJudged.model_validate(events[1].model_dump()) == events[1]


def test_a_report_adds_its_trials_up() -> None:
    """Costs, durations and places are those of its results."""
    report = report_of(result_of(golden("a"), judged("a")), result_of(golden("b"), judged("b")))
    assert (report.cost_usd, report.duration_ms) == (Decimal("0.02"), 500.0)
    assert report.places["b"] == Place(report.golden_set, 20, 3)
    assert report.verdict.kind == "passed"


def test_a_baseline_can_be_written() -> None:
    """A made-up baseline has a file."""
    assert "robin" in baseline_text(baseline_of({"a": blessed_case()}))
