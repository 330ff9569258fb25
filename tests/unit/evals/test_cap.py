"""The cap: whatever trials come to, and in whatever order they end, it is never exceeded."""

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.evals.cap import Cap

ROUNDS = [7, pytest.param(2_000, marks=pytest.mark.campaign)]
_MILLS = st.integers(0, 5_000).map(lambda mills: Decimal(mills) / 1_000)


def test_without_a_cap_everything_fits() -> None:
    """None is no cap."""
    assert Cap(None).fits(Decimal(10**9))


def test_what_is_promised_counts_until_it_is_settled() -> None:
    """A cent below the cap does not fit, the cap itself does; what a trial did not use is free again."""
    cap = Cap(Decimal("1.00")).promised(Decimal("0.60"))
    assert not cap.fits(Decimal("0.41"))
    assert cap.fits(Decimal("0.40"))
    settled = cap.settled(Decimal("0.60"), Decimal("0.10"))
    assert (settled.spent_usd, settled.promised_usd) == (Decimal("0.10"), 0)
    assert settled.fits(Decimal("0.90"))


def test_what_an_earlier_process_spent_counts() -> None:
    """A resumed eval has no second cap."""
    cap = Cap(Decimal(1)).with_spent([Decimal("0.3"), Decimal("0.6")])
    assert not cap.fits(Decimal("0.11"))
    assert cap.with_spent([]) == cap


@given(_MILLS, st.lists(st.tuples(_MILLS, st.integers(0, 100), st.booleans()), max_size=40))
def test_no_order_exceeds_the_cap(most: Decimal, wishes: list[tuple[Decimal, int, bool]]) -> None:
    """Trials begin where they fit and end now or later, at any part of their worst case."""
    cap, under_way = Cap(most), list[tuple[Decimal, Decimal]]()
    for worst, share, ends in wishes:
        if cap.fits(worst):
            cap = cap.promised(worst)
            under_way.append((worst, worst * share / 100))
        if ends and under_way:
            cap = cap.settled(*under_way.pop(0))
        assert cap.spent_usd + cap.promised_usd <= most
    for trial in under_way:
        cap = cap.settled(*trial)
    assert cap.spent_usd <= most
    assert cap.promised_usd == 0


@pytest.mark.parametrize("rounds", ROUNDS)
def test_two_hundred_trials_at_once_stay_within(rounds: int) -> None:
    """They end in any order; one more begins wherever one fits; at the end the money cannot pay for another."""
    for seed in range(rounds):
        chance = random.Random(seed)
        most, worst = Decimal(chance.randrange(1, 40_000)) / 1_000, Decimal("0.101")
        cap, under_way, made = Cap(most), 0, 0
        while made < 1_000 and (under_way or cap.fits(worst)):
            if under_way < 200 and cap.fits(worst) and chance.random() < 0.7:
                cap, under_way = cap.promised(worst), under_way + 1
            elif under_way:
                cost = worst * chance.randrange(101) / 100
                cap, under_way, made = cap.settled(worst, cost), under_way - 1, made + 1
            assert cap.spent_usd + cap.promised_usd <= most
        assert made == 1_000 or not cap.fits(worst)
