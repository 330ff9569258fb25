"""An inbox message: one answer or order to a run, as one file, created once."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from agentctl.events.approval import Binding
from agentctl.events.run import Limits
from agentctl.foundation.canonical import JsonObject, JsonValue, canonical_bytes


class MessageBase(BaseModel):
    """What all messages share. A model is built when it is first used."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    v: Literal[1] = 1
    """The form's version."""
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    """Random; also the file's name."""
    run: Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
    """The run it is for."""
    at: str
    """When it was written, RFC 3339 in UTC."""
    by: Annotated[str, Field(min_length=1, max_length=128)]
    """Who says this; proved by the signature, else asserted."""
    reason: Annotated[str, Field(max_length=2_000)] = ""
    """Why."""
    void: Literal["below_a_tool", "refused"] | None = None
    """Why it must not count: an attempt that was turned down where it was made, left for the record."""
    signature: str | None = None
    """Signature of `by` over everything else."""

    def signed_bytes(self) -> bytes:
        """Return the bytes a signature covers."""
        body: dict[str, JsonValue] = self.model_dump(mode="json", exclude={"signature"})
        return canonical_bytes(body)


class AnswerMessage(MessageBase):
    """A reviewer's answer to an approval request."""

    kind: Literal["answer"] = "answer"
    """This kind of message."""
    approval: Annotated[str, Field(max_length=128)]
    """The request."""
    answer: Literal["approve", "deny", "approve_with_changes", "escalate"]
    """What they say."""
    changes: JsonObject | None = None
    """For `approve_with_changes`: the arguments instead."""
    ends_run: bool = False
    """Whether a denial ends the run."""
    binding: Binding
    """What they saw."""


class ResolveMessage(MessageBase):
    """An operator's word on a call in doubt."""

    kind: Literal["resolve"] = "resolve"
    """This kind of message."""
    call: Annotated[str, Field(max_length=128)]
    """The call."""
    verdict: Literal["executed", "not_executed", "retry"]
    """What they found."""


class GrantMessage(MessageBase):
    """A reviewer's approval of several calls at once, within limits."""

    kind: Literal["grant"] = "grant"
    """This kind of message."""
    tool: Annotated[str, Field(max_length=128)]
    """The only tool it is for."""
    facts: dict[str, str]
    """What the calls' facts must be."""
    up_to: dict[str, str]
    """What the granted calls' amounts may come to together, by fact; decimal text."""
    until: str
    """Until when, RFC 3339 in UTC."""
    version: str
    """The version of the contract it is given for."""


class RaiseMessage(MessageBase):
    """A reviewer's approval of higher ceilings."""

    kind: Literal["raise"] = "raise"
    """This kind of message."""
    limits: Limits
    """All ceilings from then on."""
    instead_of: Limits
    """All ceilings as the reviewer saw them."""


class HaltMessage(MessageBase):
    """An order to stop."""

    kind: Literal["halt"] = "halt"
    """This kind of message."""


Message = Annotated[
    AnswerMessage | ResolveMessage | GrantMessage | RaiseMessage | HaltMessage, Field(discriminator="kind")
]
"""Anything that may lie in an inbox."""
