"""Approvals: somebody can give them, nobody gives their own, and everybody is told apart."""

from collections.abc import Iterator

from agentctl.review.report import Finding, error, warning
from agentctl.review.risks import is_gated
from agentctl.review.subject import Listed, Subject


def approvals_are_possible(subject: Subject) -> Iterator[Finding]:
    """Somebody in the environment may answer for every tool that needs an approval."""
    for listed in subject.listed():
        if is_gated(subject, listed) and not _answerers(subject, listed):
            place = subject.in_environment("reviewers")
            found = f"`{listed.entry.name}` needs an approval, and nobody in the environment may give it {place.where}"
            yield error(subject.at_entry(listed), found, "a person under `reviewers` there")


def escalations_reach_a_person(subject: Subject) -> Iterator[Finding]:
    """What a rule leaves to people reaches one."""
    ruled = {item.rule.tool: item for item in subject.ruled()}
    has_people = any(item.rule is None for item in subject.environment.document.reviewers)
    for listed in subject.listed():
        if is_gated(subject, listed) and not has_people and listed.entry.name in ruled:
            at = subject.in_rule(ruled[listed.entry.name], "total_usd_le")
            yield warning(
                at, f"above this a person decides on `{listed.entry.name}`, and there is none", "a person"
            )


def reviewers_are_told_apart(subject: Subject) -> Iterator[Finding]:
    """Reviewers have names of their own; `system:` names, and only those, stand for rules."""
    reviewers = subject.environment.document.reviewers
    for index, reviewer in enumerate(reviewers):
        at = subject.in_environment("reviewers", index, "name")
        if any(other.name == reviewer.name for other in reviewers[:index]):
            yield error(at, f"the reviewer `{reviewer.name}` a second time", "each reviewer once")
        if (reviewer.rule is not None) != reviewer.name.startswith("system:"):
            found = f"`{reviewer.name}` has {'a' if reviewer.rule else 'no'} rule"
            yield error(at, found, "`system:` before the names of rules, and a rule for each of them")


def nobody_approves_their_own(subject: Subject) -> Iterator[Finding]:
    """The environment's usual principal is not one of its reviewers."""
    principal = subject.environment.document.identity.default_principal
    if any(item.name == principal for item in subject.environment.document.reviewers):
        at = subject.in_environment("identity", "default_principal")
        yield warning(at, f"`{principal}` is a reviewer too, and nobody approves their own", "two people")


def runs_name_their_principal(subject: Subject) -> Iterator[Finding]:
    """In a live environment a run acts for whoever started it, not for a name that everybody shares."""
    environment = subject.environment.document
    if environment.kind == "live" and environment.identity.default_principal is not None:
        at = subject.in_environment("identity", "default_principal")
        found = f"every live run without `--as` acts for `{environment.identity.default_principal}`"
        yield warning(at, found, "no default, so that the operating-system user is recorded")


def _answerers(subject: Subject, listed: Listed) -> list[str]:
    reviewers = subject.environment.document.reviewers
    return [item.name for item in reviewers if item.rule is None or item.rule.tool == listed.entry.name]
