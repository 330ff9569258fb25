"""What an eval's journal tells: a pure fold, from which an interrupted eval goes on."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agentctl.events.evals import EvalFinished, EvalStarted, TrialJudged, TrialStarted
from agentctl.events.record import Record


@dataclass(frozen=True, slots=True)
class EvalState:
    """An eval, as its journal tells it. Trials are named by case and number; of several starts of one the last counts."""

    started: EvalStarted | None = None
    begun: dict[tuple[str, int], TrialStarted] = field(default_factory=dict)
    judged: dict[tuple[str, int], TrialJudged] = field(default_factory=dict)
    finished: EvalFinished | None = None

    @property
    def under_way(self) -> tuple[TrialStarted, ...]:
        """The trials that were begun and not judged: their process died, or was told to stop."""
        return tuple(begun for key, begun in self.begun.items() if key not in self.judged)


def fold(records: Iterable[Record]) -> EvalState:
    """Return what a journal tells; what is no event of an eval tells nothing."""
    begun: dict[tuple[str, int], TrialStarted] = {}
    judged: dict[tuple[str, int], TrialJudged] = {}
    state = EvalState(begun=begun, judged=judged)
    for record in records:
        match record.event:
            case EvalStarted() as started:
                state = replace(state, started=started)
            case TrialStarted(case=case, trial=trial) as event:
                begun[case, trial] = event
            case TrialJudged(case=case, trial=trial) as event:
                judged[case, trial] = event
            case EvalFinished() as finished:
                state = replace(state, finished=finished)
            case _:
                pass
    return state
