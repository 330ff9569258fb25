"""Model calls: which route was chosen, what was asked, what came back."""

from typing import Annotated, ClassVar, Literal

from agentctl.contract.base import AsTuple
from agentctl.events.base import Event, Part, Reservation, Texts, later


class Candidate(Part):
    """One deployment a route considered."""

    deployment: str
    """Its name."""
    model: str
    """The model's name at the provider."""
    verdict: str
    """`chosen`, `standby`, or why it was passed over."""


class RouteChosen(Event):
    """Which deployments answer this step's model call, in order, and why."""

    type: ClassVar[str] = "route.chosen"
    step: int
    """The step."""
    strategy: str
    """The strategy's name: `default`."""
    alias: str
    """The alias in the contract."""
    candidates: Annotated[tuple[Candidate, ...], AsTuple]
    """All that were considered, in order."""
    chosen: str
    """The deployment asked first."""
    why: str
    """The reason, in a sentence."""
    facts: dict[str, str]
    """The facts the strategy looked at."""


class ModelAsked(Event):
    """A model is about to be asked. The request itself follows from the journal; its digest proves it."""

    type: ClassVar[str] = "model.asked"
    step: int
    """The step."""
    attempt: int
    """Counts all attempts of the step, over all deployments, from 1."""
    deployment: str
    """Which deployment."""
    provider: str
    """Which client drives it."""
    model: str
    """The model's name at the provider."""
    request_digest: str
    """The digest of messages, tools and parameters."""
    max_output_tokens: int
    """The `max_tokens` sent."""
    reservation: Reservation
    """What it may use at most."""
    review: str | None = later()
    """The approval request that a second model is asked about; None: the agent's own model call."""


class WrittenCall(Part):
    """A tool call as the model wrote it, redacted; not judged yet."""

    call: str
    """Our id: run/step/index."""
    provider_id: str
    """The provider's id."""
    name: str
    """The name it asked for."""
    arguments: str
    """The arguments, as text."""


class ModelAnswered(Event):
    """A model answered."""

    type: ClassVar[str] = "model.answered"
    step: int
    """The step."""
    attempt: int
    """The attempt."""
    text: str
    """What it said, redacted."""
    calls: Annotated[tuple[WrittenCall, ...], AsTuple]
    """The calls it asked for."""
    finish_reason: str
    """Why it stopped, in the provider's word."""
    response_id: str
    """The provider's id of the answer."""
    response_model: str
    """The model that says it answered."""
    usage_reported: bool
    """Whether the provider counted; if not, the reservation counts."""
    settlement: Reservation
    """What it used."""
    latency_ms: float
    """How long it took."""
    review: str | None = later()
    """The approval request that a second model is asked about; None: the agent's own model call."""


class ModelFailed(Event):
    """A model did not answer."""

    type: ClassVar[str] = "model.failed"
    step: int
    """The step."""
    attempt: int
    """The attempt."""
    failure: Literal["rate_limited", "unavailable", "unknown_outcome", "refused", "not_usable"]
    """What kind of failure."""
    message: str
    """What was said, redacted."""
    settlement: Reservation
    """What it may have used: nothing, or the whole reservation."""
    latency_ms: float
    """How long it took."""
    review: str | None = later()
    """The approval request that a second model is asked about; None: the agent's own model call."""


class ModelRefused(Event):
    """A model call was refused before it was made."""

    type: ClassVar[str] = "model.refused"
    step: int
    """The step."""
    stage: str
    """The stage that refused."""
    reasons: Texts
    """Why."""
    review: str | None = later()
    """The approval request that a second model is asked about; None: the agent's own model call."""
