"""Tests of the spend: what was settled stays counted, what was promised stays reserved, and no cent is rounded away."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import reduce
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.budget.spend import Spend, evolve_spend, exact_sum, total
from agentctl.events.base import Event, Reservation
from agentctl.events.model import ModelAnswered, ModelAsked, ModelFailed
from agentctl.events.record import EVENT_TYPES
from agentctl.events.tool import Purpose, ToolIntent, ToolResult, ToolUnknown
from tests.fakes.events import events_of
from tests.fakes.journals import intended, result

costs = st.decimals(0, 1_000_000, places=12)
reservations = st.builds(
    Reservation,
    tool_calls=st.integers(0, 9),
    input_tokens=st.integers(0, 10**9),
    output_tokens=st.integers(0, 10**9),
    cost_usd=costs,
    bytes=st.integers(0, 10**9),
)


@dataclass(frozen=True)
class Planned:
    """One attempt of a story: what it reserves, and how it ends, if it does."""

    kind: Literal["model", "tool"]
    reserved: Reservation
    end: Literal["answered", "failed", "unknown", "crashed"]
    used: Reservation


planned = st.builds(
    Planned,
    st.sampled_from(["model", "tool"]),
    reservations,
    st.sampled_from(["answered", "failed", "unknown", "crashed"]),
    reservations,
)


def asked(step: int, attempt: int, reservation: Reservation) -> ModelAsked:
    """Return a model's attempt."""
    return ModelAsked(
        step=step,
        attempt=attempt,
        deployment="small",
        provider="scripted",
        model="small",
        request_digest="sha256:",
        max_output_tokens=10,
        reservation=reservation,
    )


def answered(step: int, attempt: int, used: Reservation) -> ModelAnswered:
    """Return a model's answer."""
    return ModelAnswered(
        step=step,
        attempt=attempt,
        text="",
        calls=(),
        finish_reason="stop",
        response_id="",
        response_model="",
        usage_reported=True,
        settlement=used,
        latency_ms=1.0,
    )


def failed(step: int, attempt: int, used: Reservation) -> ModelFailed:
    """Return a model's failure."""
    return ModelFailed(
        step=step, attempt=attempt, failure="unavailable", message="", settlement=used, latency_ms=1.0
    )


def intent(call: str, attempt: int, reservation: Reservation, purpose: Purpose = "agent") -> ToolIntent:
    """Return a tool's attempt."""
    one = intended(call, "stripe.create_refund", {}, attempt=attempt, purpose=purpose)
    return one.model_copy(update={"reservation": reservation})


def ended(call: str, attempt: int, used: Reservation, purpose: Purpose = "agent") -> ToolResult:
    """Return a tool's result."""
    return result(call, {}, attempt=attempt, purpose=purpose).model_copy(update={"settlement": used})


def unknown(call: str, attempt: int, purpose: Purpose = "agent") -> ToolUnknown:
    """Return that nobody knows."""
    return ToolUnknown(call=call, attempt=attempt, purpose=purpose, reason="", status=0, latency_ms=1.0)


def spent(*events: Event) -> Spend:
    """Return the fold of some events."""
    return reduce(evolve_spend, events, Spend())


def beginning(plan: Planned, number: int) -> Event:
    """Return the event that begins an attempt."""
    if plan.kind == "model":
        return asked(number, 1, plan.reserved)
    return intent(f"RUN/{number}/0", 1, plan.reserved)


def end(plan: Planned, number: int) -> Event | None:
    """Return the event that ends an attempt; None after a crash."""
    match plan.kind, plan.end:
        case _, "crashed":
            return None
        case "model", "answered":
            return answered(number, 1, plan.used)
        case "model", _:
            return failed(number, 1, plan.used)
        case "tool", "unknown":
            return unknown(f"RUN/{number}/0", 1)
        case _:
            return ended(f"RUN/{number}/0", 1, plan.used)


def counts(plan: Planned) -> Reservation:
    """Return what an ended attempt counts: what it used, or all of it where nobody knows."""
    return plan.reserved if (plan.kind, plan.end) == ("tool", "unknown") else plan.used


def meters(part: Reservation) -> tuple[Fraction, ...]:
    """Return all meters as exact numbers."""
    return (
        Fraction(part.tool_calls),
        Fraction(part.input_tokens),
        Fraction(part.output_tokens),
        Fraction(part.cost_usd),
        Fraction(part.bytes),
    )


def added(parts: Sequence[Reservation]) -> tuple[Fraction, ...]:
    """Return the exact sum of all meters."""
    return tuple(map(sum, zip(*(meters(part) for part in (Reservation(), *parts)), strict=True)))


@settings(max_examples=60, deadline=None)
@given(st.lists(planned, max_size=8), st.randoms(use_true_random=False))
def test_nothing_settled_or_promised_is_ever_forgotten(plans: list[Planned], chance: object) -> None:
    """Attempts begin in order, end in any, or never: committed is what ended ones count and open ones reserved."""
    steps = [(number, "begin") for number in range(len(plans))]
    ends = [(number, "end") for number, plan in enumerate(plans) if end(plan, number) is not None]
    for item in ends:
        steps.insert(chance.randint(steps.index((item[0], "begin")) + 1, len(steps)), item)  # type: ignore[attr-defined]
    spend, closed, opened = Spend(), list[Reservation](), dict[int, Reservation]()
    for number, what in steps:
        event = beginning(plans[number], number) if what == "begin" else end(plans[number], number)
        assert event is not None
        spend = evolve_spend(spend, event)
        if what == "begin":
            opened[number] = plans[number].reserved
        else:
            closed.append(counts(plans[number]))
            del opened[number]
        assert meters(spend.settled) == added(closed)
        assert meters(spend.committed) == added([*closed, *opened.values()])
        assert all(a >= b for a, b in zip(meters(spend.committed), meters(spend.settled), strict=True))
    assert len(spend.open) == len(plans) - len(ends)


@settings(max_examples=60, deadline=None)
@given(st.lists(planned, max_size=8), st.randoms(use_true_random=False))
def test_only_its_own_settlement_gives_a_reservation_back(plans: list[Planned], chance: object) -> None:
    """At every prefix, so at every crash: what is committed falls with the end of an attempt alone, by what that had over."""
    told = [(number, beginning(plan, number)) for number, plan in enumerate(plans)]
    for number, plan in enumerate(plans):
        event = end(plan, number)
        if event is not None:
            begun = next(place for place, item in enumerate(told) if item[0] == number)
            told.insert(chance.randint(begun + 1, len(told)), (number, event))  # type: ignore[attr-defined]
    spend = Spend()
    for number, event in told:
        before, spend = spend, evolve_spend(spend, event)
        over = [
            reserved - counted
            for reserved, counted in zip(
                meters(plans[number].reserved), meters(counts(plans[number])), strict=True
            )
        ]
        begins = isinstance(event, ModelAsked | ToolIntent)
        change = [
            after - earlier
            for after, earlier in zip(meters(spend.committed), meters(before.committed), strict=True)
        ]
        assert change == (list(meters(plans[number].reserved)) if begins else [-rest for rest in over])


def test_a_crash_leaves_its_reservation_open_and_the_next_attempt_adds_its_own() -> None:
    """Nobody can say that an attempt without an end was free; a later attempt of the same call closes only itself."""
    worst, used = Reservation(tool_calls=1, cost_usd=Decimal("0.5")), Reservation(tool_calls=1)
    spend = spent(intent("RUN/0/0", 1, worst), intent("RUN/0/0", 2, worst), ended("RUN/0/0", 2, used))
    assert spend.open == {("RUN/0/0", 1): worst}
    assert spend.committed == Reservation(tool_calls=2, cost_usd=Decimal("0.5"))


def test_a_model_step_and_a_call_never_settle_each_other() -> None:
    """Attempts are told apart by what they belong to, also where numbers agree."""
    one = Reservation(input_tokens=5)
    spend = spent(asked(0, 1, one), asked(1, 1, one), asked(0, 2, one), answered(0, 2, Reservation()))
    assert set(spend.open) == {("model/0", 1), ("model/1", 1)}


def test_unknown_counts_as_all_that_was_reserved() -> None:
    """Where nobody knows, the worst case is settled."""
    worst = Reservation(tool_calls=1, cost_usd=Decimal("0.5"))
    spend = spent(intent("RUN/0/0", 1, worst), unknown("RUN/0/0", 1))
    assert (spend.settled, spend.open) == (worst, {})
    assert spent(unknown("RUN/0/0", 1)) == Spend()


def test_what_a_reviewer_looks_up_is_not_the_agents_spend() -> None:
    """A reviewer's read neither reserves nor settles in the agent's budget."""
    one = Reservation(tool_calls=1)
    mine = intent("RUN/0/0", 1, one)
    for event in (
        intent("RUN/0/0", 1, one, "review"),
        ended("RUN/0/0", 1, one, "review"),
        unknown("RUN/0/0", 1, "review"),
    ):
        assert spent(mine, event) == spent(mine)


def test_steps_count_the_model_calls_begun() -> None:
    """A step begins when its model is asked; further attempts of it are the same step."""
    none = Reservation()
    assert spent().steps == 0
    assert spent(asked(0, 1, none)).steps == 1
    assert spent(asked(0, 1, none), asked(2, 1, none), asked(1, 2, none)).steps == 3


COSTING = {"model.asked", "model.answered", "model.failed", "tool.intent", "tool.result", "tool.unknown"}


@pytest.mark.parametrize("kind", [kind for name, kind in EVENT_TYPES.items() if name not in COSTING])
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_events_that_cost_nothing_change_nothing(kind: type[Event], data: st.DataObject) -> None:
    """Whatever stands in them."""
    spend = spent(asked(0, 1, Reservation(input_tokens=5)))
    assert evolve_spend(spend, data.draw(events_of(kind))) is spend


def test_many_small_costs_are_exact() -> None:
    """Ten thousand times a tenth of a millionth is a thousandth, not nearly."""
    tiny = Decimal("0.0000001")
    events = [
        event
        for step in range(10_000)
        for event in (
            asked(step, 1, Reservation(cost_usd=tiny)),
            answered(step, 1, Reservation(cost_usd=tiny)),
        )
    ]
    assert spent(*events).settled.cost_usd == Decimal("0.001")


@settings(deadline=None)
@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40, places=40)
    )
)
def test_sums_are_never_rounded(amounts: list[Decimal]) -> None:
    """Not by their own digits, nor by a context that somebody else has set."""
    with localcontext() as context:
        context.prec = 3
        found = exact_sum(amounts)
        parts = total(tuple(Reservation(cost_usd=amount) for amount in amounts))
    assert Fraction(found) == sum(map(Fraction, amounts))
    assert parts.cost_usd == found


def test_the_sum_of_nothing_is_nothing() -> None:
    """A run that has done nothing has used nothing."""
    assert total(()) == Spend().committed == Reservation()
