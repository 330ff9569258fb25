"""One run as a person asks about it: its events put together by step and call. Pure; nothing is judged anew."""

from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from agentctl.events.approval import GrantGiven, MessageRefused
from agentctl.events.budget import BudgetOverrun, BudgetRaised, BudgetStopped
from agentctl.events.loop import LoopDetected
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed, ModelRefused, RouteChosen
from agentctl.events.run import (
    ClockAnomaly,
    JournalRecovered,
    Limits,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSuspended,
)
from agentctl.events.tool import ToolResult
from agentctl.trace.index.run_rows import RunRow
from agentctl.trace.reports.call import Call, calls_of
from agentctl.trace.reports.placed import Placed, Placeds, first_after, grouped, in_order, of_type

ModelEnd: TypeAlias = ModelAnswered | ModelFailed
"""How an attempt to ask a model ended."""


class ModelCall(Struct, frozen=True):
    """One attempt to ask a model; no end where it is under way or its process died."""

    asked: Placed[ModelAsked]
    end: Placed[ModelEnd] | None


class Step(Struct, frozen=True):
    """What one step asked of models and tools."""

    step: int
    routes: tuple[Placed[RouteChosen], ...]
    model_calls: tuple[ModelCall, ...]
    model_refusals: tuple[Placed[ModelRefused], ...]
    calls: tuple[Call, ...]


class NotUnderstood(Struct, frozen=True):
    """A record whose event this version does not know."""

    seq: int
    type: str


class JournalState(Struct, frozen=True):
    """Where the run is written down and how much of it holds; None lines where the file could not be read."""

    path: str
    records: int
    lines: int | None

    @property
    def whole(self) -> bool:
        """Whether every line is a record in an unbroken chain."""
        return self.lines is not None and self.records >= self.lines


class RunReport(Struct, frozen=True):
    """Everything about one run."""

    row: RunRow
    started: RunStarted
    journal: JournalState
    head: str
    """The hash of the last record; it stands for everything before it."""
    steps: tuple[Step, ...]
    life: tuple[Placed[RunResumed | RunSuspended | RunFinished], ...]
    budget: tuple[Placed[BudgetStopped | BudgetOverrun | BudgetRaised], ...]
    loops: tuple[Placed[LoopDetected], ...]
    grants: tuple[Placed[GrantGiven], ...]
    notes: tuple[Placed[MessageRefused | ClockAnomaly | JournalRecovered], ...]
    not_understood: tuple[NotUnderstood, ...]
    spent_usd: Decimal
    """Settled, exact."""
    open_usd: Decimal
    """Reserved by model calls whose end is not known."""

    @property
    def limits(self) -> Limits:
        """The ceilings that held at last; a reviewer may raise them, a resume may lower them."""
        placed = sorted((*self.life, *self.budget), key=lambda one: one.seq)
        changed = [one.event.limits for one in placed if isinstance(one.event, RunResumed | BudgetRaised)]
        return changed[-1] if changed else self.started.envelope.limits

    @property
    def calls(self) -> tuple[Call, ...]:
        """All calls of all steps, in order."""
        return tuple(call for step in self.steps for call in step.calls)


def report_of(
    row: RunRow, journal: JournalState, placed: Placeds, not_understood: tuple[NotUnderstood, ...] = ()
) -> RunReport:
    """Return the report of a run from its events, in order; the first of them is its beginning."""
    models = _model_calls(placed)
    return RunReport(
        row=row,
        started=of_type(placed, RunStarted)[0].event,
        journal=journal,
        head=placed[-1].hash,
        steps=_steps(placed, models),
        life=in_order(
            of_type(placed, RunResumed), of_type(placed, RunSuspended), of_type(placed, RunFinished)
        ),
        budget=in_order(
            of_type(placed, BudgetStopped), of_type(placed, BudgetOverrun), of_type(placed, BudgetRaised)
        ),
        loops=of_type(placed, LoopDetected),
        grants=of_type(placed, GrantGiven),
        notes=in_order(
            of_type(placed, MessageRefused), of_type(placed, ClockAnomaly), of_type(placed, JournalRecovered)
        ),
        not_understood=not_understood,
        spent_usd=_spent(placed),
        open_usd=sum((one.asked.event.reservation.cost_usd for one in models if one.end is None), Decimal(0)),
    )


def _spent(placed: Placeds) -> Decimal:
    settled: tuple[Placed[ModelEnd | ToolResult], ...] = in_order(
        of_type(placed, ModelAnswered), of_type(placed, ModelFailed), of_type(placed, ToolResult)
    )
    return sum((one.event.settlement.cost_usd for one in settled), Decimal(0))


def _model_calls(placed: Placeds) -> tuple[ModelCall, ...]:
    ends: tuple[Placed[ModelEnd], ...] = in_order(
        of_type(placed, ModelAnswered), of_type(placed, ModelFailed)
    )
    ends_of = grouped(ends, lambda end: _attempt(end.event))
    return tuple(
        ModelCall(asked, first_after(asked, ends_of[_attempt(asked.event)]))
        for asked in of_type(placed, ModelAsked)
    )


def _attempt(event: ModelAsked | ModelEnd) -> tuple[int, int, str | None]:
    return event.step, event.attempt, event.review


def _steps(placed: Placeds, models: tuple[ModelCall, ...]) -> tuple[Step, ...]:
    routes = grouped(of_type(placed, RouteChosen), lambda one: one.event.step)
    asked = grouped(models, lambda one: one.asked.event.step)
    refusals = grouped(of_type(placed, ModelRefused), lambda one: one.event.step)
    calls = grouped(calls_of(placed), lambda call: call.step)
    return tuple(
        Step(
            number, tuple(routes[number]), tuple(asked[number]), tuple(refusals[number]), tuple(calls[number])
        )
        for number in sorted({*routes, *asked, *refusals, *calls})
    )
