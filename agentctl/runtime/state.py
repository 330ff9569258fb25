"""Everything the next decision may look at, and nothing else: a pure fold over a run's records."""

from collections.abc import Iterable
from functools import reduce
from typing import Final, TypeAlias, TypedDict, cast

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.budget.limits import sentence
from agentctl.events.approval import ApprovalAnswered
from agentctl.events.budget import BudgetOverrun, BudgetStopped
from agentctl.events.loop import LoopDetected
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed, ModelRefused, WrittenCall
from agentctl.events.record import AnyEvent, Record, kinds_of
from agentctl.events.run import RunFinished, RunResumed, RunStarted, RunSuspended
from agentctl.gateway.state import SessionState
from agentctl.gateway.state import evolve as evolve_session


class Turn(Struct, frozen=True):
    """What a model said in one step."""

    step: int
    text: str
    calls: tuple[WrittenCall, ...]


class RunState(Struct, frozen=True):
    """A run, as its journal tells it.

    `obstacle` is why no model can be asked now, `ceiling` which budget stopped it and `stop` its numbers, `loop` what it
    would not leave off, `refusal` why the run itself is refused; a resume clears all but the last. `suspended` and `finished` are how it stopped.
    """

    session: SessionState = field(default_factory=SessionState)
    input: str = ""
    turns: tuple[Turn, ...] = ()
    obstacle: str | None = None
    ceiling: str | None = None
    stop: BudgetStopped | None = None
    loop: LoopDetected | None = None
    refusal: str | None = None
    suspended: RunSuspended | None = None
    finished: RunFinished | None = None

    @property
    def going(self) -> bool:
        """Whether there is anything left to decide."""
        return self.suspended is None and self.finished is None


def fold(records: Iterable[Record]) -> RunState:
    """Return the state after all records."""
    return reduce(evolve, records, RunState())


class _Changes(TypedDict, total=False):
    """What a record changes of a run, apart from its session."""

    input: str
    turns: tuple[Turn, ...]
    obstacle: str | None
    ceiling: str | None
    stop: BudgetStopped | None
    loop: LoopDetected | None
    refusal: str
    suspended: RunSuspended | None
    finished: RunFinished


def evolve(state: RunState, record: Record) -> RunState:
    """Return the state after one record."""
    return after(state, (record,), evolve_session(state.session, record))


def after(state: RunState, records: Iterable[Record], session: SessionState) -> RunState:
    """Return the state after records that a session has folded already: what they are to the session is not asked twice."""
    for record in records:
        changes = _changes(state, record.event)
        state = replace(state, **changes) if changes else state
    return replace(state, session=session)


_Course: TypeAlias = RunStarted | RunResumed | RunSuspended | RunFinished
"""How a run begins, goes on and stops."""

_Work: TypeAlias = (
    ModelAsked
    | ModelAnswered
    | ModelFailed
    | ModelRefused
    | BudgetStopped
    | BudgetOverrun
    | LoopDetected
    | ApprovalAnswered
)
"""What may say more, or that it cannot go on."""

_COURSE: Final = kinds_of(_Course)
_WORK: Final = kinds_of(_Work)


def _changes(state: RunState, event: AnyEvent) -> _Changes:
    if type(event) in _WORK:
        return _work(state, cast("_Work", event))
    return _course(cast("_Course", event)) if type(event) in _COURSE else {}


def _course(event: _Course) -> _Changes:
    match event:
        case RunStarted(input=text):
            return {"input": text}
        case RunResumed():
            return {"suspended": None, "obstacle": None, "ceiling": None, "stop": None, "loop": None}
        case RunSuspended() as suspension:
            return {"suspended": suspension}
        case RunFinished() as end:
            return {"finished": end}


def _work(state: RunState, event: _Work) -> _Changes:
    match event:
        case ModelAsked(review=None):
            return {"obstacle": None}
        case ModelAnswered(review=None) as answer:
            turn = Turn(answer.step, answer.text, answer.calls)
            return {"turns": (*state.turns, turn), "obstacle": None}
        case ModelFailed(review=None) as failure:
            return {"obstacle": f"{failure.failure}: {failure.message}"}
        case ModelRefused(review=None) as refusal:
            return {"refusal": "; ".join(refusal.reasons)}
        case BudgetStopped() as stop:
            return {"ceiling": sentence(stop), "stop": stop}
        case BudgetOverrun() as overrun:
            told = (
                f"the provider reports {overrun.reported} {overrun.meter}, {overrun.reserved} were reserved"
            )
            return {"ceiling": told}
        case LoopDetected(stops=True) as loop:
            return {"loop": loop}
        case ApprovalAnswered(answer="deny", ends_run=True) as denial:
            return {"refusal": f"{denial.reviewer.id} ended the run: {denial.reason}"}
        case _:
            return {}
