"""Tests of the ceilings: what fits exactly is admitted, one more is not, and the numbers are told."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.budget.limits import Left, Time, exceeded, left, sentence, stopped
from agentctl.budget.spend import Spend
from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetStopped, Meter
from agentctl.events.run import Limits

LIMITS = Limits(
    max_steps=12,
    max_input_tokens=12_000,
    max_output_tokens=1_500,
    max_cost_usd=Decimal("0.75"),
    max_tool_calls=20,
    max_refusals=10,
)
USED = Spend(
    settled=Reservation(tool_calls=7, input_tokens=5_000, output_tokens=400, cost_usd=Decimal("0.5")),
    open={
        ("RUN/0/0", 1): Reservation(
            tool_calls=1, input_tokens=1_000, output_tokens=100, cost_usd=Decimal("0.1")
        )
    },
    steps=3,
)
ROOM = Reservation(tool_calls=12, input_tokens=6_000, output_tokens=1_000, cost_usd=Decimal("0.15"))
SMALLEST = {"tool_calls": 1, "input_tokens": 1, "output_tokens": 1, "cost_usd": Decimal("1e-20")}

tokens = st.integers(0, 50)
small_costs = st.decimals(0, 1, places=6)
small = st.builds(
    Reservation, tool_calls=tokens, input_tokens=tokens, output_tokens=tokens, cost_usd=small_costs
)


def test_what_fits_exactly_is_admitted() -> None:
    """At the ceiling is not above it: settled, reserved and asked together may reach it on every meter."""
    assert exceeded(USED, LIMITS, ROOM) is None
    assert exceeded(USED, LIMITS, Reservation()) is None


@pytest.mark.parametrize("meter", SMALLEST)
def test_the_smallest_bit_less_fits_and_the_smallest_bit_more_does_not(meter: Meter) -> None:
    """One below is admitted; one above is refused with its own meter and numbers."""
    room: int | Decimal = getattr(ROOM, meter)
    assert exceeded(USED, LIMITS, ROOM.model_copy(update={meter: room - SMALLEST[meter]})) is None
    stop = exceeded(USED, LIMITS, ROOM.model_copy(update={meter: room + SMALLEST[meter]}))
    assert stop is not None
    assert (stop.meter, Decimal(stop.asked)) == (meter, Decimal(room) + SMALLEST[meter])


def test_the_numbers_of_a_stop_are_plain() -> None:
    """Limit, used and asked as people write them; open reservations count as used."""
    stop = exceeded(USED, LIMITS, Reservation(cost_usd=Decimal("0.1500001")))
    assert stop == BudgetStopped(meter="cost_usd", limit="0.75", used="0.6", asked="0.1500001")
    assert (
        sentence(stop)
        == "the ceiling of 0.75 cost_usd could be broken: 0.6 used or reserved, 0.1500001 more asked"
    )


def test_a_ceiling_that_is_broken_already_admits_nothing_not_even_what_is_free() -> None:
    """A provider that used more than was reserved stops the run on every meter it broke."""
    over = Spend(settled=Reservation(input_tokens=12_001))
    stop = exceeded(over, LIMITS, Reservation())
    assert stop == BudgetStopped(meter="input_tokens", limit="12000", used="12001", asked="0")


@settings(deadline=None)
@given(settled=small, opened=st.lists(small, max_size=3), asked=small, ceiling=small)
def test_exactly_what_fits_is_admitted(
    settled: Reservation, opened: list[Reservation], asked: Reservation, ceiling: Reservation
) -> None:
    """An attempt is admitted if and only if all meters, counted exactly, stay at or under their ceilings."""
    spend = Spend(settled=settled, open={(f"RUN/{index}/0", 1): item for index, item in enumerate(opened)})
    limits = Limits(
        max_steps=1,
        max_input_tokens=ceiling.input_tokens,
        max_output_tokens=ceiling.output_tokens,
        max_cost_usd=ceiling.cost_usd,
        max_tool_calls=ceiling.tool_calls,
        max_refusals=1,
    )
    everything = (settled, *opened, asked)
    fits = all(
        sum(Fraction(getattr(part, meter)) for part in everything) <= Fraction(getattr(ceiling, meter))
        for meter in SMALLEST
    )
    assert (exceeded(spend, limits, asked) is None) == fits


def test_money_is_compared_without_rounding() -> None:
    """A ceiling of twelve digits and a cost of a millionth of a millionth: more than a float, or 28 digits, can tell."""
    limits = LIMITS.model_copy(update={"max_cost_usd": Decimal(10**12)})
    spend = Spend(settled=Reservation(cost_usd=Decimal(10**12)))
    assert exceeded(spend, limits, Reservation(cost_usd=Decimal("1e-21"))) is not None
    with localcontext() as context:
        context.prec = 2
        assert exceeded(USED, LIMITS, Reservation(cost_usd=Decimal("0.150001"))) is not None
        assert left(USED, LIMITS).cost_usd == Decimal("0.15")


def test_what_is_left_is_counted_after_reservations() -> None:
    """What others hold at the moment is not free."""
    assert left(USED, LIMITS) == Left(
        steps=9, tool_calls=12, input_tokens=6_000, output_tokens=1_000, cost_usd=Decimal("0.15")
    )


def test_nothing_is_left_is_nothing_and_never_less() -> None:
    """A broken ceiling leaves zero."""
    much = Reservation(tool_calls=99, input_tokens=99_999, output_tokens=99_999, cost_usd=Decimal(9))
    assert left(Spend(settled=much, steps=99), LIMITS) == Left(0, 0, 0, 0, Decimal(0))


def test_a_stop_reads_the_same_however_its_numbers_were_written() -> None:
    """Equal amounts are equal text."""
    assert stopped("steps", Decimal("12.0"), Decimal("1.20e1"), Decimal(1)) == BudgetStopped(
        meter="steps", limit="12", used="12", asked="1"
    )


def test_bytes_have_a_ceiling_where_the_run_has_one() -> None:
    """What was moved and what an attempt could move, together; a run of version 1 has no such ceiling."""
    used = Spend(settled=Reservation(bytes=900), open={("RUN/0/0", 1): Reservation(bytes=50)})
    limits = LIMITS.model_copy(update={"max_bytes": 1_000})
    assert exceeded(used, limits, Reservation(bytes=50)) is None
    assert exceeded(used, limits, Reservation(bytes=51)) == BudgetStopped(
        meter="bytes", limit="1000", used="950", asked="51"
    )
    assert exceeded(used, LIMITS, Reservation(bytes=10**12)) is None


def test_an_attempt_is_only_begun_when_its_whole_time_out_fits() -> None:
    """Seconds, exact to the microsecond; a run of version 1 may take as long as it likes."""
    limits = LIMITS.model_copy(update={"max_wall_clock_seconds": 900})
    assert exceeded(USED, limits, ROOM, Time(Decimal(870), 30)) is None
    assert exceeded(USED, limits, ROOM, Time(Decimal("870.000001"), 30)) == BudgetStopped(
        meter="wall_clock_seconds", limit="900", used="870.000001", asked="30"
    )
    assert exceeded(USED, LIMITS, ROOM, Time(Decimal(10**9), 30)) is None


def test_what_takes_no_time_is_not_measured_against_the_clock() -> None:
    """Whether a ceiling is broken already is asked of what was spent, not of time that goes on by itself."""
    assert exceeded(USED, LIMITS.model_copy(update={"max_wall_clock_seconds": 1}), Reservation()) is None
