"""Tests of raising ceilings: only up, never above the platform's, and every reason is named."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.budget.limits import lowered
from agentctl.budget.raising import differing, number, why_not_raised
from agentctl.events.run import Limits

NOW = Limits(
    max_steps=12,
    max_input_tokens=12_000,
    max_output_tokens=1_500,
    max_cost_usd=Decimal("0.75"),
    max_tool_calls=20,
    max_refusals=10,
    max_wall_clock_seconds=900,
    max_bytes=32_000_000,
)
CEILINGS = {"max_steps": 40, "max_cost_usd": Decimal(5)}


def wanted(**changes: object) -> Limits:
    """Return other ceilings."""
    return NOW.model_copy(update=changes)


@pytest.mark.parametrize(
    "changes",
    [{"max_steps": 13}, {"max_steps": 40}, {"max_cost_usd": Decimal(5)}, {"max_bytes": 10**12}],
    ids=str,
)
def test_more_than_a_run_has_and_no_more_than_the_platform_permits_is_taken(
    changes: dict[str, object],
) -> None:
    """Up to the platform's ceiling, and that included; without a ceiling of the platform's, anything."""
    assert why_not_raised(wanted(**changes), NOW, CEILINGS) == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "no ceiling would be higher than it is"),
        ({"max_steps": 41}, "`max_steps` may be 40 at most, says the platform, and not 41"),
        (
            {"max_cost_usd": Decimal("5.000000000000000000000000000001")},
            "`max_cost_usd` may be 5 at most, says the platform, and not 5.000000000000000000000000000001",
        ),
        ({"max_steps": 11}, "`max_steps` is 12 already, and 11 is not more"),
        ({"max_bytes": None}, "`max_bytes` is 32000000 already, and none is not more"),
        ({"max_open_approvals": 5}, "`max_open_approvals` has no ceiling in this run"),
    ],
    ids=str,
)
def test_what_is_no_raise_is_refused(changes: dict[str, object], reason: str) -> None:
    """Nothing, less, no end at all, and more than the platform permits."""
    assert why_not_raised(wanted(**changes), NOW, CEILINGS) == (reason,)


def test_every_reason_is_named() -> None:
    """One wrong ceiling does not hide another, nor does a right one."""
    reasons = why_not_raised(wanted(max_steps=41, max_tool_calls=1, max_bytes=10**9), NOW, CEILINGS)
    assert [reason.split("`")[1] for reason in reasons] == ["max_steps", "max_tool_calls"]


sizes = st.integers(0, 50)
some_limits = st.builds(
    Limits,
    max_steps=sizes,
    max_input_tokens=sizes,
    max_output_tokens=sizes,
    max_cost_usd=st.decimals(0, 50, places=3),
    max_tool_calls=sizes,
    max_refusals=sizes,
    max_wall_clock_seconds=st.none() | sizes,
    max_bytes=st.none() | sizes,
)


@settings(deadline=None)
@given(
    wanted=some_limits,
    now=some_limits,
    ceilings=st.dictionaries(st.sampled_from(list(Limits.model_fields)), sizes),
)
def test_whatever_is_taken_is_a_raise_under_the_platforms_ceilings(
    wanted: Limits, now: Limits, ceilings: dict[str, int]
) -> None:
    """No ceiling that changes falls, loses its end, or goes above the platform's; and one of them rises."""
    if why_not_raised(wanted, now, ceilings):
        return
    changed = [name for name in Limits.model_fields if getattr(wanted, name) != getattr(now, name)]
    assert changed
    for name in changed:
        assert getattr(wanted, name) > getattr(now, name)
        assert name not in ceilings or getattr(wanted, name) <= ceilings[name]


def test_ceilings_are_lowered_to_the_platforms_and_raised_ones_kept_below_them() -> None:
    """Today's platform holds over every run; what a run of version 1 does not have, the platform may give it."""
    assert lowered(NOW, {"max_steps": 5, "max_cost_usd": Decimal(9), "max_open_approvals": 2}) == wanted(
        max_steps=5, max_open_approvals=2
    )
    assert lowered(NOW, {}) == NOW


def test_what_changes_is_told_in_plain_numbers() -> None:
    """Before and after, only where they differ."""
    assert differing(wanted(max_cost_usd=Decimal("1.50"), max_steps=13), NOW) == {
        "max_steps": ("12", "13"),
        "max_cost_usd": ("0.75", "1.5"),
    }
    assert number(None) == "none"
