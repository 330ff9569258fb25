"""What an eval's journal tells: a pure fold, from which an interrupted eval goes on."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agentctl.events.evals import EvalFinished, EvalStarted, TrialJudged, TrialStarted
from agentctl.events.record import Record


@dataclass(frozen=True, slots=True)
class EvalState:
    """An eval, as its journal tells it: every start of a trial, and what came of each trial, by case and number."""

    started: EvalStarted | None = None
    begun: list[TrialStarted] = field(default_factory=list)
    judged: dict[tuple[str, int], TrialJudged] = field(default_factory=dict)
    finished: EvalFinished | None = None

    @property
    def under_way(self) -> tuple[TrialStarted, ...]:
        """The starts of which nothing came: their process died, or was told to stop."""
        runs = {trial.run for trial in self.judged.values()}
        return tuple(begun for begun in self.begun if begun.run not in runs)


def fold(records: Iterable[Record]) -> EvalState:
    """Return what a journal tells; what is no event of an eval tells nothing."""
    begun: list[TrialStarted] = []
    judged: dict[tuple[str, int], TrialJudged] = {}
    state = EvalState(begun=begun, judged=judged)
    for record in records:
        match record.event:
            case EvalStarted() as started:
                state = replace(state, started=started)
            case TrialStarted() as event:
                begun.append(event)
            case TrialJudged(case=case, trial=trial) as event:
                judged[case, trial] = event
            case EvalFinished() as finished:
                state = replace(state, finished=finished)
            case _:
                pass
    return state
