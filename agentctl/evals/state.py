"""What an eval's journal tells: a pure fold, from which an interrupted eval goes on."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce

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
    """Return what a journal tells."""
    return reduce(evolve, records, EvalState())


def evolve(state: EvalState, record: Record) -> EvalState:
    """Return the state after one record; what is no event of an eval changes nothing."""
    match record.event:
        case EvalStarted() as started:
            return replace(state, started=started)
        case TrialStarted(case=case, trial=trial) as begun:
            return replace(state, begun={**state.begun, (case, trial): begun})
        case TrialJudged(case=case, trial=trial) as judged:
            return replace(state, judged={**state.judged, (case, trial): judged})
        case EvalFinished() as finished:
            return replace(state, finished=finished)
        case _:
            return state
