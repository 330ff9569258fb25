"""When a call needs somebody's approval, whose, and for how long: the long form of `requires_approval`."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from agentctl.contract.base import Amount, AsTuple, Document
from agentctl.contract.durations import Duration, seconds_of

ReviewerName = Annotated[str, StringConstraints(pattern=r"^(system:)?[a-z0-9][a-z0-9_-]{0,63}$")]
"""A person's name, or `system:...` for a reviewer that is part of the platform."""

Threshold = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,60}_(ge|gt)$")]
"""A fact and how it is compared: `amount_usd_ge`."""

MAX_QUORUM = 10
"""More people than that never answer in time."""


class EscalationStep(Document):
    """Who else may answer when nobody has."""

    after: Duration
    """How long after the request."""
    to: Annotated[tuple[ReviewerName, ...], AsTuple, Field(min_length=1, max_length=32)]
    """Who may answer from then on, in addition."""


class ApprovalRule(Document):
    """The long form of `requires_approval`."""

    when: dict[Threshold, Amount] = Field(default_factory=dict, max_length=16)
    """Thresholds, any of which asks for approval; an amount counts with the run's total for the same object; empty: always."""
    reviewers: Annotated[tuple[ReviewerName, ...], AsTuple, Field(max_length=32)] = ()
    """Who may answer; empty: everybody the environment names."""
    quorum: Annotated[int, Field(ge=1, le=MAX_QUORUM)] = 1
    """How many of them must approve."""
    expires_in: Duration = "24h"
    """How long somebody may take to answer; then it is a denial."""
    valid_for: Duration = "15m"
    """How long after the approval the call may still be executed."""
    escalation: Annotated[tuple[EscalationStep, ...], AsTuple, Field(max_length=8)] = ()
    """Who else may answer when time passes, in order."""
    model_may_approve: bool = False
    """Whether a second model's approval counts; else it can only deny or leave it to others."""

    @model_validator(mode="after")
    def _escalates_in_time(self) -> "ApprovalRule":
        moments = [seconds_of(step.after) for step in self.escalation]
        if moments != sorted(moments):
            raise ValueError("the steps of `escalation` stand in the order of their time")
        if moments and moments[-1] >= seconds_of(self.expires_in):
            raise ValueError("`escalation` asks somebody when the request has expired already")
        return self
