"""Whether the next attempt still fits under the ceilings: pure comparison of numbers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from agentctl.budget.spend import Spend, exact, exact_sum
from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetStopped, Meter
from agentctl.events.run import Limits
from agentctl.foundation.money import plain

Amount: TypeAlias = int | Decimal

Ceilings: TypeAlias = Mapping[str, Amount]
"""The platform's ceilings by the names of `Limits`; what is absent has none."""


class Time(Struct, frozen=True):
    """How long a run has been worked on, and how long the next attempt may take; seconds."""

    worked: Decimal = Decimal(0)
    next: int = 0


NO_TIME = Time()
"""For what takes no time."""


class Left(Struct, frozen=True):
    """What may still be used."""

    steps: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal


def left(spend: Spend, limits: Limits) -> Left:
    """Return what is left under the ceilings; never negative."""
    used = spend.committed
    return Left(
        steps=max(0, limits.max_steps - spend.steps),
        tool_calls=max(0, limits.max_tool_calls - used.tool_calls),
        input_tokens=max(0, limits.max_input_tokens - used.input_tokens),
        output_tokens=max(0, limits.max_output_tokens - used.output_tokens),
        cost_usd=max(Decimal(0), exact_sum((limits.max_cost_usd, used.cost_usd.copy_negate()))),
    )


def lowered(limits: Limits, ceilings: Ceilings) -> Limits:
    """Return a run's limits, raised ones too, under the platform's ceilings."""
    lower = {
        name: ceilings[name] if value is None else min(value, ceilings[name])
        for name, value in limits
        if name in ceilings
    }
    return limits.model_copy(update=lower)


def exceeded(spend: Spend, limits: Limits, asked: Reservation, time: Time = NO_TIME) -> BudgetStopped | None:
    """Return the first ceiling that the next attempt could break, with its numbers; None when it fits."""
    used = spend.committed
    rows: tuple[tuple[Meter, Amount | None, Amount, Amount], ...] = (
        ("tool_calls", limits.max_tool_calls, used.tool_calls, asked.tool_calls),
        ("input_tokens", limits.max_input_tokens, used.input_tokens, asked.input_tokens),
        ("output_tokens", limits.max_output_tokens, used.output_tokens, asked.output_tokens),
        ("cost_usd", limits.max_cost_usd, used.cost_usd, asked.cost_usd),
        ("bytes", limits.max_bytes, used.bytes, asked.bytes),
        ("wall_clock_seconds", limits.max_wall_clock_seconds, time.worked, time.next),
    )
    for meter, limit, so_far, more in rows:
        if limit is not None and exact(so_far, more) > limit:  # runs of version 1 have no limit on some
            return stopped(meter, Decimal(limit), Decimal(so_far), Decimal(more))
    return None


def stopped(meter: Meter, limit: Decimal, used: Decimal, asked: Decimal) -> BudgetStopped:
    """Return the event of a budget stop, with plain numbers."""
    return BudgetStopped(meter=meter, limit=plain(limit), used=plain(used), asked=plain(asked))


def sentence(stop: BudgetStopped) -> str:
    """Return a budget stop in words."""
    return f"the ceiling of {stop.limit} {stop.meter} could be broken: {stop.used} used or reserved, {stop.asked} more asked"
