"""Whether higher ceilings may take the place of a run's: pure. Asked where a letter is written, and where it is read."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from agentctl.budget.limits import Ceilings
from agentctl.events.run import Limits
from agentctl.foundation.money import plain


def why_not_raised(wanted: Limits, now: Limits, ceilings: Ceilings) -> tuple[str, ...]:
    """Return every reason why ceilings may not be raised to what is wanted; the platform's own hold over them."""
    reasons = tuple(
        reason for name in Limits.model_fields for reason in _why_not(name, wanted, now, ceilings.get(name))
    )
    if wanted == now:
        return (*reasons, "no ceiling would be higher than it is")
    return reasons


def differing(wanted: Limits, before: Limits) -> Mapping[str, tuple[str, str]]:
    """Return the ceilings that differ, by the names of `Limits`: before and after, in plain numbers."""
    return {
        name: (number(getattr(before, name)), number(value))
        for name, value in wanted
        if value != getattr(before, name)
    }


def number(value: int | Decimal | None) -> str:
    """Return a ceiling as text."""
    return "none" if value is None else plain(Decimal(value))


def _why_not(name: str, wanted: Limits, now: Limits, ceiling: int | Decimal | None) -> Iterator[str]:
    before, after = getattr(now, name), getattr(wanted, name)
    if after == before:
        return
    if before is None:
        yield f"`{name}` has no ceiling in this run"
    elif after is None or after < before:
        yield f"`{name}` is {number(before)} already, and {number(after)} is not more"
    elif ceiling is not None and after > ceiling:
        yield f"`{name}` may be {number(ceiling)} at most, says the platform, and not {number(after)}"
