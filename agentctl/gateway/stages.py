"""The stages every tool call passes, in order. This tuple is the security argument; read it.

A stage takes a case and either adds to it what it found, or refuses, or asks for approval. Absent means no, error means
no. When an approval arrives, or after a crash, all stages run again from the first.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from agentctl.approval.pending import Approval, of_call
from agentctl.budget.limits import exceeded, sentence
from agentctl.events.base import Reservation
from agentctl.events.tool import DecisionMade, PolicyAnswer, Stage
from agentctl.foundation.canonical import digest_of
from agentctl.foundation.errors import InternalError
from agentctl.foundation.money import plain
from agentctl.foundation.pointer import at
from agentctl.gateway.bench import Bench
from agentctl.gateway.verdict import Case, NeedsApproval, Refused, Verdict
from agentctl.policy.decision import reasons_for, strictest
from agentctl.policy.engine import PolicyRequest
from agentctl.tools.facts import Facts, effect_key, facts_of
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
    facts = facts_of(_tool(case).descriptor, case.arguments)
    totals = _totals(case, facts)
    request = _policy_request(case, bench, facts, totals)
    key = effect_key(_tool(case).descriptor, case.arguments)
    answers = [await engine.decide(request) for engine in bench.engines]
    answers += _one_effect_once(case, bench, key)
    decision = strictest(answers)
    made = DecisionMade(
        call=case.proposal.call,
        attempt=case.attempt,
        decision=decision,
        answers=tuple(answers),
        facts=dict(request.facts),
        facts_missing=dict(facts.missing),
        inputs_digest=digest_of(request.inputs()),
    )
    judged = replace(case, decision=made, effect_key=key, totals=totals)
    if decision == "deny":
        return Refused("permitted", reasons_for("deny", answers), judged)
    return judged


async def affordable(case: Case, bench: Bench) -> Verdict:
    """One more attempt fits under the ceilings. This is a quote; the reservation is compared again with the intent."""
    asked = Reservation(tool_calls=1)
    stop = exceeded(bench.state.spend, bench.state.header.limits, asked)
    if stop is not None:
        return Refused("affordable", (sentence(stop),), case, stop)
    return replace(case, reservation=asked)


async def approved(case: Case, bench: Bench) -> Verdict:
    """Where approval is needed, somebody else gave it for exactly this, in time, and it was not used for another call."""
    decision = case.decision
    if decision is None:
        return _refused(case, "approved", "nobody has judged this call")
    if decision.decision == "allow":
        return case
    requests = of_call(bench.state.approvals, case.proposal.call)
    if not requests:
        return NeedsApproval(case, reasons_for("needs_approval", decision.answers), already_requested=False)
    return _by_answer(case, requests[-1], bench)


STAGES: tuple[StageFunction, ...] = (registered, well_formed, permitted, affordable, approved)
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
    bound = latest.request.binding
    approved_for = (bound.arguments_digest, bound.descriptor_digest, bound.version)
    asked_for = (case.proposal.arguments_digest, _tool(case).digest, bench.state.header.version)
    if approved_for != asked_for:
        return _refused(case, "approved", "what was approved is not what is asked")
    return replace(case, approvals=(latest.request.approval,))


def _policy_request(case: Case, bench: Bench, facts: Facts, totals: Mapping[str, Decimal]) -> PolicyRequest:
    tool, proposal = _tool(case), case.proposal
    return PolicyRequest(
        principal=bench.principal,
        actor=bench.actor,
        environment=bench.state.header.environment,
        descriptor=tool.descriptor,
        descriptor_digest=tool.digest,
        entry=bench.contract.allowed(proposal.tool),
        arguments=case.arguments,
        arguments_digest=proposal.arguments_digest or "",
        facts=_fact_texts(case, bench, facts, totals),
        facts_missing=facts.missing,
        sources=proposal.sources,
        step=proposal.step,
        labels_seen=bench.state.labels_seen,
        today=bench.now[:10],
    )


def _fact_texts(case: Case, bench: Bench, facts: Facts, totals: Mapping[str, Decimal]) -> dict[str, str]:
    """Return the facts as text; an amount also with the run's total for the same object, as `<fact>_total`."""
    call = case.proposal.call
    texts = {
        name: plain(value) if isinstance(value, Decimal) else value for name, value in facts.values.items()
    }
    for key, amount in totals.items():
        name = key.split(":", maxsplit=1)[0]
        texts[f"{name}_total"] = plain(amount + bench.state.total_of(key, besides=call))
    return texts


def _one_effect_once(case: Case, bench: Bench, key: str | None) -> list[PolicyAnswer]:
    """Refuse an effect that another call of this run has, or may have, caused; an effect nobody can name is refused too."""
    descriptor = _tool(case).descriptor
    if descriptor.effect_key is None:
        return []
    policy = "platform:one-effect-once"
    holder = bench.state.holder_of(key) if key else None
    if key and holder in {None, case.proposal.call}:
        return []
    reason = (
        f"call {holder} of this run already did, or may have done, the same"
        if key
        else "its effect cannot be named"
    )
    digest = digest_of({"policy": policy, "effect_key": descriptor.effect_key})
    return [
        PolicyAnswer(authority="platform", policy=policy, digest=digest, decision="deny", reasons=(reason,))
    ]


def _totals(case: Case, facts: Facts) -> dict[str, Decimal]:
    """Return what this call adds to the run's totals: `<fact>:<object>` and the amount."""
    totals: dict[str, Decimal] = {}
    for name, fact in _tool(case).descriptor.facts.items():
        value = facts.values.get(name)
        whose = None if fact.total_per is None else at(case.arguments, fact.total_per)
        if whose is not None and isinstance(value, Decimal):
            totals[f"{name}:{whose}"] = value
    return totals
