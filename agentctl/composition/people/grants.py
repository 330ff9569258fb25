"""Giving a grant: several calls of one open run approved at once, within limits, for hours at most."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from agentctl.composition.governing import recorded
from agentctl.composition.people.changes import refuse_secrets
from agentctl.composition.people.leaving import AskPassphrase, Left, leave
from agentctl.composition.project import Project
from agentctl.contract.durations import seconds_of
from agentctl.contract.tool import ToolDescriptor
from agentctl.contract.words import nearest
from agentctl.events.run import Envelope
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import UsageError
from agentctl.foundation.ids import is_principal, new_secret_id
from agentctl.foundation.money import parse_decimal
from agentctl.gateway.grants import LONGEST_GRANT_SECONDS
from agentctl.runtime.state import fold
from agentctl.trace.message import GrantMessage

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_DURATION: Final = re.compile(r"[1-9][0-9]{0,6}[smhd]", re.ASCII)
_ENDS: Final = "`18:00` (UTC), `2h`, or `2026-11-22T18:00:00Z`; 24 hours ahead at most"


class GrantOrder(Struct, frozen=True):
    """What a reviewer grants, as they typed it: `where` and `up_to` hold `name=value` each."""

    run: str
    tool: str
    where: tuple[str, ...]
    up_to: tuple[str, ...]
    until: str
    reviewer: str
    reason: str


class GrantLeft(Struct, frozen=True):
    """A grant that lies in its run's inbox, and how sure the run's writer will be of who gave it."""

    grant: GrantMessage
    left: Left


def give_grant(project: Project, order: GrantOrder, ask: AskPassphrase) -> GrantLeft:
    """Leave a grant in a run's inbox, signed where the reviewer has a key; the run's writer checks it again.

    Raises:
        UsageError: there is no such run or tool, the run has ended, the grant has no limit or too wide a one, or its giver's
            word does not count here.
    """
    state = fold(project.journals.read(order.run))
    if state.finished is not None:
        raise UsageError(f"run {order.run} has ended", "a run that is open")
    _refuse_unentitled(project, state.session.header, order)
    message = _message(project, state.session.header, order)
    for option, text in (
        ("`--reason`", order.reason),
        *((f"`--where {name}`", value) for name, value in message.facts.items()),
    ):
        refuse_secrets(project, state.session.header, option, text)
    return GrantLeft(message, leave(project, state.session.header, message, ask))


def _refuse_unentitled(project: Project, header: Envelope, order: GrantOrder) -> None:
    environment = recorded(project, header).environment.environment
    people = [
        item.name for item in environment.reviewers if item.is_person and item.name != header.principal.id
    ]
    if not is_principal(order.reviewer) or order.reviewer not in people:
        accepted = ", ".join(f"`{name}`" for name in people) or "nobody is a reviewer here"
        found = f"`{order.reviewer[:80]}` may not grant anything in this run"
        raise UsageError(found, accepted, nearest(order.reviewer, people))


def _message(project: Project, header: Envelope, order: GrantOrder) -> GrantMessage:
    descriptor, now = _descriptor(project, header, order.tool), project.clock.now()
    return GrantMessage(
        id=new_secret_id(),
        run=header.run,
        at=to_rfc3339(now),
        by=order.reviewer,
        reason=order.reason,
        tool=descriptor.name,
        facts=_facts(descriptor, order.where),
        up_to=_limits(descriptor, order.up_to),
        until=to_rfc3339(_end(order.until, now)),
        version=header.version,
    )


def _descriptor(project: Project, header: Envelope, name: str) -> ToolDescriptor:
    tools = recorded(project, header).version.tools
    if name not in tools:
        accepted = ", ".join(f"`{tool}`" for tool in tools) or "this run has no tools"
        raise UsageError(f"there is no tool `{name[:80]}` in this run", accepted, nearest(name, tools))
    return tools[name].descriptor


def _facts(descriptor: ToolDescriptor, where: Iterable[str]) -> dict[str, str]:
    facts = _pairs("--where", where)
    _refuse_unknown(descriptor, facts, tuple(descriptor.facts))
    return facts


def _limits(descriptor: ToolDescriptor, up_to: Iterable[str]) -> dict[str, str]:
    limits = _pairs("--up-to", up_to)
    amounts = tuple(name for name, fact in descriptor.facts.items() if fact.unit != "text")
    if not limits:
        raise UsageError("the grant has no limit", "`--up-to FACT=AMOUNT`")
    _refuse_unknown(descriptor, limits, amounts)
    for name, amount in limits.items():
        if not _is_amount(amount):
            raise UsageError(f"`--up-to {name}={amount[:80]}` names no amount", "a number above 0, like `40`")
    return limits


def _is_amount(text: str) -> bool:
    try:
        return parse_decimal(text) > 0
    except ValueError:
        return False


def _refuse_unknown(descriptor: ToolDescriptor, given: Mapping[str, str], known: tuple[str, ...]) -> None:
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        accepted = ", ".join(f"`{name}`" for name in known) or "it has none that could be named here"
        found = f"`{descriptor.name}` has no such fact as `{unknown[:80]}`"
        raise UsageError(found, accepted, nearest(unknown, known))


def _pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value) or name in pairs:
            raise UsageError(
                f"`{option} {text[:80]}` is no `FACT=VALUE`, or names a fact again", "each fact once"
            )
        pairs[name] = value
    return pairs


def _end(until: str, now: datetime) -> datetime:
    """Return when a grant ends: a time of day in UTC is the next one, a length of time begins now."""
    end = _moment(until, now)
    if end is None:
        raise UsageError(f"`--until {until[:80]}` is no time", _ENDS)
    if not timedelta(0) < end - now <= timedelta(seconds=LONGEST_GRANT_SECONDS):
        raise UsageError(f"`--until {until[:80]}` has passed already, or is more than 24 hours ahead", _ENDS)
    return end


def _moment(until: str, now: datetime) -> datetime | None:
    clock = _CLOCK.fullmatch(until)
    if clock is not None:
        today = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        return today if today > now else today + timedelta(days=1)
    if _DURATION.fullmatch(until):
        return now + timedelta(seconds=seconds_of(until))
    try:
        moment = datetime.fromisoformat(until)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
