"""Making an approval request: the view, and what exactly an answer will be bound to."""

from datetime import timedelta
from decimal import Decimal

from agentctl.approval.pending import of_call
from agentctl.approval.terms import Terms, terms_of
from agentctl.approval.view import MAX_VIEW_BYTES, ViewSubject, render
from agentctl.budget.limits import left, sentence, stopped
from agentctl.contract.agent import tier_of
from agentctl.contract.tool import RiskTier
from agentctl.events.approval import ApprovalRequested, Binding
from agentctl.events.budget import Meter
from agentctl.foundation.canonical import digest_bytes
from agentctl.foundation.clock import from_rfc3339, to_rfc3339
from agentctl.foundation.errors import InternalError
from agentctl.foundation.ids import approval_id
from agentctl.foundation.money import plain
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.stages import policy_digest
from agentctl.gateway.verdict import Case, Refused


def request_for(corridor: Corridor, case: Case, reasons: tuple[str, ...]) -> ApprovalRequested | Refused:
    """Return the request for a call; a call that nobody can review, or one request too many, is refused instead."""
    terms = _terms(corridor, case)
    impossible = _too_many(corridor, case) or _nobody(corridor, case, terms)
    if impossible is not None:
        return impossible
    view = render(_subject(corridor, case, reasons, terms))
    if len(view.encode()) > MAX_VIEW_BYTES:
        return Refused("approved", ("it is too large to be reviewed",), case)
    header, call = corridor.state.header, case.proposal.call
    return ApprovalRequested(
        approval=approval_id(call, len(of_call(corridor.state.approvals, call)) + 1),
        binding=_binding(corridor, case, view),
        tool=case.proposal.tool,
        requester=header.principal.id,
        actor=f"agent:{header.agent}",
        reviewers=terms.reviewers,
        quorum=terms.quorum,
        expires_at=to_rfc3339(from_rfc3339(corridor.now) + timedelta(seconds=terms.expires_in_seconds)),
        valid_for_seconds=terms.valid_for_seconds,
        reasons=reasons,
        view=view,
        escalation=terms.escalation,
        model_may_approve=terms.model_may_approve,
        risk_tier=_tier(corridor, case),
    )


def _terms(corridor: Corridor, case: Case) -> Terms:
    if case.decision is None:
        raise InternalError("an approval request for a call that was not judged")
    return terms_of(case.decision.answers, corridor.parts.reviewer_names)


def _too_many(corridor: Corridor, case: Case) -> Refused | None:
    """Refuse one request too many: people who are asked too often stop reading."""
    limits, state = corridor.state.header.limits, corridor.state
    rows: tuple[tuple[Meter, int | None, int], ...] = (
        ("open_approvals", limits.max_open_approvals, state.open_approvals),
        ("approval_requests", limits.max_approval_requests, len(state.approvals)),
    )
    for meter, limit, used in rows:
        if limit is not None and used >= limit:
            stop = stopped(meter, Decimal(limit), Decimal(used), Decimal(1))
            return Refused("approved", (sentence(stop),), case, stop)
    return None


def _nobody(corridor: Corridor, case: Case, terms: Terms) -> Refused | None:
    """Refuse a call for which there are not enough reviewers; whom the run acts for is none."""
    if not corridor.parts.reviewer_names:
        return Refused("approved", ("the environment names no reviewer",), case)
    able = terms.everybody() - {corridor.state.header.principal.id}
    if len(able) >= terms.quorum:
        return None
    who = ", ".join(sorted(able)) or "nobody"
    return Refused("approved", (f"{terms.quorum} must approve, and only {who} may",), case)


def _tier(corridor: Corridor, case: Case) -> RiskTier:
    """Return how much is at stake: the higher of what the tool and the contract say."""
    if case.tool is None:
        raise InternalError("an approval request for a call without a tool")
    return tier_of(case.tool.descriptor, corridor.parts.contract.allowed(case.proposal.tool))


def _demands(terms: Terms) -> str:
    later = "".join(
        f"; after {step.after_seconds} s also {', '.join(step.reviewers)}" for step in terms.escalation
    )
    return f"{terms.quorum} of {', '.join(terms.reviewers)}{later}"


def _binding(corridor: Corridor, case: Case, view: str) -> Binding:
    if case.tool is None or case.decision is None:
        raise InternalError("an approval request for a call that was not judged")
    return Binding(
        run=corridor.state.header.run,
        step=case.proposal.step,
        call=case.proposal.call,
        attempt=case.attempt,
        descriptor_digest=case.tool.digest,
        arguments_digest=case.proposal.arguments_digest or "",
        version=corridor.state.header.version,
        policy_digest=policy_digest(case.decision),
        view_digest=digest_bytes(view.encode()),
    )


def _subject(corridor: Corridor, case: Case, reasons: tuple[str, ...], terms: Terms) -> ViewSubject:
    if case.tool is None or case.decision is None:
        raise InternalError("an approval request for a call that was not judged")
    header, descriptor = corridor.state.header, case.tool.descriptor
    return ViewSubject(
        call=case.proposal.call,
        tool=descriptor.name,
        effect=descriptor.effect,
        retry=descriptor.retry,
        arguments=case.arguments,
        facts=case.decision.facts,
        facts_missing=case.decision.facts_missing,
        principal=header.principal,
        actor=header.agent,
        owner=header.owner,
        environment=f"{header.environment} ({header.environment_kind})",
        reasons=reasons,
        risk_tier=_tier(corridor, case),
        demands=_demands(terms),
        seen=corridor.state.labels_seen,
        said=corridor.state.said.get(case.proposal.step, ""),
        budget_left=_budget_left(corridor),
        descriptor_digest=case.tool.digest,
        arguments_digest=case.proposal.arguments_digest or "",
        version=header.version,
    )


def _budget_left(corridor: Corridor) -> str:
    budget = left(corridor.state.spend, corridor.state.header.limits)
    return f"{plain(budget.cost_usd)} USD, {budget.steps} steps, {budget.tool_calls} tool calls"
