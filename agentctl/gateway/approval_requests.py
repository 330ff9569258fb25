"""Making an approval request: the view, and what exactly an answer will be bound to."""

from datetime import timedelta

from agentctl.approval.pending import of_call
from agentctl.approval.view import MAX_VIEW_BYTES, ViewSubject, render
from agentctl.budget.limits import left
from agentctl.events.approval import ApprovalRequested, Binding
from agentctl.foundation.canonical import digest_bytes, digest_of
from agentctl.foundation.clock import from_rfc3339, to_rfc3339
from agentctl.foundation.errors import InternalError
from agentctl.foundation.ids import approval_id
from agentctl.foundation.money import plain
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.verdict import Case, Refused

EXPIRES_IN = timedelta(hours=24)
"""How long somebody may take to answer; then it is a denial."""

VALID_FOR = timedelta(minutes=15)
"""How long after the answer the call may still be executed."""


def request_for(corridor: Corridor, case: Case, reasons: tuple[str, ...]) -> ApprovalRequested | Refused:
    """Return the request for a call; a call that is too large to be read is refused instead."""
    view = render(_subject(corridor, case, reasons))
    if len(view.encode()) > MAX_VIEW_BYTES:
        return Refused("approved", ("it is too large to be reviewed",), case)
    if not corridor.parts.reviewer_names:
        return Refused("approved", ("the environment names no reviewer",), case)
    header, call = corridor.state.header, case.proposal.call
    return ApprovalRequested(
        approval=approval_id(call, len(of_call(corridor.state.approvals, call)) + 1),
        binding=_binding(corridor, case, view),
        tool=case.proposal.tool,
        requester=header.principal.id,
        actor=f"agent:{header.agent}",
        reviewers=corridor.parts.reviewer_names,
        quorum=1,
        expires_at=to_rfc3339(from_rfc3339(corridor.now) + EXPIRES_IN),
        valid_for_seconds=int(VALID_FOR.total_seconds()),
        reasons=reasons,
        view=view,
    )


def _binding(corridor: Corridor, case: Case, view: str) -> Binding:
    if case.tool is None or case.decision is None:
        raise InternalError("an approval request for a call that was not judged")
    judged_by = [[answer.policy, answer.digest] for answer in case.decision.answers]
    return Binding(
        run=corridor.state.header.run,
        step=case.proposal.step,
        call=case.proposal.call,
        attempt=case.attempt,
        descriptor_digest=case.tool.digest,
        arguments_digest=case.proposal.arguments_digest or "",
        version=corridor.state.header.version,
        policy_digest=digest_of(judged_by),
        view_digest=digest_bytes(view.encode()),
    )


def _subject(corridor: Corridor, case: Case, reasons: tuple[str, ...]) -> ViewSubject:
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
        budget_left=_budget_left(corridor),
        descriptor_digest=case.tool.digest,
        arguments_digest=case.proposal.arguments_digest or "",
        version=header.version,
    )


def _budget_left(corridor: Corridor) -> str:
    budget = left(corridor.state.spend, corridor.state.header.limits)
    return f"{plain(budget.cost_usd)} USD, {budget.steps} steps, {budget.tool_calls} tool calls"
