"""What an eval's journal tells: a pure fold, from which an interrupted eval goes on."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.events.evals import EvalCapRaised, EvalFinished, EvalStarted, TrialJudged, TrialStarted
from agentctl.events.record import Record


class EvalState(Struct, frozen=True):
    """An eval, as its journal tells it: every start of a trial, and what came of each trial, by case and number.

    `started` has the cap that counts now.
    """

    started: EvalStarted | None = None
    begun: list[TrialStarted] = field(default_factory=list)
    judged: dict[tuple[str, int], TrialJudged] = field(default_factory=dict)
    finished: EvalFinished | None = None

    @property
    def under_way(self) -> tuple[TrialStarted, ...]:
        """The starts of which nothing came: their process died, or was told to stop."""
        runs = {trial.run for trial in self.judged.values()}
        return tuple(begun for begun in self.begun if begun.run not in runs)

    def under(self, cap_usd: Decimal) -> "EvalState":
        """Return the eval as it goes on under another cap: what it came to before does not count any more."""
        started = self.started and self.started.model_copy(update={"max_cost_usd": cap_usd})
        return replace(self, started=started, finished=None)


def fold(records: Iterable[Record]) -> EvalState:
    """Return what a journal tells; what is no event of an eval tells nothing."""
    begun: list[TrialStarted] = []
    judged: dict[tuple[str, int], TrialJudged] = {}
    state = EvalState(begun=begun, judged=judged)
    for record in records:
        match record.event:
            case EvalStarted() as started:
                state = replace(state, started=started)
            case EvalCapRaised(max_cost_usd=cap):
                state = state.under(cap)
            case TrialStarted() as event:
                begun.append(event)
            case TrialJudged(case=case, trial=trial) as event:
                judged[case, trial] = event
            case EvalFinished() as finished:
                state = replace(state, finished=finished)
            case _:
                pass
    return state
