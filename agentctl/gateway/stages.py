"""The stages every tool call passes, in order. This tuple is the security argument; read it.

A stage takes a case and either adds to it what it found, or refuses, or asks for approval. Absent means no, error means
no. When an approval arrives, or after a crash, all stages run again from the first.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec.structs import replace

from agentctl.approval.grants import GrantedCall, amounts_of, why_not
from agentctl.approval.pending import Approval, of_call
from agentctl.approval.terms import Terms, terms_of
from agentctl.budget.limits import Time, exceeded, sentence
from agentctl.budget.loops import advice
from agentctl.budget.sizes import bytes_of
from agentctl.events.base import Reservation
from agentctl.events.tool import DecisionMade, GrantUse, Stage
from agentctl.foundation.canonical import digest_bytes, digest_of
from agentctl.foundation.errors import InternalError
from agentctl.gateway.bench import Bench
from agentctl.gateway.loops import loop_before
from agentctl.gateway.one_effect import one_effect_once
from agentctl.gateway.policy_requests import Asked, judgeable
from agentctl.gateway.verdict import Case, NeedsApproval, Refused, Verdict
from agentctl.policy.decision import sentences_for, strictest
from agentctl.tools.facts import effect_key
from agentctl.tools.registry import RegisteredTool

StageFunction: TypeAlias = Callable[[Case, Bench], Awaitable[Verdict]]


async def registered(case: Case, bench: Bench) -> Verdict:
    """The tool exists, under exactly this name, among those this caller may reach."""
    tool = bench.registry.get(case.proposal.tool)
    if tool is None:
        return _refused(case, "registered", f"there is no tool `{case.proposal.tool[:80]}` here")
    return replace(case, tool=tool)


async def well_formed(case: Case, bench: Bench) -> Verdict:
    """The arguments are JSON within limits and fit the tool's schema; what was hashed is what will be used."""
    tool, arguments = _tool(case), case.proposal.arguments
    if case.proposal.arguments_digest is None or not isinstance(arguments, dict):
        return _refused(case, "well_formed", "the arguments are not a JSON object")
    lost = bench.lost(arguments)
    if lost:
        return _refused(case, "well_formed", f"the sealed values of {', '.join(sorted(lost))} are lost")
    if bench.digest(arguments) != case.proposal.arguments_digest:
        return _refused(case, "well_formed", "the arguments are not those that were recorded")
    real = bench.restore(arguments)
    problems = tool.arguments_validator.problems(real)
    if problems or not isinstance(real, dict):
        return _refused(case, "well_formed", *problems)
    return replace(case, arguments=arguments, real=real)


async def read_only(case: Case, bench: Bench) -> Verdict:
    """The tool changes nothing. Only for reviewers' look-ups, which no policy judges."""
    del bench
    if _tool(case).descriptor.effect != "read":
        return _refused(case, "read_only", "a reviewer may only read")
    return case


async def permitted(case: Case, bench: Bench) -> Verdict:
    """Contract, policies and platform are asked one by one; the strictest answer holds. One effect happens once."""
    judged_on = judgeable(bench.state, bench.contract, _asked(case, bench))
    request = judged_on.request
    key = effect_key(_tool(case).descriptor, case.arguments)
    answers = [await engine.decide(request) for engine in bench.engines]
    answers += one_effect_once(bench.state, case.proposal.call, _tool(case).descriptor, key)
    decision = strictest(answers)
    made = DecisionMade(
        call=case.proposal.call,
        attempt=case.attempt,
        decision=decision,
        answers=tuple(answers),
        facts=dict(request.facts),
        facts_missing=dict(request.facts_missing),
        inputs_digest=digest_of(request.inputs()),
        judged_at=request.now,
        effect=request.descriptor.effect,
    )
    judged = replace(case, decision=made, effect_key=key, totals=judged_on.totals)
    if decision == "deny":
        return Refused("permitted", sentences_for("deny", answers), judged)
    return judged


async def affordable(case: Case, bench: Bench) -> Verdict:
    """One more attempt fits under the ceilings. This is a quote; the reservation is compared again with the intent."""
    descriptor = _tool(case).descriptor
    asked = Reservation(tool_calls=1, bytes=bytes_of(case.real) + descriptor.max_result_bytes)
    time = Time(bench.worked, descriptor.timeout_seconds)
    stop = exceeded(bench.state.spend, bench.state.header.limits, asked, time)
    if stop is not None:
        return Refused("affordable", (sentence(stop),), case, stop)
    return replace(case, reservation=asked)


async def progressing(case: Case, bench: Bench) -> Verdict:
    """It does not only go on with a loop. What was attempted already, or is before people, was none when it was asked for."""
    call = case.proposal.call
    if case.attempt > 1 or of_call(bench.state.approvals, call):
        return case
    loop = loop_before(case, bench)
    return case if loop is None else Refused("progressing", (advice(loop),), case, loop=loop)


async def approved(case: Case, bench: Bench) -> Verdict:
    """Where approval is needed, somebody else gave it for exactly this, in time, and it was not used for another call."""
    decision = case.decision
    if decision is None:
        return _refused(case, "approved", "nobody has judged this call")
    if decision.decision == "allow":
        return case
    requests = of_call(bench.state.approvals, case.proposal.call)
    granted = None if requests else _granted(case, decision, bench)
    if granted is not None:
        return granted
    if not requests:
        return NeedsApproval(case, sentences_for("needs_approval", decision.answers), already_requested=False)
    return _by_answer(case, requests[-1], bench)


STAGES: tuple[StageFunction, ...] = (
    registered,
    well_formed,
    permitted,
    affordable,
    progressing,
    approved,
)
"""For every call of an agent."""

REVIEW_STAGES: tuple[StageFunction, ...] = (registered, well_formed, read_only)
"""For the look-ups of reviewers that are part of this platform."""


async def judge(case: Case, bench: Bench, stages: tuple[StageFunction, ...]) -> Verdict:
    """Return the case as the last stage left it, or the first refusal or request."""
    for stage in stages:
        verdict = await stage(case, bench)
        if not isinstance(verdict, Case):
            return verdict
        case = verdict
    return case


def _refused(case: Case, stage: Stage, *reasons: str) -> Refused:
    return Refused(stage, reasons or ("it does not have the form that is accepted",), case)


def _tool(case: Case) -> RegisteredTool:
    if case.tool is None:
        raise InternalError("a stage ran before `registered`")
    return case.tool


def _by_answer(case: Case, latest: Approval, bench: Bench) -> Verdict:
    """Return what the latest request of a call is worth for it."""
    match latest.status(bench.now):
        case "granted":
            return _bound(case, latest, bench)
        case "consumed" if _is_repeat(case, bench) or latest.valid_at(bench.now):
            return _bound(case, latest, bench)
        case "consumed" | "lapsed":
            return NeedsApproval(case, latest.request.reasons, already_requested=False)
        case "waiting":
            return NeedsApproval(case, latest.request.reasons, already_requested=True)
        case "expired":
            return _refused(case, "approved", "nobody answered the approval request in time")
        case "denied":
            denial = latest.denied_by
            return _refused(
                case, "approved", f"{denial.reviewer.id} denied it: {denial.reason}" if denial else "denied"
            )


def _is_repeat(case: Case, bench: Bench) -> bool:
    """Whether this attempt repeats one of which nobody knows whether it happened: the same effect, approved once."""
    call = bench.state.calls.get(case.proposal.call)
    return call is not None and call.may_have_changed


def _bound(case: Case, latest: Approval, bench: Bench) -> Verdict:
    """Compare what was approved with what is asked; any difference voids the approval."""
    different = _difference(case, latest, bench)
    if different is not None:
        return _refused(case, "approved", f"what was approved is not what is asked: {different} differs")
    reason = _why_ask_again(case, latest, bench)
    if reason is not None:
        return NeedsApproval(case, (reason, *latest.request.reasons), already_requested=False)
    return replace(case, approvals=(latest.request.approval,))


def _difference(case: Case, latest: Approval, bench: Bench) -> str | None:
    """Return what of the binding does not hold, so that somebody approved another call than this."""
    bound, header = latest.request.binding, bench.state.header
    checks = (
        ("the run", bound.run == header.run),
        ("the step", bound.step == case.proposal.step),
        ("the call", bound.call == case.proposal.call),
        ("the attempt", _is_its_attempt(case, latest)),
        ("the tool", bound.descriptor_digest == _tool(case).digest),
        ("an argument", latest.granted_digest == case.proposal.arguments_digest),
        ("the version", bound.version == header.version),
        ("the text that was shown", bound.view_digest == digest_bytes(latest.request.view.encode())),
    )
    return next((what for what, holds in checks if not holds), None)


def _is_its_attempt(case: Case, latest: Approval) -> bool:
    """A first use is the attempt that was asked for; what follows repeats it, with the same arguments and key."""
    asked_for = latest.request.binding.attempt
    return case.attempt == asked_for if latest.consumed_by is None else case.attempt > asked_for


def _why_ask_again(case: Case, latest: Approval, bench: Bench) -> str | None:
    """Return what changed since somebody approved, so that they must be asked again."""
    if case.decision is None:
        raise InternalError("an approval for a call that was not judged")
    if latest.request.binding.policy_digest != policy_digest(case.decision):
        return "the policies changed since it was approved"
    terms = terms_of(case.decision.answers, bench.reviewer_names)
    if latest.request.valid_for_seconds > terms.valid_for_seconds:
        return "an approval is good for a shorter time now"
    counting = [name for name in latest.approvers if name in terms.everybody()]
    if len(counting) < terms.quorum:
        return f"{terms.quorum} must approve, and {len(counting)} of those who may have"
    return None


def policy_digest(decision: DecisionMade) -> str:
    """Return the digest of all policies that judged a call, together."""
    return digest_of([[answer.policy, answer.digest] for answer in decision.answers])


def _granted(case: Case, decision: DecisionMade, bench: Bench) -> Case | None:
    """Return the case with a grant that covers it; None where there is none, or where grants are not enough."""
    terms = terms_of(decision.answers, bench.reviewer_names)
    if not terms.grants or terms.quorum > 1:
        return None
    call = GrantedCall(case.proposal.tool, decision.facts, bench.state.header.version, bench.now)
    for name in bench.state.grants:
        use = _use_of(name, call, terms, case, bench)
        if use is not None:
            return replace(case, grant=use)
    return None


def _use_of(name: str, call: GrantedCall, terms: Terms, case: Case, bench: Bench) -> GrantUse | None:
    grant = bench.state.grants[name]
    used = bench.state.used_of(name, besides=case.proposal.call)
    if grant.given.reviewer.id not in terms.reviewers or why_not(grant, call, used) is not None:
        return None
    amounts = amounts_of(grant.given, call.facts)
    return None if amounts is None else GrantUse(grant=name, amounts=amounts)


def _asked(case: Case, bench: Bench) -> Asked:
    tool = _tool(case)
    return Asked(
        proposal=case.proposal,
        descriptor=tool.descriptor,
        descriptor_digest=tool.digest,
        arguments=case.arguments,
        principal=bench.principal,
        actor=bench.actor,
        now=bench.now,
    )
