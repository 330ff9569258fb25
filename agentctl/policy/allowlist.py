"""The contract's allowlist as an authority: what is not listed is denied, and what is may need an approval."""

from decimal import Decimal

from agentctl.contract.agent import AgentContract
from agentctl.contract.approval_rule import ApprovalRule
from agentctl.contract.durations import seconds_of
from agentctl.events.approval import ApprovalTerms, Escalation
from agentctl.events.tool import Decision, PolicyAnswer
from agentctl.foundation.canonical import digest_of
from agentctl.foundation.money import parse_decimal, plain
from agentctl.policy.engine import PolicyRequest


class AllowlistPolicy:
    """Answers from the allowlist of one contract."""

    def __init__(self, contract: AgentContract) -> None:
        self._contract = contract
        self.policy = f"contract:{contract.agent.name}/tools.allowlist"
        self.digest = digest_of(contract.tools.model_dump(mode="json"))

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return the allowlist's answer for the tool."""
        entry = self._contract.allowed(request.tool)
        if entry is None:
            return self._answer(
                "deny", f"`{request.tool}` is not in the contract's allowlist, or stands there twice"
            )
        if entry.approval is None:
            return self._answer("allow", f"the contract allows `{request.tool}`")
        return self._by_rule(request, entry.approval)

    def _by_rule(self, request: PolicyRequest, rule: ApprovalRule) -> PolicyAnswer:
        if not rule.when:
            reason = f"the contract says `requires_approval: true` for `{request.tool}`"
            return self._answer("needs_approval", reason, terms_of_rule(rule))
        met = tuple(_met(request, name, amount) for name, amount in rule.when.items())
        reasons = tuple(reason for reason in met if reason is not None)
        if reasons:
            return self._answer("needs_approval", "; ".join(reasons), terms_of_rule(rule))
        return self._answer("allow", f"the contract allows `{request.tool}` below its thresholds")

    def _answer(self, decision: Decision, reason: str, terms: ApprovalTerms | None = None) -> PolicyAnswer:
        return PolicyAnswer(
            authority="contract",
            policy=self.policy,
            digest=self.digest,
            decision=decision,
            reasons=(reason,),
            terms=terms,
        )


def terms_of_rule(rule: ApprovalRule) -> ApprovalTerms:
    """Return what a contract's rule demands of an approval."""
    return ApprovalTerms(
        quorum=rule.quorum,
        reviewers=rule.reviewers,
        expires_in_seconds=seconds_of(rule.expires_in),
        valid_for_seconds=seconds_of(rule.valid_for),
        escalation=tuple(
            Escalation(after_seconds=seconds_of(step.after), reviewers=step.to) for step in rule.escalation
        ),
        model_may_approve=rule.model_may_approve,
    )


def _met(request: PolicyRequest, threshold: str, amount: Decimal) -> str | None:
    """Return why a threshold asks for approval; None when it does not.

    An amount counts with this run's total for the same object. A fact that is not known counts as over the threshold.
    """
    fact, _, comparison = threshold.rpartition("_")
    text = request.facts.get(f"{fact}_total", request.facts.get(fact))
    try:
        value = parse_decimal(text or "")
    except ValueError:
        return f"`{fact}` is not known, so `{threshold}` counts as met"
    is_met = value >= amount if comparison == "ge" else value > amount
    sign = "at least" if comparison == "ge" else "more than"
    return f"`{fact}` is {plain(value)} in this run, {sign} {plain(amount)}" if is_met else None
