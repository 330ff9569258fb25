"""The state of an eval: what its journal tells, and from where it goes on."""

from decimal import Decimal

from agentctl.evals.state import EvalState, fold
from agentctl.events.evals import EvalCapRaised, EvalFinished, TrialStarted
from tests.fakes.evals import EVAL, golden, judged, started
from tests.fakes.journals import CASEY, chained, proposed

FINISHED = EvalFinished(
    verdict="passed",
    passed=1,
    failed=0,
    unjudged=0,
    regressions=(),
    cost_usd=Decimal("0.01"),
    reasons=("1 case passed",),
)


def begun(name: str, trial: int = 1, run: str | None = None) -> TrialStarted:
    """Return the start of a trial."""
    return TrialStarted(
        case=name, trial=trial, run=run or f"run-{name}-{trial}", seed=1, reserved_usd=Decimal("0.10")
    )


def test_an_empty_journal_tells_nothing() -> None:
    """Nothing began, nothing is under way."""
    assert fold(()) == EvalState()
    assert fold(()).under_way == ()


def test_a_finished_eval_is_told_whole() -> None:
    """Its beginning, its trials, its end; an event of something else changes nothing."""
    events = (
        started([golden("a")]),
        begun("a"),
        proposed("call/1/1", "zendesk.read_ticket", {}),
        judged("a"),
        FINISHED,
    )
    state = fold(chained(EVAL, events))
    assert (state.started, state.finished) == (events[0], FINISHED)
    assert state.judged == {("a", 1): events[3]}
    assert state.under_way == ()


def test_a_higher_cap_opens_a_finished_eval_again() -> None:
    """It began under another cap, and has not ended; what was judged stays judged."""
    raised = EvalCapRaised(max_cost_usd=Decimal(9), by=CASEY)
    state = fold(chained(EVAL, (started(), begun("a"), judged("a"), FINISHED, raised)))
    assert state.started == started().model_copy(update={"max_cost_usd": Decimal(9)})
    assert (state.finished, set(state.judged)) == (None, {("a", 1)})
    assert fold(chained(EVAL, (raised,))).started is None


def test_what_was_cut_short_is_under_way_and_counts_for_good() -> None:
    """A trial whose process died stays a start of which nothing came, even after it was tried again."""
    first, second = begun("a", run="lost"), begun("a")
    cut = fold(chained(EVAL, (started(), first)))
    again = fold(chained(EVAL, (started(), first, second, judged("a"))))
    assert cut.under_way == (first,)
    assert again.under_way == (first,)
    assert again.begun == [first, second]
