"""What to type so that a run that a budget stopped goes on; pure."""

from decimal import Decimal

from agentctl.budget.limits import exceeded
from agentctl.budget.raising import number
from agentctl.cli.typed import program
from agentctl.composition.people.raises import PLATFORM_FILE, people_who_may
from agentctl.composition.runs.running import RunOutcome
from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetStopped, Meter
from agentctl.runtime.state import RunState

_CEILINGS: dict[Meter, tuple[str, str]] = {
    "steps": ("max_steps", "--max-steps"),
    "tool_calls": ("max_tool_calls", "--max-tool-calls"),
    "input_tokens": ("max_input_tokens", "--max-input-tokens"),
    "output_tokens": ("max_output_tokens", "--max-output-tokens"),
    "cost_usd": ("max_cost_usd", "--max-cost-usd"),
    "wall_clock_seconds": ("max_wall_clock_seconds", "--max-wall-clock"),
    "bytes": ("max_bytes", "--max-bytes"),
    "approval_requests": ("max_approval_requests", "--max-approval-requests"),
    "repeats": ("max_repeats", "--max-repeats"),
    "near_repeats": ("max_near_repeats", "--max-near-repeats"),
    "same_errors": ("max_same_errors", "--max-same-errors"),
}


def lines_to_raise(outcome: RunOutcome) -> tuple[tuple[str, str], ...]:
    """Return what lets the run go on and the line to type: a raise, or a resume where no ceiling stands in the way."""
    stop = _stop(outcome.state)
    if stop is None:
        return (("to go on", f"{program()} resume {outcome.run}"),)
    if stop.meter not in _CEILINGS:
        return (("what waits for an answer", f"{program()} approvals list"),)
    field, option = _CEILINGS[stop.meter]
    ceiling = outcome.governing.ceilings.get(field)
    needed = Decimal(stop.used) + Decimal(stop.asked)
    if ceiling is not None and needed > ceiling:
        about = f"the platform permits no more than {number(ceiling)}; once `{field}` is higher in {PLATFORM_FILE}"
        return ((about, _line(outcome, option, stop, needed)),)
    enough = max(needed, 2 * Decimal(stop.limit))
    asked = enough if ceiling is None else min(enough, Decimal(ceiling))
    return (("to raise the ceiling and go on", _line(outcome, option, stop, asked)),)


def _stop(state: RunState) -> BudgetStopped | None:
    """Return the numbers that stand in the way; those of a loop are a limit like any other."""
    if state.loop is not None:
        used, limit = str(state.loop.repeats), str(state.loop.limit)
        return BudgetStopped(meter=state.loop.meter, limit=limit, used=used, asked="1")
    return state.stop or exceeded(state.session.spend, state.session.header.limits, Reservation())


def _line(outcome: RunOutcome, option: str, stop: BudgetStopped, amount: Decimal) -> str:
    unit = "s" if stop.meter == "wall_clock_seconds" else ""
    whole = amount if stop.meter == "cost_usd" else amount.to_integral_value(rounding="ROUND_CEILING")
    people = people_who_may(outcome.governing, outcome.state.session.header)
    by = people[0] if people else "NAME"
    return f"{program()} approvals raise {outcome.run} {option} {number(whole)}{unit} --as {by} --resume"
