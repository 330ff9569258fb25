"""The platform's rules as authorities of their own: they hold over every contract, and none of them widens anything."""

from collections.abc import Collection
from typing import Final

from agentctl.contract.agent import Risk
from agentctl.contract.durations import seconds_of
from agentctl.contract.platform import ApprovalFloor, PlatformRules
from agentctl.contract.tool import RISK_TIERS, HttpExecutor
from agentctl.events.approval import ApprovalTerms
from agentctl.events.tool import Decision, PolicyAnswer
from agentctl.foundation.canonical import digest_of
from agentctl.policy.engine import PolicyRequest

_NO_DEMANDS: Final = ApprovalFloor()


class _Rule:
    """One rule of the platform; all share the digest of the rules they belong to."""

    policy: str

    def __init__(self, rules: PlatformRules) -> None:
        self.rules = rules
        self.digest = digest_of(rules.model_dump(mode="json"))

    def accepts(self, request: PolicyRequest, risk: Risk) -> bool:
        """Return whether the contract accepts a risk in writing today, and the platform lets it."""
        entry = request.entry
        accepted = entry is not None and entry.acceptance(risk, request.today) is not None
        return accepted and risk in self.rules.acceptable_risks

    def answer(self, decision: Decision, reason: str, terms: ApprovalTerms | None = None) -> PolicyAnswer:
        """Return an answer of this rule."""
        return PolicyAnswer(
            authority="platform",
            policy=self.policy,
            digest=self.digest,
            decision=decision,
            reasons=(reason,),
            terms=terms,
        )


class PlatformPolicy(_Rule):
    """Irreversible actions are gated, and approvals are what their risk tier demands."""

    policy = "platform:irreversible-needs-approval"

    def __init__(self, rules: PlatformRules) -> None:
        super().__init__(rules)
        self._terms = {tier: _terms(rules.floor(tier)) for tier in RISK_TIERS}

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return the platform's answer for the call."""
        terms = self._terms[request.risk_tier]
        if request.descriptor.effect != "irreversible":
            return self.answer("allow", f"`{request.tool}` is not irreversible", terms)
        if self.accepts(request, "irreversible_without_approval"):
            return self.answer(
                "allow", f"the contract accepts in writing that `{request.tool}` is not gated", terms
            )
        return self.answer("needs_approval", f"`{request.tool}` is irreversible", terms)


class ProvedPrincipals(_Rule):
    """In a live environment nothing is changed for somebody of whom we only know the name."""

    policy = "platform:live-writes-need-a-proved-principal"

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return the platform's answer for the call."""
        if request.environment_kind == "sandbox" or request.descriptor.effect == "read":
            return self.answer("allow", "nothing real is changed")
        if request.principal.assurance != "asserted":
            return self.answer("allow", f"`{request.principal.id}` is {request.principal.assurance}")
        if self.rules.principal_of_live_writes == "asserted" or self.accepts(request, "asserted_principal"):
            return self.answer(
                "allow", f"it is accepted in writing that `{request.principal.id}` is only asserted"
            )
        return self.answer(
            "deny", f"`{request.principal.id}` is only asserted, and this changes something real"
        )


class NoStaticKeys(_Rule):
    """Nothing is changed with a key that never expires."""

    policy = "platform:no-static-keys-for-writes"

    def __init__(self, rules: PlatformRules, static_backends: Collection[str]) -> None:
        super().__init__(rules)
        self._static_backends = frozenset(static_backends)

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return the platform's answer for the call."""
        executor = request.descriptor.executor
        backend = executor.backend if isinstance(executor, HttpExecutor) else None
        if request.descriptor.effect == "read" or backend not in self._static_backends:
            return self.answer("allow", "no static key is used to change anything")
        if self.accepts(request, "static_key"):
            return self.answer("allow", f"the static key of `{backend}` is accepted in writing")
        return self.answer("deny", f"`{backend}` takes a static key, and `{request.tool}` writes")


def _terms(floor: ApprovalFloor) -> ApprovalTerms | None:
    """Return what the platform demands of an approval; None where it demands nothing."""
    if floor == _NO_DEMANDS:
        return None
    longest = floor.valid_for_at_most
    return ApprovalTerms(
        quorum=floor.quorum_at_least,
        valid_for_seconds=None if longest is None else seconds_of(longest),
        grants=floor.grants,
    )
