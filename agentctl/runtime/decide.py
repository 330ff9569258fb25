"""What a run wants next: a pure function of its state."""

from decimal import Decimal
from functools import cache

from agentctl.budget.limits import exceeded, stopped
from agentctl.budget.loops import sentence
from agentctl.events.base import Reservation
from agentctl.runtime.intents import (
    AskModel,
    AwaitAnswers,
    CallTools,
    Finish,
    Intent,
    Refuse,
    StopAtCeiling,
    Suspend,
)
from agentctl.runtime.state import RunState, Turn


def decide(state: RunState) -> Intent:
    """Return the next intent: first what stops the run, then what is open, then the next step."""
    return _stop(state) or _open_work(state) or _next_step(state)


def _stop(state: RunState) -> Intent | None:
    limits, refusals = state.session.header.limits, state.session.refusals_to_cap
    if state.refusal is not None:
        return Refuse(state.refusal)
    if refusals >= limits.max_refusals:
        return Refuse(f"{refusals} calls were refused; the contract's cap is {limits.max_refusals}")
    if state.ceiling is not None:
        return Suspend("budget", state.ceiling)
    if state.loop is not None:
        return Suspend("loop", f"{sentence(state.loop)}; the model was told, and did not leave off")
    # A provider used more than was reserved, or today's platform permits less than was used already.
    broken = exceeded(state.session.spend, limits, _nothing())
    if broken is not None:
        return StopAtCeiling(broken)
    if state.obstacle is not None:
        return Suspend("provider_failed", state.obstacle)
    return None


@cache
def _nothing() -> Reservation:
    return Reservation()


def _open_work(state: RunState) -> Intent | None:
    """Return what the calls of the last turn still need: an operator, to be made, or an answer."""
    if not state.turns:
        return None
    turn = state.turns[-1]
    calls = [(call, state.session.calls.get(call.call)) for call in turn.calls]
    doubtful = tuple(call.call for call, known in calls if known is not None and known.status == "in_doubt")
    if doubtful:
        return Suspend("in_doubt", "find out whether it happened, then say so", doubtful)
    waiting = tuple(name for call in turn.calls for name in _waiting(state, call.call))
    if waiting:
        return AwaitAnswers(waiting)
    ready = tuple(call for call, known in calls if known is None or not known.settled)
    return CallTools(turn.step, ready) if ready else None


def _waiting(state: RunState, call: str) -> tuple[str, ...]:
    """Return the call's approval requests that nobody has answered."""
    approvals = state.session.approvals.items()
    return tuple(name for name, item in approvals if item.request.binding.call == call and item.open)


def _next_step(state: RunState) -> Intent:
    if state.turns and not state.turns[-1].calls:
        return Finish(state.turns[-1].text)
    step, limits = _step_after(state.turns), state.session.header.limits
    if step >= limits.max_steps:
        return StopAtCeiling(stopped("steps", Decimal(limits.max_steps), Decimal(step), Decimal(1)))
    return AskModel(step)


def _step_after(turns: tuple[Turn, ...]) -> int:
    return turns[-1].step + 1 if turns else 0
