"""What a change of policies does: sets that came or went, rules that did, and questions that are answered otherwise. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct
from typing_extensions import override

from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.events.tool import Decision
from agentctl.foundation.canonical import canonical_bytes
from agentctl.policy.cedar.rules import Rule, read_rules
from agentctl.policy.decision import STRICTNESS
from agentctl.review.differences.change import Change, Direction, opposite


class Said(Struct, frozen=True):
    """What the policies of a version say to a question, and of how many approvals they speak."""

    decision: Decision
    quorum: int = 1

    @property
    def strictness(self) -> tuple[int, int]:
        """The larger, the less is let through."""
        return (STRICTNESS.index(self.decision), self.quorum)

    @override
    def __str__(self) -> str:
        """Return it in a few words."""
        return f"{self.decision} by {self.quorum}" if self.quorum > 1 else self.decision


class PolicyFlip(Struct, frozen=True):
    """A question to which the policies of two versions give different answers."""

    question: str
    tool: str
    before: Said
    after: Said

    @property
    def direction(self) -> Direction:
        """Whether the later answer lets more through."""
        return "wider" if self.after.strictness < self.before.strictness else "narrower"


def policy_changes(
    before: Sequence[PolicyVersion], after: Sequence[PolicyVersion], flips: Sequence[PolicyFlip]
) -> Iterator[Change]:
    """Yield what differs between two lists of policy sets. Every set is asked and the strictest answer holds, so one more only narrows."""
    one, other = ({policy.name: policy for policy in policies} for policies in (before, after))
    contents = [Counter(map(_content, policies.values())) for policies in (one, other)]
    if contents[0] != contents[1]:
        yield from _of_sets(one, other)
    yield from _of_flips(flips)


def differ_in_effect(before: Sequence[PolicyVersion], after: Sequence[PolicyVersion]) -> bool:
    """Return whether two lists of policy sets could answer any question differently."""
    return Counter(map(_content, before)) != Counter(map(_content, after))


def _content(policy: PolicyVersion) -> str:
    """Return what a policy set says, whatever its comments, the order of its rules and the names of its files."""
    reading = _rules_of(policy)
    if reading is None:
        return policy.digest
    return "\n".join(sorted(map(_said, reading)))


def _rules_of(policy: PolicyVersion) -> tuple[Rule, ...] | None:
    """Return the rules of a Cedar policy set; None for another engine's, or where some of it cannot be read."""
    if not isinstance(policy.source, CedarPolicies):
        return None
    reading = read_rules(policy.texts)
    return None if reading.problems else reading.rules


def _said(rule: Rule) -> str:
    """Return all that a rule says; its id, unless it was given one, is only where it stands."""
    return canonical_bytes(
        {"effect": rule.effect, "annotations": dict(rule.annotations), "body": rule.body}
    ).decode()


def _of_sets(before: dict[str, PolicyVersion], after: dict[str, PolicyVersion]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one is None:
            yield Change("narrower", "medium", f"policies: {name}", "one more policy set is asked", "", name)
        elif other is None:
            yield Change("wider", "high", f"policies: {name}", "a policy set is asked no more", name, "")
        else:
            yield from _of_set(one, other)


def _of_set(before: PolicyVersion, after: PolicyVersion) -> Iterator[Change]:
    if _content(before) == _content(after):
        return
    one, other = _rules_of(before), _rules_of(after)
    if one is None or other is None:
        what = "it says something else"
        yield Change("other", "medium", f"policies: {before.name}", what, before.digest, after.digest)
        return
    yield from _of_rules(before.name, one, other)


def _of_rules(name: str, before: Sequence[Rule], after: Sequence[Rule]) -> Iterator[Change]:
    """Compare rules by what they say, and what is left of both by their ids."""
    common = Counter(map(_said, before)) & Counter(map(_said, after))
    one, other = _without(before, common), _without(after, common)
    for rule in sorted(one.keys() | other.keys()):
        yield _of_rule(f"policies: {name}: {rule}", one.get(rule), other.get(rule))


def _without(rules: Sequence[Rule], common: Counter[str]) -> dict[str, Rule]:
    left = Counter(common)
    kept: dict[str, Rule] = {}
    for rule in rules:
        if left[_said(rule)]:
            left[_said(rule)] -= 1
        else:
            kept[rule.id] = rule
    return kept


def _of_rule(path: str, before: Rule | None, after: Rule | None) -> Change:
    """Return what became of a rule: one more that permits widens, one more that forbids narrows, another text does either."""
    rule = after or before
    effect = rule.effect if rule else "forbid"
    more: Direction = "wider" if effect == "permit" else "narrower"
    if before is None:
        return Change(more, "medium", path, f"a new rule: {effect}", "", _text(after))
    if after is None:
        return Change(opposite(more), "medium", path, f"a rule less: {effect}", _text(before), "")
    return Change(
        "other", "medium", path, f"the rule says something else: {effect}", _text(before), _text(after)
    )


def _text(rule: Rule | None) -> str:
    return "" if rule is None else rule.text.strip()


def _of_flips(flips: Sequence[PolicyFlip]) -> Iterator[Change]:
    """Yield answers that flip, one change for each tool and kind of flip, with an example."""

    def kind(flip: PolicyFlip) -> tuple[str, str, str]:
        return (flip.tool, str(flip.before), str(flip.after))

    for (tool, before, after), group in groupby(sorted(flips, key=kind), kind):
        found = list(group)
        more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
        direction = found[0].direction
        yield Change(
            direction,
            "high" if direction == "wider" else "medium",
            f"decisions: {tool}",
            f"{found[0].question}{more}",
            before,
            after,
        )
