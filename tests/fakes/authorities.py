"""An authority that says what a test told it, and remembers what it was shown."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from agentctl.events.tool import Decision, PolicyAnswer
from agentctl.policy.engine import PolicyRequest


@dataclass
class FakeAuthority:
    """A `PolicyEngine` over a decision, or over a function of the request."""

    says: Decision | Callable[[PolicyRequest], Decision] = "allow"
    authority: Literal["contract", "policy", "platform"] = "policy"
    reasons: tuple[str, ...] = ("because",)
    policy: str = "fake"
    digest: str = "sha256:fake"
    shown: list[PolicyRequest] = field(default_factory=list)

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return what it says of the request."""
        self.shown.append(request)
        return PolicyAnswer(
            authority=self.authority,
            policy=self.policy,
            digest=self.digest,
            decision=self.says(request) if callable(self.says) else self.says,
            reasons=self.reasons,
        )
