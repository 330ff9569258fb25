"""Tests of grants: what they cover, and what they do not."""

from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agentctl.approval.grants import Grant, GrantedCall, Grants, amounts_of, evolve_grants, why_not
from agentctl.events.approval import GrantGiven, ReviewerRecord
from agentctl.events.form import GENESIS
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import ClockAnomaly
from tests.fakes.journals import RUN, result

AT = "2026-03-14T09:00:00.000000Z"
GIVEN = GrantGiven(
    grant=f"{RUN}-grant-1",
    tool="stripe.create_refund",
    facts={"charge": "ch_1"},
    up_to={"amount_usd": Decimal(40)},
    until="2026-03-14T18:00:00.000000Z",
    version="sha256:v",
    reviewer=ReviewerRecord(id="alice", kind="person", assurance="asserted"),
    reason="small ones",
    message="0" * 32,
)
GRANT = Grant(GIVEN, AT)
CALL = GrantedCall("stripe.create_refund", {"charge": "ch_1", "amount_usd": "10"}, "sha256:v", AT)


def folded(*events: AnyEvent) -> Grants:
    """Return the fold of events."""
    records = [Record(RUN, 0, 1, AT, 0, event, {}, GENESIS, "") for event in events]
    return reduce(evolve_grants, records, {})


def test_a_call_within_its_limits_is_covered() -> None:
    """This tool, this charge, up to so much, until then; to the cent."""
    assert why_not(GRANT, CALL, {}) is None
    assert why_not(GRANT, CALL, {"amount_usd": Decimal(30)}) is None


@pytest.mark.parametrize(
    ("call", "used", "reason"),
    [
        (replace(CALL, tool="stripe.lookup_charge"), {}, "it is for `stripe.create_refund`"),
        (replace(CALL, version="sha256:w"), {}, "it was given for another version of the contract"),
        (replace(CALL, now=GIVEN.until), {}, f"it ended at {GIVEN.until}"),
        (replace(CALL, facts={"charge": "ch_2", "amount_usd": "1"}), {}, "its `charge` is `ch_1`"),
        (replace(CALL, facts={"amount_usd": "1"}), {}, "its `charge` is `ch_1`"),
        (replace(CALL, facts={"charge": "ch_1"}), {}, "an amount that it limits is not known"),
        (replace(CALL, facts={"charge": "ch_1", "amount_usd": "-1"}), {}, "an amount that it limits is not known"),
        (replace(CALL, facts={"charge": "ch_1", "amount_usd": "NaN"}), {}, "an amount that it limits is not known"),
        (CALL, {"amount_usd": Decimal("30.01")}, "40 `amount_usd` are granted, 30.01 used, 10 asked"),
    ],
)  # fmt: skip
def test_a_call_outside_of_any_limit_is_not(call: GrantedCall, used: dict[str, Decimal], reason: str) -> None:
    """One limit is enough, and what is not known is over it."""
    assert why_not(GRANT, call, used) == reason


def test_a_clock_that_goes_back_ends_all_grants() -> None:
    """A grant until six has no meaning where nobody knows the hour."""
    grants = folded(GIVEN, ClockAnomaly(wall=AT, behind_seconds=90.0))
    assert why_not(grants[GIVEN.grant], CALL, {}) == "the clock went back since it was given"
    assert folded(GIVEN, result(f"{RUN}/1/0", {}))[GIVEN.grant] == GRANT


@given(st.lists(st.decimals(0, 50, places=2), max_size=12))
def test_what_is_covered_never_comes_to_more_than_was_granted(amounts: list[Decimal]) -> None:
    """Whatever is asked in whatever order: the sum of what passes stays within the grant."""
    used = Decimal(0)
    for amount in amounts:
        call = replace(CALL, facts={"charge": "ch_1", "amount_usd": str(amount)})
        if why_not(GRANT, call, {"amount_usd": used}) is None:
            taken = amounts_of(GIVEN, call.facts)
            assert taken is not None
            used += taken["amount_usd"]
    assert used <= GIVEN.up_to["amount_usd"]
