"""Judging what was decided, approved and refused, how calls ended and how the run did: pure."""

from collections.abc import Iterator

from agentctl.approval.pending import Approval
from agentctl.contract.golden_assertions import (
    ApprovalWasRequested,
    BudgetStopped,
    CallOutcome,
    LoopDetected,
    PolicyDecision,
    PolicyNoDeny,
    RunExitCode,
    RunOutcome,
)
from agentctl.evals.comparing import arguments_fit
from agentctl.evals.evidence import Evidence
from agentctl.evals.trajectory import bounds, is_within
from agentctl.evals.wording import Finding, listed
from agentctl.events.tool import Decision, PolicyAnswer, Stage, ToolResult
from agentctl.trace.reports.call import Call

_FOR_WHAT_IT_IS: frozenset[Stage] = frozenset({"registered", "well_formed", "read_only", "permitted"})
"""The stages that refuse a call for what it is, not for its cost or for somebody's answer."""


def policy_decision(item: PolicyDecision, evidence: Evidence) -> Finding:
    """Judge what was decided about calls of a tool."""
    calls = [
        call
        for call in evidence.calls
        if call.tool == item.tool and arguments_fit(call.arguments, item.arguments, "superset")
    ]
    wanted = [f"`{item.tool}`: {item.decision}"]
    wanted += [f"at `{item.stage}`"] if item.stage else []
    wanted += [f"by `{item.policy}`"] if item.policy else []
    wanted += [f"for a reason with `{item.reason}`"] if item.reason else []
    return Finding(
        any(_is_decided(call, item) for call in calls),
        " ".join(wanted),
        listed((_decided(call, evidence) for call in calls), f"no such call of `{item.tool}`"),
    )


def policy_no_deny(_item: PolicyNoDeny, evidence: Evidence) -> Finding:
    """Judge whether no call was refused for what it is."""
    denied = [call for call in evidence.calls if _is_denied(call)]
    found = listed((_decided(call, evidence) for call in denied), "none")
    return Finding(not denied, "no call to be denied", found, f"{len(denied)}")


def approval_requested(item: ApprovalWasRequested, evidence: Evidence) -> Finding:
    """Judge whether somebody was asked, who could answer, who did, and what came of it."""
    asked = evidence.approvals(item.tool)
    count = sum(_is_asked(one, item, evidence) for one in asked)
    wanted = [f"{'some' if item.tool is None else f'`{item.tool}`'} call to wait for approval"]
    wanted += [f"of {listed(f'`{name}`' for name in item.reviewers)}"] if item.reviewers else []
    wanted += [f"answered by {listed(f'`{name}`' for name in item.by)}"] if item.by else []
    wanted += [f"and to be {item.answer}"] if item.answer else []
    told = listed((_request(one, evidence) for one in asked), "no request")
    return Finding(
        is_within(count, item.min, item.max),
        f"{' '.join(wanted)}, {bounds(item.min, item.max)}",
        told,
        f"{count}",
    )


def budget_stopped(item: BudgetStopped, evidence: Evidence) -> Finding:
    """Judge whether a budget stopped the run."""
    stops = [stop for stop in evidence.stops if item.value in (None, stop.meter)]
    told = (
        f"`{stop.meter}`: {stop.used} used of {stop.limit}, {stop.asked} asked" for stop in evidence.stops
    )
    ceiling = "a budget" if item.value is None else f"the budget `{item.value}`"
    return Finding(bool(stops), f"{ceiling} to stop the run", listed(told, "no stop"))


def loop_detected(item: LoopDetected, evidence: Evidence) -> Finding:
    """Judge whether a loop was seen."""
    seen = [loop for loop in evidence.loops if item.value in (None, loop.kind)]
    told = (f"`{loop.kind}` at {evidence.short(loop.call)}" for loop in evidence.loops)
    wanted = "a loop to be seen" if item.value is None else f"a loop of the kind `{item.value}` to be seen"
    return Finding(bool(seen), wanted, listed(told, "none"))


def call_outcome(item: CallOutcome, evidence: Evidence) -> Finding:
    """Judge how calls of a tool ended."""
    calls = [call for call in evidence.calls if call.tool == item.tool]
    holds = any(call.outcome == item.outcome and _is_said(item.reason, call) for call in calls)
    reason = f" for a reason with `{item.reason}`" if item.reason else ""
    found = (f"{evidence.short(call.call)} {call.outcome}{_because(call)}" for call in calls)
    return Finding(
        holds,
        f"a call of `{item.tool}` to end as {item.outcome}{reason}",
        listed(found, f"no call of `{item.tool}`"),
    )


def run_outcome(item: RunOutcome, evidence: Evidence) -> Finding:
    """Judge how the run stopped."""
    return Finding(evidence.end == item.value, f"the run to end as {item.value}", evidence.why)


def run_exit_code(item: RunExitCode, evidence: Evidence) -> Finding:
    """Judge the run's exit code."""
    code = int(evidence.exit_code)
    return Finding(code == item.value, f"exit code {item.value}", f"{code}: {evidence.why}", f"{code}")


def _is_decided(call: Call, item: PolicyDecision) -> bool:
    return (
        _has_decision(call, item.decision, item.stage)
        and (item.policy is None or any(_says(one, item) for one in _answers(call)))
        and _is_said(item.reason, call)
    )


def _says(answer: PolicyAnswer, item: PolicyDecision) -> bool:
    return (answer.policy, answer.decision) == (item.policy, item.decision)


def _has_decision(call: Call, decision: Decision, stage: Stage | None) -> bool:
    if stage is not None:
        return any(one.event.stage == stage for one in call.refusals)
    if decision == "deny":
        return _is_denied(call)
    return any(one.event.decision == decision for one in call.decisions)


def _is_denied(call: Call) -> bool:
    return any(one.event.decision == "deny" for one in call.decisions) or any(
        one.event.stage in _FOR_WHAT_IT_IS for one in call.refusals
    )


def _answers(call: Call) -> Iterator[PolicyAnswer]:
    for decision in call.decisions:
        yield from decision.event.answers


def _is_said(reason: str | None, call: Call) -> bool:
    return reason is None or any(reason in said for said in _said_of(call))


def _said_of(call: Call) -> Iterator[str]:
    """Yield every reason that was given about a call."""
    for refusal in call.refusals:
        yield from refusal.event.reasons
    for answer in _answers(call):
        yield from (*answer.reasons, *answer.errors)
    for attempt in call.attempts:
        end = None if attempt.end is None else attempt.end.event
        if isinstance(end, ToolResult):
            yield from [str(end.value)] if end.outcome == "error" else []
        elif end is not None:
            yield end.reason
    yield from (doubt.event.reason for doubt in call.in_doubt)


def _decided(call: Call, evidence: Evidence) -> str:
    """Return what was decided about a call, in words."""
    decisions = [one.event.decision for one in call.decisions]
    refused = [f"refused at `{one.event.stage}`" for one in call.refusals]
    return f"{evidence.short(call.call)} `{call.tool}` {listed((*decisions, *refused))}{_because(call)}"


def _because(call: Call) -> str:
    reasons = [reason for refusal in call.refusals for reason in refusal.event.reasons]
    return f" ({'; '.join(reasons)})" if reasons else ""


def _is_asked(approval: Approval, item: ApprovalWasRequested, evidence: Evidence) -> bool:
    answered = {answer.reviewer.id for answer in approval.answers}
    return (
        set(item.reviewers) <= set(approval.reviewers)
        and set(item.by) <= answered
        and item.answer in (None, evidence.end_of(approval))
    )


def _request(approval: Approval, evidence: Evidence) -> str:
    request = approval.request
    said = listed((f"`{one.reviewer.id}`: {one.answer}" for one in approval.answers), "nobody answered")
    who = listed(f"`{name}`" for name in approval.reviewers)
    return (
        f"{evidence.short(request.binding.call)} `{request.tool}` {evidence.end_of(approval)}"
        f" (may answer: {who}; {said})"
    )
