"""The port of everybody who can answer an approval request in this process."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

from msgspec import Struct

from agentctl.events.approval import Answer, ApprovalRequested, ReviewerRecord
from agentctl.foundation.canonical import JsonObject, JsonValue


class Evidence(Struct, frozen=True):
    """What a reviewer finds by a read of its own: the value, redacted, or why there is none; and the call's id."""

    value: JsonValue
    failure: str | None
    call: str


LookUpFunction: TypeAlias = Callable[[str, str, JsonObject], Awaitable[Evidence]]
"""Reads something under a reviewer's own name: reviewer, tool, arguments."""


class Question(Struct, frozen=True):
    """What a second model is asked: what it is told to do, and the text it is to judge."""

    instructions: str
    text: str


class Said(Struct, frozen=True):
    """What a second model answered, redacted; or why there is no answer."""

    text: str | None
    why_not: str = ""


AskFunction: TypeAlias = Callable[[str, Question], Awaitable[Said]]
"""Asks a second model, by its alias."""


async def nobody_to_ask(alias: str, question: Question) -> Said:
    """Say that there is no second model."""
    del question
    return Said(None, f"no model is bound to `{alias}`")


class Case(Struct, frozen=True):
    """An approval request with what a reviewer may look at; all values redacted.

    `added` may answer since the request escalated; `answered` have answered and are not asked again.
    """

    request: ApprovalRequested
    arguments: JsonObject
    facts: Mapping[str, str]
    results: Mapping[str, JsonValue]
    real_view: str
    added: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    ask_model: AskFunction = nobody_to_ask

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Who may answer now."""
        return tuple(dict.fromkeys((*self.request.reviewers, *self.added)))

    def asks(self, name: str) -> bool:
        """Whether a reviewer of the platform's is to look at it: one who may answer and has not."""
        return name in self.reviewers and name not in self.answered


class Opinion(Struct, frozen=True):
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
