"""Approvals: somebody can give them, enough of them, nobody gives their own, and everybody is told apart."""

from collections.abc import Iterator

from agentctl.contract.words import listed as named
from agentctl.review.checks.report import Finding, Spot, error, warning
from agentctl.review.checks.risks import may_be_gated
from agentctl.review.checks.subject import Listed, Subject


def approvals_are_possible(subject: Subject) -> Iterator[Finding]:
    """Somebody in the environment may answer for every tool that needs an approval."""
    for listed in _gated(subject):
        if not answerers(subject, listed):
            place = subject.in_environment("reviewers")
            found = f"`{listed.entry.name}` needs an approval, and nobody in the environment may give it {place.where}"
            yield error(subject.at_entry(listed), found, "a person under `reviewers` there")


def quorums_can_be_met(subject: Subject) -> Iterator[Finding]:
    """Enough reviewers may approve each call, without the one for whom runs act by default."""
    for listed in _gated(subject):
        able, wanted = answerers(subject, listed), quorum_of(subject, listed)
        others = [name for name in able if name != _principal(subject)]
        if able and len(others) < wanted:
            at, why = _demanded(subject, listed, wanted)
            place = subject.in_environment("reviewers")
            found = f"{wanted} must approve `{listed.entry.name}`{why}, and only {named(others) or 'nobody'} can {place.where}"
            yield error(at, found + _own(subject, able), "more people under `reviewers` there")


def escalations_reach_a_person(subject: Subject) -> Iterator[Finding]:
    """What a rule leaves to people reaches one."""
    ruled = {item.rule.tool: item for item in subject.ruled()}
    has_people = any(item.is_person for item in subject.environment.document.reviewers)
    for listed in _gated(subject):
        if not has_people and listed.entry.name in ruled:
            at = subject.in_rule(ruled[listed.entry.name], "total_usd_le")
            yield warning(
                at, f"above this a person decides on `{listed.entry.name}`, and there is none", "a person"
            )


def reviewers_are_told_apart(subject: Subject) -> Iterator[Finding]:
    """Reviewers have names of their own; `system:` names, and only those, stand for rules and models."""
    reviewers = subject.environment.document.reviewers
    for index, reviewer in enumerate(reviewers):
        at = subject.in_environment("reviewers", index, "name")
        if any(other.name == reviewer.name for other in reviewers[:index]):
            yield error(at, f"the reviewer `{reviewer.name}` a second time", "each reviewer once")
        if reviewer.is_person == reviewer.name.startswith("system:"):
            kind = "no rule" if reviewer.is_person else "a model" if reviewer.model else "a rule"
            accepted = (
                "`system:` before the names of rules and models, and a rule or a model for each of them"
            )
            yield error(at, f"`{reviewer.name}` has {kind}", accepted)


def nobody_approves_their_own(subject: Subject) -> Iterator[Finding]:
    """The environment's usual principal is not one of its reviewers."""
    principal = _principal(subject)
    if any(item.name == principal for item in subject.environment.document.reviewers):
        at = subject.in_environment("identity", "default_principal")
        yield warning(at, f"`{principal}` is a reviewer too, and nobody approves their own", "two people")


def nobody_judges_their_own_risk(subject: Subject) -> Iterator[Finding]:
    """Whoever accepts a risk of a tool is not the only one who can approve its calls."""
    for listed in _gated(subject):
        able = answerers(subject, listed)
        for index, item in enumerate(listed.entry.accepts):
            if able == [item.by] and subject.accepted(listed, item.risk) == item:
                at, place = (
                    subject.at_entry(listed, "accepts", index, "by"),
                    subject.in_environment("reviewers"),
                )
                found = f"`{item.by}` accepts this risk, and nobody else can approve the calls {place.where}"
                yield warning(at, found, "another reviewer there")


def runs_name_their_principal(subject: Subject) -> Iterator[Finding]:
    """In a live environment a run acts for whoever started it, not for a name that everybody shares."""
    environment = subject.environment.document
    if environment.kind == "live" and environment.identity.default_principal is not None:
        at = subject.in_environment("identity", "default_principal")
        found = f"every live run without `--as` acts for `{environment.identity.default_principal}`"
        yield warning(at, found, "no default, so that the operating-system user is recorded")


def answerers(subject: Subject, listed: Listed) -> list[str]:
    """Return who can ever approve the calls of a tool: people, its own rules, and models where the contract lets them."""
    rule, tool = listed.entry.approval, listed.entry.name
    able = [
        item.name
        for item in subject.environment.document.reviewers
        if item.is_person
        or (item.rule is not None and item.rule.tool == tool)
        or (
            item.model is not None
            and rule is not None
            and rule.model_may_approve
            and tool in (item.model.tools or (tool,))
        )
    ]
    if rule is None or not rule.reviewers:
        return able
    wanted = {*rule.reviewers, *(name for step in rule.escalation for name in step.to)}
    return [name for name in able if name in wanted]


def quorum_of(subject: Subject, listed: Listed) -> int:
    """Return how many must approve: what the contract says, or the platform where that is more."""
    rule = listed.entry.approval
    return max(1 if rule is None else rule.quorum, subject.rules.floor(listed.tier).quorum_at_least)


def _gated(subject: Subject) -> Iterator[Listed]:
    return (listed for listed in subject.listed() if may_be_gated(subject, listed))


def _demanded(subject: Subject, listed: Listed, wanted: int) -> tuple[Spot, str]:
    """Return the place that a quorum is told at, and whose demand it is where it is not the contract's."""
    rule = listed.entry.approval
    if rule is not None and rule.quorum == wanted:
        return subject.at_entry(listed, "requires_approval", "quorum"), ""
    place = subject.by_platform("approvals", listed.tier, "quorum_at_least")
    return subject.at_entry(listed), f", by `platform.approvals.{listed.tier}.quorum_at_least` {place}"


def _principal(subject: Subject) -> str | None:
    return subject.environment.document.identity.default_principal


def _own(subject: Subject, able: list[str]) -> str:
    principal = _principal(subject)
    if principal not in able:
        return ""
    place = subject.in_environment("identity", "default_principal")
    return f"; runs act for `{principal}` {place.where}, and nobody approves their own"
