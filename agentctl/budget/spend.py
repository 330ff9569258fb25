"""What a run has used: a pure fold over its events.

An attempt reserves its worst case before it is made and is settled after it. An attempt that was never settled, because
its process died, keeps its reservation: nobody can say that it was free.
"""

from collections.abc import Iterable, Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from functools import cached_property, reduce
from typing import Final, TypeAlias, cast

from msgspec import Struct, field

from agentctl.events.base import Event, Reservation
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed
from agentctl.events.record import kinds_of
from agentctl.events.tool import ToolIntent, ToolResult, ToolUnknown

Attempt: TypeAlias = tuple[str, int]
"""What an attempt belongs to (a call id, `model/<step>`, or `review/<approval>`) and its number."""

_Counts: TypeAlias = ModelAsked | ModelAnswered | ModelFailed | ToolIntent | ToolResult | ToolUnknown
"""What may use something."""

_COUNTS: Final = kinds_of(_Counts)

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Adds without rounding; the context of whoever calls us, which others may have changed, plays no part."""

exact: Final = _EXACT.add
"""Returns the sum of two amounts, not rounded."""


class Spend(Struct, frozen=True, dict=True):
    """Settled use, and the reservations that are still open."""

    settled: Reservation = field(default_factory=Reservation)
    open: Mapping[Attempt, Reservation] = field(default_factory=dict)
    steps: int = 0

    @cached_property
    def committed(self) -> Reservation:
        """Everything that is used or promised."""
        return total((self.settled, *self.open.values()))


def total(parts: tuple[Reservation, ...]) -> Reservation:
    """Return the sum of some reservations."""
    return reduce(_both, parts) if parts else Reservation()


def _both(one: Reservation, other: Reservation) -> Reservation:
    return Reservation(
        tool_calls=one.tool_calls + other.tool_calls,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cost_usd=exact(one.cost_usd, other.cost_usd),
        bytes=one.bytes + other.bytes,
    )


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum of some amounts, not rounded."""
    return reduce(exact, amounts, Decimal(0))


def evolve_spend(spend: Spend, event: Event) -> Spend:
    """Return the spend after one event; events that cost nothing change nothing."""
    return _counted(spend, cast("_Counts", event)) if type(event) in _COUNTS else spend


def _counted(spend: Spend, event: _Counts) -> Spend:
    match event:
        case ModelAsked():
            steps = max(spend.steps, event.step + 1)
            return _reserve(spend, (_asked_for(event), event.attempt), event.reservation, steps)
        case ModelAnswered() | ModelFailed():
            return _settle(spend, (_asked_for(event), event.attempt), event.settlement)
        case ToolIntent(purpose="agent"):
            return _reserve(spend, (event.call, event.attempt), event.reservation)
        case ToolResult(purpose="agent"):
            return _settle(spend, (event.call, event.attempt), event.settlement)
        case ToolUnknown(purpose="agent"):
            attempt = (event.call, event.attempt)
            return _settle(spend, attempt, spend.open.get(attempt, Reservation()))
        case _:
            return spend


def _asked_for(event: ModelAsked | ModelAnswered | ModelFailed) -> str:
    """Return what a model was asked for: a step of the agent, or the review of an approval request."""
    return f"model/{event.step}" if event.review is None else f"review/{event.review}"


def _reserve(spend: Spend, attempt: Attempt, reservation: Reservation, steps: int | None = None) -> Spend:
    return Spend(spend.settled, {**spend.open, attempt: reservation}, spend.steps if steps is None else steps)


def _settle(spend: Spend, attempt: Attempt, used: Reservation) -> Spend:
    still_open = {key: value for key, value in spend.open.items() if key != attempt}
    return Spend(total((spend.settled, used)), still_open, spend.steps)
