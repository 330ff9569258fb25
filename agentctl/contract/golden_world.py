"""The world of one golden case: what the back office holds, what tools answer, what breaks, and what people say."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from agentctl.contract.approval_rule import ReviewerName
from agentctl.contract.base import AsTuple, Document, Name, Text
from agentctl.contract.durations import Duration
from agentctl.contract.golden_words import AnyTool, ArgumentMode, Json, JsonObject

Moment = Annotated[
    str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$", max_length=40)
]
"""A moment: `2026-03-05T10:00:00Z`."""

Line = Annotated[str, Field(max_length=20_000)]
"""Some text; it may be empty."""

Cents = Annotated[int, Field(ge=0, le=10**12)]
"""An amount in the currency's minor unit."""


class Requester(Document):
    """Who wrote a ticket."""

    id: Annotated[int, Field(ge=1)] = 9100
    """Their number."""
    name: Text = "Robin Case"
    """Their name."""
    email: Text = "robin.case@example.com"
    """Their address."""


class Customer(Document):
    """Who paid a charge; by default who writes tickets."""

    name: Text = "Robin Case"
    """Their name."""
    email: Text = "robin.case@example.com"
    """Their address."""


class TicketState(Document):
    """A ticket in the back office."""

    id: Annotated[int, Field(ge=1, le=10**12)]
    """Its number; a ticket of the environment with this number is replaced."""
    subject: Text = "A question"
    """What it is about."""
    description: Line
    """What its writer wrote."""
    status: Literal["new", "open", "pending", "hold", "solved", "closed"] = "open"
    """Its status."""
    created_at: Moment = "2026-03-01T09:00:00Z"
    """When it was written."""
    requester: Requester = Requester()
    """Who wrote it."""
    priority: Text = "normal"
    """Its priority."""
    tags: Annotated[tuple[Text, ...], AsTuple] = ()
    """Its tags."""


class ChargeState(Document):
    """A payment in the back office."""

    id: Text
    """Its id; a charge of the environment with this id is replaced."""
    amount: Annotated[int, Field(ge=1, le=10**12)]
    """How much was paid, in the currency's minor unit."""
    currency: Annotated[str, Field(pattern=r"^[a-z]{3}$")] = "usd"
    """The currency."""
    amount_refunded: Cents = 0
    """How much of it went back already."""
    created: Moment = "2026-02-20T09:00:00Z"
    """When it was paid."""
    description: Line = ""
    """What was bought."""
    customer: Customer = Customer()
    """Who paid."""
    status: Literal["succeeded", "pending", "failed"] = "succeeded"
    """Its status."""
    disputed: bool = False
    """Whether the customer disputes it."""

    @model_validator(mode="after")
    def _refunds_what_was_paid(self) -> "ChargeState":
        if self.amount_refunded > self.amount:
            raise ValueError("`amount_refunded` is more than `amount`")
        return self


class State(Document):
    """What the sandbox's back office holds when the trial begins."""

    instead: bool = False
    """In place of what the environment fills it with; else on top of that."""
    tickets: Annotated[tuple[TicketState, ...], AsTuple] = ()
    """Tickets."""
    charges: Annotated[tuple[ChargeState, ...], AsTuple] = ()
    """Payments."""

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "State":
        for what, ids in (
            ("ticket", [str(one.id) for one in self.tickets]),
            ("charge", [one.id for one in self.charges]),
        ):
            twice = sorted({one for one in ids if ids.count(one) > 1})
            if twice:
                raise ValueError(f"the {what} `{twice[0]}` stands twice")
        return self


class Mock(Document):
    """An answer in place of a tool's; the call still passes every stage of the gateway."""

    tool: AnyTool
    """The tool."""
    arguments: JsonObject | None = None
    """For calls with these arguments; absent: for all."""
    match: ArgumentMode = "superset"
    """How arguments are compared: `superset`: a call has all of these, and may have others; `exact`: these and no others."""
    result: Json = None
    """What the tool answers, as its descriptor's `result` describes it."""
    error: Text | None = None
    """What the tool says in place of an answer: it failed, and had no effect."""
    times: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """How many calls it answers; absent: all. Of several mocks that fit, the first one that is not used up answers."""

    @model_validator(mode="after")
    def _answers_or_fails(self) -> "Mock":
        if self.error is not None and "result" in self.model_fields_set:
            raise ValueError("a mock has a `result` or an `error`, not both")
        if self.error is None and "result" not in self.model_fields_set:
            raise ValueError("a mock needs `result` or `error`")
        return self


FaultKind = Literal["timeout", "http_500", "malformed", "connection_reset", "rate_limit"]
"""What goes wrong: no answer in time; a server error; an answer that cannot be read; a broken connection; told to wait."""


class Fault(Document):
    """Something that goes wrong, at the door to a tool, a backend or a model."""

    tool: AnyTool | None = None
    """In calls of this tool ..."""
    backend: Name | None = None
    """... or of any tool of this backend ..."""
    model: Name | None = None
    """... or of this alias of models; `any`: of all."""
    nth: Annotated[int, Field(ge=1, le=1_000)] = 1
    """From which of these calls on, counted from 1; attempts count, and reviewers' own look-ups too."""
    times: Annotated[int, Field(ge=1, le=1_000)] = 1
    """In how many of them."""
    do: FaultKind
    """What goes wrong."""
    effect: bool = False
    """Whether the call was carried out before its answer was lost; nobody can say so from outside."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> "Fault":
        if sum(one is not None for one in (self.tool, self.backend, self.model)) != 1:
            raise ValueError("a fault has exactly one of `tool`, `backend` and `model`")
        if self.effect and (self.model is not None or self.do == "rate_limit"):
            raise ValueError("`effect` belongs to a tool's or a backend's call whose answer was lost")
        return self


class ScriptedAnswer(Document):
    """What somebody says to an approval request."""

    reviewer: ReviewerName | None = None
    """Who; nobody for `none`."""
    tool: AnyTool | None = None
    """To requests for this tool only."""
    answer: Literal["approve", "deny", "edit", "escalate", "none"]
    """`edit`: approve other arguments; `escalate`: leave it to others; `none`: time passes, and nobody says a word."""
    reason: Annotated[str, Field(max_length=2_000)] = ""
    """Why."""
    changes: JsonObject | None = None
    """For `edit`: the arguments instead, complete."""
    ends_run: bool = False
    """Whether a denial ends the run."""
    after: Duration | None = None
    """How long after the request; absent: at once."""

    @model_validator(mode="after")
    def _is_whole(self) -> "ScriptedAnswer":
        if (self.reviewer is None) != (self.answer == "none"):
            raise ValueError("an answer needs a `reviewer`, and `none` has no reviewer")
        if (self.changes is None) != (self.answer != "edit"):
            raise ValueError("`changes` belong to `edit`")
        if self.answer == "none" and self.after is None:
            raise ValueError("`none` needs `after`: how much time passes")
        if self.ends_run and self.answer != "deny":
            raise ValueError("only a denial ends the run")
        return self


class Tape(Document):
    """What tools answered in a run that happened: `goldensets/<agent>/<case>.tape.yaml`. No call goes past it."""

    run: Text
    """The run it was taken from."""
    answers: Annotated[tuple[Mock, ...], AsTuple]
    """What was answered, in order; an answer that was given is not given again."""
