"""The long form of `requires_approval`: safe defaults, and an escalation that is asked in time."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from agentctl.contract.approval_rule import ApprovalRule


def rule(**changes: object) -> ApprovalRule:
    """Return a rule."""
    return ApprovalRule.model_validate(changes)


def step(after: str, *to: str) -> dict[str, object]:
    """Return a step of an escalation."""
    return {"after": after, "to": list(to or ("carol",))}


def test_what_is_left_out_asks_always_and_takes_no_model_for_a_person() -> None:
    """A day to answer, a quarter of an hour to execute, one of all reviewers."""
    found = rule()
    assert (found.when, found.reviewers, found.quorum, found.escalation) == ({}, (), 1, ())
    assert (found.expires_in, found.valid_for, found.model_may_approve) == ("24h", "15m", False)


def test_the_issues_example_loads() -> None:
    """Thresholds are exact amounts."""
    found = rule(when={"amount_usd_ge": Decimal(50)}, reviewers=["alice", "bob"], quorum=2, expires_in="24h")
    assert found.when == {"amount_usd_ge": Decimal(50)}
    assert found.reviewers == ("alice", "bob")


@pytest.mark.parametrize(
    "changes",
    [
        {"when": {"amount_usd": 50}},
        {"when": {"amount_usd_le": 50}},
        {"when": {"_ge": 50}},
        {"when": {"amount_usd_ge": -1}},
        {"when": {"amount_usd_ge": "50"}},
        {"when": {f"a{number}_ge": 1 for number in range(17)}},
        {"reviewers": ["Alice"]},
        {"reviewers": ["agent:refund-assistant"]},
        {"quorum": 0},
        {"quorum": 11},
        {"expires_in": "1 day"},
        {"valid_for": 15},
        {"escalation": [{"after": "1h", "to": []}]},
        {"escalation": [{"after": "1h"}]},
        {"anything": True},
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object]) -> None:
    """A misspelt threshold is no absent one."""
    with pytest.raises(ValidationError):
        rule(**changes)


def test_an_escalation_stands_in_the_order_of_time() -> None:
    """Whatever the units; two steps may come at once."""
    assert len(rule(escalation=[step("30m"), step("1h"), step("60m"), step("23h")]).escalation) == 4
    with pytest.raises(ValidationError, match="stand in the order of their time"):
        rule(escalation=[step("2h"), step("90m")])


@pytest.mark.parametrize(("after", "is_in_time"), [("59m", True), ("1h", False), ("2h", False)])
def test_nobody_is_asked_when_it_is_over(after: str, *, is_in_time: bool) -> None:
    """At the very end is too late too."""
    if is_in_time:
        assert rule(expires_in="60m", escalation=[step(after)]).escalation[0].to == ("carol",)
    else:
        with pytest.raises(ValidationError, match="when the request has expired already"):
            rule(expires_in="60m", escalation=[step(after)])
