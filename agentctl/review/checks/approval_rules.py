"""The long form of `requires_approval`: its thresholds, reviewers and times fit the tool, the environment, the platform."""

from collections.abc import Iterator

from msgspec import Struct

from agentctl.contract.approval_rule import ApprovalRule
from agentctl.contract.durations import seconds_of
from agentctl.contract.project import nearest
from agentctl.contract.tool import Fact, higher_tier
from agentctl.review.checks.report import Finding, Spot, error, note, warning
from agentctl.review.checks.risks import is_gated
from agentctl.review.checks.subject import Listed, Subject, in_tool
from agentctl.review.checks.tool_parts import one_of


class _Asking(Struct, frozen=True):
    """An allowlist entry with its rule, where that is written out."""

    listed: Listed
    rule: ApprovalRule

    def at(self, subject: Subject, *path: str | int) -> Spot:
        return subject.at_entry(self.listed, "requires_approval", *path)


def thresholds_name_amounts(subject: Subject) -> Iterator[Finding]:
    """A threshold speaks of a number among the facts of its tool that is known before the call."""
    for asking in _asking(subject):
        facts, place = asking.listed.descriptor.facts, in_tool(asking.listed.tool, "facts")
        for threshold in asking.rule.when:
            name, _, comparison = threshold.rpartition("_")
            at = asking.at(subject, "when", threshold)
            if name not in facts:
                known = [f"{fact}_{comparison}" for fact in facts]
                found = f"`{asking.listed.entry.name}` has no fact `{name}` {place.where}"
                yield error(at, found, one_of(known, "one of its facts"), nearest(threshold, known))
            else:
                yield from _unfit(at, asking.listed, name, facts[name])


def amounts_are_counted_together(subject: Subject) -> Iterator[Finding]:
    """A threshold on money counts what a run comes to for one object: else five times 49 stay below 200."""
    for asking in _asking(subject):
        for threshold in asking.rule.when:
            name = threshold.rpartition("_")[0]
            fact = asking.listed.descriptor.facts.get(name)
            if fact is not None and fact.unit == "minor_units" and fact.total_per is None:
                place = in_tool(asking.listed.tool, "facts", name)
                found = f"`{name}` has no total per object, so many small calls stay below the threshold {place.where}"
                yield warning(asking.at(subject, "when", threshold), found, "`total_per` there")


def named_reviewers_exist(subject: Subject) -> Iterator[Finding]:
    """Whoever a contract names as a reviewer is one in the environment; nobody else is ever asked."""
    known = [item.name for item in subject.environment.document.reviewers]
    place = subject.in_environment("reviewers")
    for asking in _asking(subject):
        for path, name in _named(asking.rule):
            if name not in known:
                found = f"the environment `{subject.environment.document.name}` has no reviewer `{name}` {place.where}"
                yield error(
                    asking.at(subject, *path), found, one_of(known, "a reviewer there"), nearest(name, known)
                )


def rules_meet_the_floors(subject: Subject) -> Iterator[Finding]:
    """No contract writes a smaller quorum, or a longer validity, than the platform demands for the risk tier."""
    for asking in _asking(subject):
        tier = asking.listed.tier
        floor, rule = subject.rules.floor(tier), asking.rule
        if _is_written(subject, asking, "quorum") and rule.quorum < floor.quorum_at_least:
            found = f"`{rule.quorum}` is less than {_floor(subject, tier, 'quorum_at_least')} demands: `{floor.quorum_at_least}`"
            yield error(asking.at(subject, "quorum"), found, f"`{floor.quorum_at_least}` or more")
        longest = floor.valid_for_at_most
        if (
            longest
            and _is_written(subject, asking, "valid_for")
            and seconds_of(rule.valid_for) > seconds_of(longest)
        ):
            found = f"`{rule.valid_for}` is more than {_floor(subject, tier, 'valid_for_at_most')} allows: `{longest}`"
            yield error(asking.at(subject, "valid_for"), found, f"`{longest}` or less")


def floors_are_told(subject: Subject) -> Iterator[Finding]:
    """Where the platform demands more reviewers than a contract speaks of, that is told with both places."""
    for listed in subject.listed():
        rule, wanted = (
            listed.entry.approval or ApprovalRule(),
            subject.rules.floor(listed.tier).quorum_at_least,
        )
        asks = listed.entry.approval is not None or is_gated(subject, listed)
        says = ("tools", "allowlist", listed.index, "requires_approval", "quorum")
        if asks and rule.quorum < wanted and says not in subject.contract.source.value_places:
            found = f"{wanted} must approve, by {_floor(subject, listed.tier, 'quorum_at_least')}"
            yield note(subject.at_entry(listed, "requires_approval"), found)


def tiers_have_an_effect(subject: Subject) -> Iterator[Finding]:
    """A contract may raise the risk tier of a tool, and never lower it."""
    for listed in subject.listed():
        said, own = listed.entry.risk_tier, listed.descriptor.tier
        if said is not None and higher_tier(own, said) != said:
            place = in_tool(listed.tool, "risk_tier" if listed.descriptor.risk_tier else "effect")
            found = f"`{said}` is lower than `{own}`, the tool's own tier {place.where}, and has no effect"
            yield warning(subject.at_entry(listed, "risk_tier"), found, f"`{own}`, a higher one, or nothing")


def models_that_may_approve_exist(subject: Subject) -> Iterator[Finding]:
    """Where a model may approve, one is asked."""
    for asking in _asking(subject):
        tool = asking.listed.entry.name
        asked = any(not item.model.tools or tool in item.model.tools for item in subject.modelled())
        if asking.rule.model_may_approve and not asked:
            place = subject.in_environment("reviewers")
            found = f"no model reviews `{tool}` in the environment {place.where}, so this changes nothing"
            yield note(asking.at(subject, "model_may_approve"), found)


def _asking(subject: Subject) -> Iterator[_Asking]:
    for listed in subject.listed():
        if isinstance(listed.entry.requires_approval, ApprovalRule):
            yield _Asking(listed, listed.entry.requires_approval)


def _unfit(at: Spot, listed: Listed, name: str, fact: Fact) -> Iterator[Finding]:
    place = in_tool(listed.tool, "facts", name)
    if fact.unit == "text":
        yield error(
            at, f"the fact `{name}` is a text {place.where}", "a fact with `unit: minor_units` or `number`"
        )
    elif fact.source == "result":
        found = f"the fact `{name}` is read from the result, which nobody knows before the call {place.where}"
        yield error(at, found, "a fact with `source: arguments`")
    elif fact.unit == "minor_units" and not name.endswith("_usd"):
        found = f"the fact `{name}` may be of any currency, and a threshold is one number {place.where}"
        yield error(at, found, "a fact whose name ends with `_usd`: those are of no other currency")


def _named(rule: ApprovalRule) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, name in enumerate(rule.reviewers):
        yield ("reviewers", index), name
    for number, step in enumerate(rule.escalation):
        for index, name in enumerate(step.to):
            yield ("escalation", number, "to", index), name


def _is_written(subject: Subject, asking: _Asking, key: str) -> bool:
    path = ("tools", "allowlist", asking.listed.index, "requires_approval", key)
    return path in subject.contract.source.value_places


def _floor(subject: Subject, tier: str, key: str) -> str:
    return f"`platform.approvals.{tier}.{key}` {subject.by_platform('approvals', tier, key)}"
