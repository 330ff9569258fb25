"""Approvals: requested, answered, expired; and inbox messages that were refused."""

from typing import ClassVar, Literal

from agentctl.events.base import Event, Part, Texts
from agentctl.foundation.canonical import JsonObject

Answer = Literal["approve", "deny", "approve_with_changes", "escalate"]


class Binding(Part):
    """What exactly is approved. Any difference at execution makes the approval void."""

    run: str
    """The run."""
    step: int
    """The step."""
    call: str
    """The call."""
    attempt: int
    """The attempt."""
    descriptor_digest: str
    """The tool descriptor."""
    arguments_digest: str
    """The canonical arguments."""
    version: str
    """The contract and all it refers to."""
    policy_digest: str
    """All policies that judged it, together."""
    view_digest: str
    """The text the reviewer saw, at its fixed width."""


class ApprovalRequested(Event):
    """A call waits for somebody else's answer."""

    type: ClassVar[str] = "approval.requested"
    approval: str
    """The request's id; it names the run and the call."""
    binding: Binding
    """What exactly is asked."""
    tool: str
    """The tool."""
    requester: str
    """For whom the run acts; never approves."""
    actor: str
    """The agent; never approves."""
    reviewers: Texts
    """Who may answer."""
    quorum: int
    """How many must approve."""
    expires_at: str
    """Until when an answer counts; then it is a denial."""
    valid_for_seconds: int
    """How long after the approval the call may be executed."""
    reasons: Texts
    """Why approval is needed."""
    view: str
    """The text the reviewer sees, redacted; real values are put back at the reviewer's edge."""


class ReviewerRecord(Part):
    """Who answered, and how sure we are of it."""

    id: str
    """The name."""
    kind: Literal["person", "rule", "model"]
    """What kind of reviewer."""
    assurance: Literal["asserted", "signed", "platform"]
    """`asserted`: a name that somebody gave; `signed`: by the reviewer's own key; `platform`: our own rule."""


class ApprovalAnswered(Event):
    """Somebody answered. The request's fold says whether that is enough."""

    type: ClassVar[str] = "approval.answered"
    approval: str
    """The request."""
    answer: Answer
    """What they said; `escalate` leaves it to the others."""
    reviewer: ReviewerRecord
    """Who."""
    reason: str
    """Why, redacted; a denial's reason is shown to the model."""
    changes: JsonObject | None = None
    """For `approve_with_changes`: the arguments instead."""
    ends_run: bool = False
    """Whether a denial ends the run."""
    binding: Binding
    """What they saw."""
    message: str | None = None
    """The inbox message that brought it; None for a reviewer in this process."""
    signature: str | None = None
    """The reviewer's signature over the answer."""
    looked_up: Texts = ()
    """Calls the reviewer made to find out."""


class ApprovalExpired(Event):
    """Nobody answered in time: a denial."""

    type: ClassVar[str] = "approval.expired"
    approval: str
    """The request."""


class MessageRefused(Event):
    """An inbox message was not accepted; it changed nothing."""

    type: ClassVar[str] = "inbox.refused"
    message: str
    """The message's id."""
    reasons: Texts
    """Why."""
