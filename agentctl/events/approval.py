"""Approvals: requested, answered, expired; and inbox messages that were refused."""

from typing import Annotated, ClassVar, Literal

from agentctl.contract.base import AsTuple
from agentctl.contract.tool import RiskTier
from agentctl.events.base import Event, Object, Part, Texts, Usd, later

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


class Escalation(Part):
    """Who else may answer when time passes."""

    after_seconds: int
    """How long after the request."""
    reviewers: Texts
    """Who may answer from then on, in addition."""


class ApprovalTerms(Part):
    """What one authority demands of an approval; absent parts demand nothing."""

    quorum: int = 1
    """How many must approve."""
    reviewers: Texts = ()
    """Who may answer; empty: anybody the environment names."""
    expires_in_seconds: int | None = None
    """How long somebody may take to answer."""
    valid_for_seconds: int | None = None
    """How long after the approval the call may be executed."""
    escalation: Annotated[tuple[Escalation, ...], AsTuple] = ()
    """Who else may answer when time passes, in order."""
    model_may_approve: bool = False
    """Whether a model's approval counts."""
    grants: bool = True
    """Whether a grant of several calls is enough."""


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
    escalation: Annotated[tuple[Escalation, ...], AsTuple] = later(())
    """Who else may answer when time passes, in order."""
    model_may_approve: bool = later(default=False)
    """Whether a model's approval counts."""
    risk_tier: RiskTier | None = later()
    """How much is at stake."""


class ReviewerRecord(Part):
    """Who answered, and how sure we are of it."""

    id: str
    """The name."""
    kind: Literal["person", "rule", "model"]
    """What kind of reviewer."""
    assurance: Literal["asserted", "signed", "platform"]
    """`asserted`: a name that somebody gave; `signed`: by the reviewer's own key; `platform`: our own rule."""
    key: str | None = later()
    """The fingerprint of the key that signed."""
    boundary: Literal["uid", "none"] | None = later()
    """`uid`: the answer came from another user of the machine than the run's; `none`: nothing separates them."""


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
    changes: Object | None = None
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
    changes_digest: str | None = later()
    """The digest of the changed arguments, made as that of the proposal's."""


class ApprovalExpired(Event):
    """Nobody answered in time: a denial."""

    type: ClassVar[str] = "approval.expired"
    approval: str
    """The request."""


class ApprovalEscalated(Event):
    """More people may answer from here on."""

    type: ClassVar[str] = "approval.escalated"
    approval: str
    """The request."""
    step: int
    """Which step of its escalation, from 0."""
    reviewers: Texts
    """Who may answer in addition."""
    why: str
    """Time passed, or somebody left it to others."""


class ApprovalAnnounced(Event):
    """A request was announced outside, or could not be."""

    type: ClassVar[str] = "approval.announced"
    approval: str
    """The request."""
    webhook: str
    """Where."""
    delivered: bool
    """Whether the other side took it."""
    attempts: int
    """How often it was tried."""
    detail: str
    """The status, or what went wrong; redacted."""
    escalations: int = 0
    """How many steps of its escalation had come by then; each is announced anew."""


class GrantGiven(Event):
    """A reviewer approves several calls at once, within limits; recorded like any approval."""

    type: ClassVar[str] = "approval.grant"
    grant: str
    """The grant's id."""
    tool: str
    """The only tool it is for."""
    facts: dict[str, str]
    """What the calls' facts must be: `charge` is `ch_1`."""
    up_to: dict[str, Usd]
    """What the granted calls' amounts may come to together, by fact."""
    until: str
    """Until when, RFC 3339."""
    version: str
    """The version of the contract it was given for."""
    reviewer: ReviewerRecord
    """Who gave it."""
    reason: str
    """Why, redacted."""
    message: str
    """The inbox message that brought it."""
    signature: str | None = None
    """The reviewer's signature over the message."""


class MessageRefused(Event):
    """An inbox message was not accepted; it changed nothing."""

    type: ClassVar[str] = "inbox.refused"
    message: str
    """The message's id."""
    reasons: Texts
    """Why."""
