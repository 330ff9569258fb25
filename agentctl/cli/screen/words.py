"""How numbers, moments, people and JSON read in an answer; pure."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from agentctl.foundation.money import plain

if TYPE_CHECKING:  # to load these takes longer than all that is done here
    from agentctl.events.approval import Answer, GrantGiven, ReviewerRecord
    from agentctl.events.base import Principal, Reservation
    from agentctl.events.tool import Credential
    from agentctl.foundation.canonical import JsonValue

_ASSURANCE: dict[Literal["asserted", "authenticated", "platform", "signed"], str] = {
    "asserted": "asserted, not proved",
    "authenticated": "authenticated",
    "platform": "the platform's own",
    "signed": "signed with their own key",
}
_ANSWERS: "dict[Answer, str]" = {
    "approve": "approved",
    "deny": "denied",
    "approve_with_changes": "approved with changes",
    "escalate": "left to others",
}


def moment(time: datetime) -> str:
    """Return a moment to the second, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC")


def length(seconds: float, *, digits: int = 3) -> str:
    """Return a length of time in the largest unit that it fills, to so many digits; milliseconds are the smallest."""
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    size, unit = next(((size, unit) for size, unit in units if seconds >= size), (0.001, "ms"))
    count = seconds / size
    return f"{count:.{digits}g} {unit}" if count < 10**digits - 0.5 else f"{count:,.0f} {unit}"


def usd(amount: Decimal) -> str:
    """Return an amount of US dollars, exact."""
    return f"{plain(amount)} USD"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 record`, `1,204 records`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def compact(value: "JsonValue") -> str:
    """Return a JSON value in one line, readable in any script."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def who(principal: "Principal") -> str:
    """Return for whom something is done, and how sure we are of it."""
    return f"{principal.id} ({_ASSURANCE[principal.assurance]})"


def chain(on_behalf_of: tuple[str, ...]) -> str:
    """Return the principals behind one, or nothing where there are none."""
    return f", on behalf of {' for '.join(on_behalf_of)}" if on_behalf_of else ""


def answered(answer: "Answer", by: "ReviewerRecord", at: datetime, reason: str) -> str:
    """Return what a reviewer said to an approval request, who that is, and how sure we are of it."""
    why = f": {reason}" if reason else ""
    return f"{_ANSWERS[answer]} by {reviewer(by)}, {moment(at)}{why}"


def reviewer(by: "ReviewerRecord") -> str:
    """Return who a reviewer is, how sure we are of it, and whether anything but a key separates them from the run."""
    beside = "; the same user of the machine as the run's" if by.boundary == "none" else ""
    key = f" {by.key}" if by.key else ""
    return f"{by.id} (a {by.kind}, {_ASSURANCE[by.assurance]}{key}{beside})"


def granted(grant: "GrantGiven", at: datetime) -> str:
    """Return what a reviewer granted, and who that is."""
    limits = ", ".join(f"{plain(amount)} {name}" for name, amount in sorted(grant.up_to.items()))
    which = "".join(f", {name} {value}" for name, value in sorted(grant.facts.items()))
    why = f": {grant.reason}" if grant.reason else ""
    what = f"{grant.tool}{which}, up to {limits}, until {grant.until}"
    return f"grant by {reviewer(grant.reviewer)}, {moment(at)}: {what}{why}"


def used(amount: "Reservation") -> str:
    """Return what is used and promised, in words."""
    parts = (
        counted(amount.tool_calls, "tool call"),
        f"{amount.input_tokens:,} tokens in",
        f"{amount.output_tokens:,} out",
        usd(amount.cost_usd),
    )
    return ", ".join(parts)


def ceilings(differing: Mapping[str, tuple[str, str]]) -> str:
    """Return which ceilings change, from what to what."""
    return ", ".join(f"{name} from {before} to {after}" for name, (before, after) in differing.items())


def journal_file(name: str) -> str:
    """Return where in a project a journal lies."""
    return f"traces/journal/{name}"


def credential(record: "Credential") -> str:
    """Return under which credential an attempt was made."""
    match record.kind:
        case "none":
            return "none: the tool reaches no backend"
        case "static":
            return f"static key for {record.audience or 'its backend'}; it does not expire"
        case "brokered":
            return (
                f"token {record.jti} for {record.audience}, scope {record.scope}, until {record.expires_at}"
            )
