"""The port of everybody who can answer an approval request in this process."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from agentctl.events.approval import Answer, ApprovalRequested, ReviewerRecord
from agentctl.foundation.canonical import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a reviewer finds by a read of its own: the value, redacted, or why there is none; and the call's id."""

    value: JsonValue
    failure: str | None
    call: str


LookUpFunction: TypeAlias = Callable[[str, str, JsonObject], Awaitable[Evidence]]
"""Reads something under a reviewer's own name: reviewer, tool, arguments."""


@dataclass(frozen=True, slots=True)
class Case:
    """An approval request with what a reviewer may look at; all values redacted."""

    request: ApprovalRequested
    arguments: JsonObject
    facts: Mapping[str, str]
    results: Mapping[str, JsonValue]
    real_view: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reviewer says; `escalate` leaves it to the others."""

    answer: Answer
    reason: str
    reviewer: ReviewerRecord
    looked_up: tuple[str, ...] = ()
    ends_run: bool = False


class Reviewer(Protocol):
    """Somebody in this process who may be asked."""

    async def review(self, case: Case, look_up: LookUpFunction) -> Opinion | None:
        """Return an opinion, or None when nobody is there to give one."""
        ...
