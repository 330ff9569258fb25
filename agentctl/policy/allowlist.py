"""The contract's allowlist as an authority: what is not listed is denied."""

from agentctl.contract.agent import AgentContract
from agentctl.events.tool import Decision, PolicyAnswer
from agentctl.foundation.canonical import digest_of
from agentctl.policy.engine import PolicyRequest


class AllowlistPolicy:
    """Answers from the allowlist of one contract."""

    def __init__(self, contract: AgentContract) -> None:
        self._contract = contract
        self.policy = f"contract:{contract.agent.name}/tools.allowlist"
        self.digest = digest_of(contract.tools.model_dump(mode="json"))

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return the allowlist's answer for the tool."""
        name = request.descriptor.name
        entry = self._contract.allowed(name)
        if entry is None:
            return self._answer("deny", f"`{name}` is not in the contract's allowlist, or stands there twice")
        if entry.requires_approval:
            return self._answer("needs_approval", f"the contract says `requires_approval: true` for `{name}`")
        return self._answer("allow", f"the contract allows `{name}`")

    def _answer(self, decision: Decision, reason: str) -> PolicyAnswer:
        return PolicyAnswer(
            authority="contract", policy=self.policy, digest=self.digest, decision=decision, reasons=(reason,)
        )
