"""Where in a run an event stands, whatever it says: by this, two runs are laid side by side. Pure."""

import re
from functools import cache
from typing import TypeAlias

from agentctl.events.approval import ApprovalRequested
from agentctl.events.base import Event
from agentctl.events.record import AnyEvent

Place: TypeAlias = tuple[object, ...]
"""The event's type and what tells it from others of that type; of several in one place, the first belongs to the first."""

_NAMES = ("step", "call", "attempt", "purpose", "approval", "review", "webhook", "message", "escalations")
_STEP_OF_CALL = re.compile(r"[0-9A-Z]{26}[/-](\d+)[/-]")


def place_of(event: AnyEvent) -> Place:
    """Return the place of an event."""
    return (event.type, *(None if name is None else getattr(event, name) for name in _names(type(event))))


def is_named(place: Place) -> bool:
    """Return whether a place is told from others by more than its type, so that it is the same in another sitting."""
    return any(part is not None for part in place[1:])


@cache
def _names(kind: type[Event]) -> tuple[str | None, ...]:
    """Return the names that events of a type have, in order, and None in the place of each that they have not."""
    return tuple(name if name in kind.model_fields else None for name in _NAMES)


def call_of(event: AnyEvent) -> str | None:
    """Return the tool call an event is about, with its run: `<run>/0/1`."""
    if isinstance(event, ApprovalRequested):
        return event.binding.call
    call = _said(event, "call")
    return call if isinstance(call, str) else None


def short_call_of(event: AnyEvent) -> str | None:
    """Return the tool call an event is about, without its run: `0/1`."""
    call = call_of(event)
    return None if call is None else call.partition("/")[2]


def step_of(event: AnyEvent) -> int | None:
    """Return the step an event belongs to; None where it does not say."""
    step, approval = _said(event, "step"), _said(event, "approval")
    if isinstance(step, int) and approval is None:
        return step
    named = call_of(event) or approval or _said(event, "review") or ""
    found = _STEP_OF_CALL.match(str(named))
    return None if found is None else int(found.group(1))


def _said(event: AnyEvent, name: str) -> object:
    """Return what an event says under a name; None where it has no such name, which is dear to find out by asking for it."""
    return getattr(event, name) if name in _names(type(event)) else None
