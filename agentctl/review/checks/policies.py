"""The policy sets over a contract: all that cannot be used in them, and rules that do nothing or more than they seem to."""

from collections.abc import Iterator

from msgspec.structs import replace

from agentctl.contract.policy_source import AuthzenPolicies, CedarPolicies, OpaPolicies, RegoPolicies
from agentctl.foundation.errors import InvalidInput, Place, Problem
from agentctl.policy.authority import Authority
from agentctl.policy.catalog import Around, judge_for
from agentctl.review.checks.report import Finding
from agentctl.review.checks.subject import PolicySet, Subject


def policies_hold(subject: Subject) -> Iterator[Finding]:
    """Every policy set can be used, and every rule in it is good for something.

    Types are made from the contract's tools; while one of those does not exist, there is nothing to judge by.
    """
    listed = subject.contract.document.tools.allowlist
    judgeable = all(entry.name in subject.registry for entry in listed)
    for policies in subject.policies if judgeable else ():
        problems = tuple(_unusable(subject, policies))
        yield from (Finding("error", _placed(policies, problem)) for problem in problems)
        yield from _linted(subject, policies, {problem.place for problem in problems})


def _unusable(subject: Subject, policies: PolicySet) -> Iterator[Problem]:
    """Yield what keeps a set from being used, in the words of its engine; a point that is not bound is told already."""
    source, points = policies.version.source, subject.environment.document.decision_points
    if isinstance(source, OpaPolicies | AuthzenPolicies) and source.point not in points:
        return
    authority: Authority = "platform" if policies.of == "platform" else "policy"
    tools = {item.entry.name: item.descriptor for item in subject.listed()}
    around = Around(tools, points, lambda _: None)
    try:
        judge_for(policies.version, authority, around)
    except InvalidInput as refusal:
        yield from refusal.problems


def _placed(policies: PolicySet, problem: Problem) -> Problem:
    """Return a problem with its file as people see it; what stands in none of them stands where the set is named."""
    if problem.place.file in policies.version.texts:
        return replace(problem, place=replace(problem.place, file=policies.shown(problem.place.file)))
    return replace(problem, place=policies.at.place, path=policies.at.path)


def _linted(subject: Subject, policies: PolicySet, without: set[Place]) -> Iterator[Finding]:
    match policies.version.source:
        case CedarPolicies():
            from agentctl.review.checks.policy_lint import lint  # noqa: PLC0415 - loads Cedar

            yield from lint(subject, policies, without)
        case RegoPolicies() | OpaPolicies() | AuthzenPolicies():
            return
