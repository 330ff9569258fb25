"""The platform's rules as an authority: they hold over every contract."""

from agentctl.contract.platform import PlatformRules
from agentctl.events.tool import Decision, PolicyAnswer
from agentctl.foundation.canonical import digest_of
from agentctl.policy.engine import PolicyRequest


class PlatformPolicy:
    """Answers from `contracts/platform.yaml`: irreversible actions are gated."""

    policy = "platform:irreversible-needs-approval"

    def __init__(self, rules: PlatformRules) -> None:
        self.digest = digest_of(rules.model_dump(mode="json"))

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return the platform's answer for the call."""
        descriptor = request.descriptor
        if descriptor.effect != "irreversible":
            return self._answer("allow", f"`{descriptor.name}` is not irreversible")
        entry = request.entry
        if entry is not None and entry.acceptance("irreversible_without_approval", request.today):
            return self._answer(
                "allow", f"the contract accepts in writing that `{descriptor.name}` is not gated"
            )
        return self._answer("needs_approval", f"`{descriptor.name}` is irreversible")

    def _answer(self, decision: Decision, reason: str) -> PolicyAnswer:
        return PolicyAnswer(
            authority="platform", policy=self.policy, digest=self.digest, decision=decision, reasons=(reason,)
        )
