"""Budgets: a stop with its numbers, and a provider that used more than was reserved."""

from typing import ClassVar, Literal

from agentctl.events.approval import ReviewerRecord
from agentctl.events.base import Event, later
from agentctl.events.run import Limits

Meter = Literal[
    "steps",
    "tool_calls",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "refusals",
    "wall_clock_seconds",
    "bytes",
    "open_approvals",
    "approval_requests",
    "repeats",
    "near_repeats",
    "same_errors",
]


class BudgetStopped(Event):
    """Something was refused because it could have gone over a ceiling."""

    type: ClassVar[str] = "budget.stopped"
    meter: Meter
    """Which ceiling."""
    limit: str
    """The ceiling, in the meter's unit."""
    used: str
    """Settled and reserved so far."""
    asked: str
    """What the next attempt could have used."""
    call: str | None = later()
    """The tool call that was not made and stays open; None for a model call or a step."""


class BudgetOverrun(Event):
    """A provider reports more than was reserved; the excess counts, and the run stops."""

    type: ClassVar[str] = "budget.overrun"
    meter: Meter
    """Which meter."""
    reserved: str
    """What was reserved."""
    reported: str
    """What was reported."""
    step: int
    """The step of the model call."""


class BudgetRaised(Event):
    """Somebody entitled raised a run's ceilings, under the platform's; an approval like any other."""

    type: ClassVar[str] = "budget.raised"
    limits: Limits
    """All ceilings from here on."""
    instead_of: Limits | None = later()
    """All ceilings before, as the reviewer saw them."""
    reviewer: ReviewerRecord
    """Who raised them."""
    reason: str
    """Why, redacted."""
    message: str
    """The inbox message that brought it."""
    signature: str | None = None
    """The reviewer's signature over the message."""
