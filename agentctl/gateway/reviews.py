"""Asking reviewers, and their own look-ups, which go through this door like every other call."""

from agentctl.approval.answers import GivenAnswer, refusals
from agentctl.approval.overdue import left_to_others, overdue
from agentctl.approval.pending import Approval
from agentctl.approval.reviewer import Case as ReviewCase
from agentctl.approval.reviewer import Evidence, LookUpFunction, Opinion
from agentctl.approval.verification import Letter, NotVerified
from agentctl.approval.view import with_real_values
from agentctl.events.approval import ApprovalAnswered
from agentctl.events.tool import ToolProposed, ToolUnknown
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.errors import InternalError
from agentctl.gateway.attempts import attempt_all
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.review_models import asking
from agentctl.gateway.stages import REVIEW_STAGES, judge
from agentctl.gateway.verdict import Case, Refused


async def review(corridor: Corridor, name: str) -> None:
    """Ask the reviewers of this process, in order, until one decides; an overdue request becomes a denial."""
    for event in overdue({name: corridor.state.approvals[name]}, corridor.now):
        corridor.record(event)
    for reviewer in corridor.parts.reviewers:
        if _status(corridor, name) != "waiting":
            break
        await corridor.durable()  # whoever is asked next may be shown what was answered so far
        approval = corridor.state.approvals[name]
        opinion = await reviewer.review(_case(corridor, approval), _look_up(corridor))
        if opinion is not None:
            _record(corridor, name, opinion)
    await corridor.durable()


def _status(corridor: Corridor, name: str) -> str:
    approval = corridor.state.approvals[name]
    return "closed" if approval.expired else approval.status(corridor.now)


def _record(corridor: Corridor, name: str, opinion: Opinion) -> None:
    approval = corridor.state.approvals[name]
    binding = approval.request.binding
    given = GivenAnswer(opinion.reviewer.id, opinion.answer, opinion.reason, binding, opinion.ends_run)
    if refusals(approval, given, corridor.now) or not _may_speak(corridor, opinion):
        return  # it came too late, or from somebody who may not answer so; the request stays as it is
    corridor.record(
        ApprovalAnswered(
            approval=name,
            answer=opinion.answer,
            reviewer=opinion.reviewer,
            reason=str(corridor.parts.vault.redact(opinion.reason, trusted_placeholders=True)),
            ends_run=opinion.ends_run,
            binding=binding,
            looked_up=opinion.looked_up,
        )
    )
    if opinion.answer == "escalate" and opinion.reviewer.kind == "person":
        for step in left_to_others(corridor.state.approvals[name]):
            corridor.record(step)


def _may_speak(corridor: Corridor, opinion: Opinion) -> bool:
    """Whether somebody may answer in this process with nothing but a name: a person who has a key signs a letter."""
    if opinion.reviewer.kind != "person":
        return True
    letter = Letter(opinion.reviewer.id, b"", None, None)
    required = corridor.state.header.signatures_required
    verified = corridor.parts.verifier.verify(letter, signatures_required=required)
    return not isinstance(verified, NotVerified)


def _case(corridor: Corridor, approval: Approval) -> ReviewCase:
    call = corridor.state.calls[approval.request.binding.call]
    decision, arguments = call.decision, call.proposal.arguments
    if decision is None or not isinstance(arguments, dict):
        raise InternalError("an approval request for a call that was not judged")
    return ReviewCase(
        request=approval.request,
        arguments=arguments,
        facts=decision.facts,
        results=corridor.state.results,
        real_view=with_real_values(approval.request.view, corridor.parts.vault.restore),
        added=tuple(name for step in approval.escalations for name in step.reviewers),
        answered=tuple(answer.reviewer.id for answer in approval.answers),
        ask_model=asking(corridor, approval.request),
    )


def _look_up(corridor: Corridor) -> LookUpFunction:
    async def look_up(reviewer: str, tool: str, arguments: JsonObject) -> Evidence:
        proposal = ToolProposed(
            call=f"{corridor.state.header.run}/review/{corridor.state.reviews}",
            step=0,
            tool=tool,
            arguments=arguments,
            arguments_digest=corridor.digest(arguments),
        )
        return await _read(corridor, reviewer, proposal)

    return look_up


async def _read(corridor: Corridor, reviewer: str, proposal: ToolProposed) -> Evidence:
    """Make a reviewer's look-up under the reviewer's own name; whatever goes wrong is a failure, never a value."""
    bench = corridor.bench_of_reviewer(reviewer)
    verdict = await judge(Case(proposal, 1), bench, REVIEW_STAGES)
    if not isinstance(verdict, Case):
        return _failed(proposal, "; ".join(verdict.reasons))
    ended = await attempt_all(corridor, verdict, bench, "review")
    if isinstance(ended, Refused):
        return _failed(proposal, "; ".join(ended.reasons))
    if isinstance(ended, ToolUnknown):
        return _failed(proposal, ended.reason)
    if ended.outcome == "error":
        return _failed(proposal, str(ended.value))
    return Evidence(ended.value, None, proposal.call)


def _failed(proposal: ToolProposed, reason: str) -> Evidence:
    return Evidence(None, reason, proposal.call)
