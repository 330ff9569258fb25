"""Grants: several calls approved at once, within limits. Whether a grant covers a call is a pure comparison."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentctl.events.approval import GrantGiven
from agentctl.events.record import Record
from agentctl.events.run import ClockAnomaly
from agentctl.foundation.money import parse_decimal, plain


class Grant(Struct, frozen=True):
    """A grant as it stands; `void` after the clock went back."""

    given: GrantGiven
    given_at: str
    void: bool = False


Grants: TypeAlias = Mapping[str, Grant]
"""Every grant of a run by its id."""


class GrantedCall(Struct, frozen=True):
    """What a grant must cover."""

    tool: str
    facts: Mapping[str, str]
    version: str
    now: str


def evolve_grants(grants: Grants, record: Record) -> Grants:
    """Return the grants after one record."""
    match record.event:
        case GrantGiven(grant=name) as given:
            return {**grants, name: Grant(given, record.time)}
        case ClockAnomaly():
            return {name: replace(grant, void=True) for name, grant in grants.items()}
        case _:
            return grants


def why_not(grant: Grant, call: GrantedCall, used: Mapping[str, Decimal]) -> str | None:
    """Return why a grant does not cover a call; None when it does. `used` is what its calls took of it, by fact."""
    given = grant.given
    if grant.void:
        return "the clock went back since it was given"
    if call.now >= given.until:
        return f"it ended at {given.until}"
    if call.tool != given.tool:
        return f"it is for `{given.tool}`"
    if call.version != given.version:
        return "it was given for another version of the contract"
    different = next((name for name, value in given.facts.items() if call.facts.get(name) != value), None)
    if different is not None:
        return f"its `{different}` is `{given.facts[different]}`"
    return _over(given, call, used)


def amounts_of(grant: GrantGiven, facts: Mapping[str, str]) -> dict[str, Decimal] | None:
    """Return what a call takes of a grant, by fact; None where an amount is not known, negative, or no amount."""
    amounts = {}
    for name in grant.up_to:
        try:
            amounts[name] = parse_decimal(facts.get(name, ""))
        except ValueError:
            return None
        if amounts[name] < 0:
            return None
    return amounts


def _over(given: GrantGiven, call: GrantedCall, used: Mapping[str, Decimal]) -> str | None:
    amounts = amounts_of(given, call.facts)
    if amounts is None:
        return "an amount that it limits is not known"
    for name, amount in amounts.items():
        so_far = used.get(name, Decimal(0))
        if so_far + amount > given.up_to[name]:
            return f"{plain(given.up_to[name])} `{name}` are granted, {plain(so_far)} used, {plain(amount)} asked"
    return None
