"""Letters that permit more than one call: a grant of several calls, and higher ceilings. Checked like any approval."""

from collections.abc import Callable

from agentctl.budget.raising import why_not_raised
from agentctl.events.approval import GrantGiven, MessageRefused, ReviewerRecord
from agentctl.events.budget import BudgetRaised
from agentctl.foundation.clock import from_rfc3339
from agentctl.foundation.money import parse_decimal
from agentctl.gateway.corridor import Corridor
from agentctl.trace.message import GrantMessage, RaiseMessage

LONGEST_GRANT_SECONDS = 24 * 3_600
"""Nobody grants anything for longer than a day."""


def grant_of(
    corridor: Corridor, message: GrantMessage, reviewer: ReviewerRecord
) -> GrantGiven | MessageRefused:
    """Return the grant a reviewer gives, or why it does not count."""
    header = corridor.state.header
    checks = (
        (corridor.parts.allowed.get(message.tool) is None, f"there is no tool `{message.tool}` here"),
        (message.version != header.version, "it is for another version of the contract"),
        (not message.up_to, "it has no limit: name an amount with `up_to`"),
        (not _holds(from_rfc3339, message.until), "its end is no time"),
        (message.until <= corridor.now, "it has ended already"),
        (_too_long(message.until, corridor.now), "it goes on for more than 24 hours"),
        (not all(_holds(parse_decimal, amount) for amount in message.up_to.values()), "a limit is no number"),
    )
    reasons = (*_not_entitled(corridor, reviewer), *(reason for applies, reason in checks if applies))
    if reasons:
        return MessageRefused(message=message.id, reasons=reasons)
    return GrantGiven(
        grant=f"{header.run}-grant-{len(corridor.state.grants) + 1}",
        tool=message.tool,
        facts=_redacted(corridor, message.facts),
        up_to={name: parse_decimal(amount) for name, amount in message.up_to.items()},
        until=message.until,
        version=message.version,
        reviewer=reviewer,
        reason=message.reason,
        message=message.id,
        signature=message.signature,
    )


def raise_of(
    corridor: Corridor, message: RaiseMessage, reviewer: ReviewerRecord
) -> BudgetRaised | MessageRefused:
    """Return the ceilings a reviewer raises, or why that does not count; the platform's ceilings hold over them."""
    header = corridor.state.header
    outdated = message.instead_of != header.limits
    reasons = (
        *_not_entitled(corridor, reviewer),
        *(("the ceilings are others by now than the ones that were shown",) if outdated else ()),
        *why_not_raised(message.limits, header.limits, corridor.parts.ceilings),
    )
    if reasons:
        return MessageRefused(message=message.id, reasons=reasons)
    return BudgetRaised(
        limits=message.limits,
        instead_of=message.instead_of,
        reviewer=reviewer,
        reason=message.reason,
        message=message.id,
        signature=message.signature,
    )


def why_not_entitled(name: str, reviewers: tuple[str, ...], requester: str) -> tuple[str, ...]:
    """Return every reason why somebody may not approve anything for a run."""
    checks = (
        (name not in reviewers, f"`{name}` is no reviewer here"),
        (name == requester, "who a run acts for never approves for it"),
    )
    return tuple(reason for applies, reason in checks if applies)


def _not_entitled(corridor: Corridor, reviewer: ReviewerRecord) -> tuple[str, ...]:
    return why_not_entitled(reviewer.id, corridor.parts.reviewer_names, corridor.state.header.principal.id)


def _redacted(corridor: Corridor, facts: dict[str, str]) -> dict[str, str]:
    """Return facts as calls have them: with the placeholders this run has for what must not be written down."""
    return {
        name: str(corridor.parts.vault.redact(value, trusted_placeholders=True))
        for name, value in facts.items()
    }


def _too_long(until: str, now: str) -> bool:
    if not _holds(from_rfc3339, until):
        return False  # named as no time already
    return (from_rfc3339(until) - from_rfc3339(now)).total_seconds() > LONGEST_GRANT_SECONDS


def _holds(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True
