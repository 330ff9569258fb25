"""Tool calls: proposed, decided, refused; intended, answered; in doubt, resolved."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from agentctl.contract.base import AsTuple
from agentctl.contract.tool import Effect
from agentctl.events.approval import ApprovalTerms
from agentctl.events.base import Event, Json, Object, Part, Principal, Reservation, Source, Texts, Usd, later

Decision = Literal["allow", "deny", "needs_approval"]
Stage = Literal[
    "registered",
    "well_formed",
    "read_only",
    "permitted",
    "affordable",
    "progressing",
    "approved",
    "credentialed",
]
Purpose = Literal["agent", "review"]


class ToolProposed(Event):
    """Somebody asks for a tool call."""

    type: ClassVar[str] = "tool.proposed"
    call: str
    """Our id: run/step/index."""
    step: int
    """The step."""
    tool: str
    """The name asked for; it may not exist."""
    arguments: Json
    """The arguments, redacted; a text where they are not JSON."""
    arguments_digest: str | None
    """Digest of the redacted arguments and of the keyed digests of what was sealed; None where they are not JSON."""
    sources: dict[str, Texts] | None = None
    """JSON pointer and the sources of what stands there; None: everything seen so far."""


class PolicyAnswer(Part):
    """What one authority said."""

    authority: Literal["contract", "policy", "platform"]
    """Who was asked; the strictest answer wins."""
    policy: str
    """The policy's id."""
    digest: str
    """The digest of its text."""
    decision: Decision
    """What it said."""
    reasons: Texts = ()
    """Why: rule ids and sentences."""
    errors: Texts = ()
    """Engine errors; any error is a deny."""
    latency_us: int = 0
    """How long it took."""
    terms: ApprovalTerms | None = later()
    """What it demands of an approval, where it demands one."""


class DecisionMade(Event):
    """What policy says of a call: the strictest of all answers."""

    type: ClassVar[str] = "decision.made"
    call: str
    """The call."""
    attempt: int
    """The attempt it is for."""
    decision: Decision
    """The strictest answer."""
    answers: Annotated[tuple[PolicyAnswer, ...], AsTuple]
    """Every answer."""
    facts: dict[str, str]
    """The facts it was judged on."""
    facts_missing: dict[str, str]
    """Facts that could not be computed, and why; the restrictive reading held."""
    inputs_digest: str
    """The digest of everything the authorities were shown."""
    judged_at: str | None = later()
    """The moment they were shown, RFC 3339: with it a reader can make again what they were shown."""
    effect: Effect | None = later()
    """What the tool does to the world: a call that is refused or waits is a read or a write too."""


class ToolAmended(Event):
    """Reviewers approved other arguments than were asked: a new attempt, judged by all stages from the first."""

    type: ClassVar[str] = "tool.amended"
    call: str
    """The call."""
    approval: str
    """The request they answered."""
    by: Texts
    """Who approved these arguments."""
    arguments: Object
    """The arguments instead, redacted."""
    arguments_digest: str
    """Their digest, made as in the proposal."""


class ToolRefused(Event):
    """A call was refused; it had no effect. The model sees this and may repair it."""

    type: ClassVar[str] = "tool.refused"
    call: str
    """The call."""
    stage: Stage
    """The stage that refused."""
    reasons: Texts
    """Why, in words a model can act on."""


class Credential(Part):
    """Under which credential an attempt was made; the secret itself is nowhere."""

    kind: Literal["brokered", "static", "none"]
    """`static` is a key that does not expire."""
    jti: str | None = None
    """The token's id."""
    audience: str | None = None
    """The backend it is for."""
    scope: str | None = None
    """What it permits."""
    expires_at: str | None = None
    """When it ends."""


class Basis(Part):
    """What an attempt rests on, so that its record alone answers who, why and with what."""

    decision: Decision
    """The strictest answer of all authorities."""
    policies: dict[str, str]
    """Every policy that was asked, with the digest of its text."""
    inputs_digest: str
    """The digest of everything they were shown."""
    budget_before: Reservation
    """Used and promised before it."""
    budget_after: Reservation
    """Used and promised with it."""


class GrantUse(Part):
    """A grant that stands for an approval."""

    grant: str
    """The grant."""
    amounts: dict[str, Usd]
    """What this call takes of it, by fact."""


class ToolIntent(Event):
    """An attempt is about to be made. Durable before anything is sent."""

    type: ClassVar[str] = "tool.intent"
    call: str
    """The call."""
    attempt: int
    """Counts from 1 within the call."""
    purpose: Purpose = "agent"
    """Whether the agent asked, or a reviewer looks something up."""
    tool: str
    """The tool."""
    descriptor_digest: str
    """The descriptor's digest."""
    arguments: Object
    """The canonical arguments that will execute, redacted."""
    arguments_digest: str
    """Their digest, as in the proposal."""
    effect: Literal["read", "write", "irreversible"]
    """What it does to the world."""
    retry: Literal["safe", "keyed", "never"]
    """What may happen after a crash."""
    effect_key: str | None = None
    """The effect's name, redacted."""
    object_totals: dict[str, Usd] = Field(default_factory=dict)
    """Amounts this call adds, per object: `amount_usd:ch_1`."""
    idempotency_key: str
    """Sent with every attempt of this call; never recomputed."""
    principal: Principal
    """For whom."""
    actor: str
    """Who acts."""
    credential: Credential
    """Under which credential."""
    approvals: Texts = ()
    """The approvals it consumes."""
    reservation: Reservation
    """What it may use."""
    grant: GrantUse | None = later()
    """The grant it uses, where no approval of its own was asked for."""
    basis: Basis | None = later()
    """What it rests on; a reviewer's look-up rests on no policy."""


class ToolResult(Event):
    """An attempt ended and its outcome is known."""

    type: ClassVar[str] = "tool.result"
    call: str
    """The call."""
    attempt: int
    """The attempt."""
    purpose: Purpose = "agent"
    """As in the intent."""
    outcome: Literal["ok", "error"]
    """`error`: it certainly had no effect."""
    value: Json
    """The result, redacted; for an error its message."""
    value_digest: str
    """The result's digest."""
    status: int
    """The HTTP status, 0 where there is none."""
    final: bool
    """Whether no further attempt follows."""
    source: Source
    """What this result is as a source."""
    settlement: Reservation
    """What it used."""
    latency_ms: float
    """How long it took."""


class ToolUnknown(Event):
    """An attempt ended and nobody can say whether it had its effect; another attempt with the same key may follow."""

    type: ClassVar[str] = "tool.unknown"
    call: str
    """The call."""
    attempt: int
    """The attempt."""
    purpose: Purpose = "agent"
    """As in the intent."""
    reason: str
    """What happened, redacted."""
    status: int
    """The HTTP status, 0 where there is none."""
    latency_ms: float
    """How long it took."""


class ToolInDoubt(Event):
    """No further attempt is permitted and the outcome is not known: the run stops until somebody resolves it."""

    type: ClassVar[str] = "tool.in_doubt"
    call: str
    """The call."""
    reason: str
    """Why no further attempt is permitted."""


class ToolResolved(Event):
    """Somebody found out what became of a call in doubt."""

    type: ClassVar[str] = "tool.resolved"
    call: str
    """The call."""
    verdict: Literal["executed", "not_executed", "retry"]
    """What they found, or that it is to be tried again with the same key."""
    by: Principal
    """Who says so."""
    reason: str
    """How they know."""
    message: str
    """The inbox message that said it."""
