"""Rules of Cedar that are valid and still not what their author thinks: dead, shadowed, or wider than they look."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentctl.contract.tool import ToolDescriptor
from agentctl.contract.words import listed, nearest
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import Place
from agentctl.policy.cedar.reach import Reach, reaches
from agentctl.policy.cedar.rules import read_rules
from agentctl.policy.cedar.schema import GROUPS
from agentctl.review.checks.report import Finding, Spot, error, warning
from agentctl.review.checks.subject import PolicySet, Subject


class RuleSet(Struct, frozen=True):
    """The rules of one valid policy set with what each can match, and the tools that counts for.

    Those of a contract's own policies are the contract's; policies that hold over several contracts have the registry's.
    """

    subject: Subject
    policies: PolicySet
    tools: Mapping[str, ToolDescriptor]
    reaches: tuple[Reach, ...]

    def at(self, reach: Reach) -> Spot:
        """Return where a rule stands."""
        place = reach.rule.place
        return Spot(replace(place, file=self.policies.shown(place.file)), "")

    def with_effect(self, names: frozenset[str], *effects: str) -> list[str]:
        """Return those tools that have one of some effects, sorted."""
        return sorted(name for name in names if self.tools[name].effect in effects)


Check: TypeAlias = Callable[[RuleSet], Iterator[Finding]]


def lint(subject: Subject, policies: PolicySet, without: Collection[Place]) -> Iterator[Finding]:
    """Yield what is wrong or doubtful with the valid rules of a policy set: all but those at some places."""
    own = {item.entry.name: item.descriptor for item in subject.listed()}
    registry = {name: loaded.document for name, loaded in subject.registry.items()}
    tools = own if policies.of == "contract" else registry
    valid = tuple(rule for rule in read_rules(policies.version.texts).rules if rule.place not in without)
    rules = RuleSet(subject, policies, tools, reaches(valid, tools))
    for check in CHECKS if policies.of != "platform" else CHECKS_OF_PLATFORM:
        yield from check(rules)


def rules_can_match(rules: RuleSet) -> Iterator[Finding]:
    """No rule is dead: its conditions can hold, and there is a tool whose calls it takes."""
    for reach in rules.reaches:
        if reach.impossible:
            found = f"{_called(reach)} can never match: its conditions rule everything out"
            yield error(rules.at(reach), found, "conditions that can hold together")
        elif not reach.tools:
            yield from _idle(rules, reach)


def rules_matter(rules: RuleSet) -> Iterator[Finding]:
    """No rule is shadowed by one that says the same, or the opposite, of everything it takes."""
    for index, reach in enumerate(rules.reaches):
        for other_index, other in enumerate(rules.reaches):
            if _shadows(other, reach) and (other_index < index or not _shadows(reach, other)):
                verb = "forbids" if other.rule.effect == "forbid" else "permits"
                found = f"{_called(reach)} changes nothing: {_called(other)} {verb} all that it takes {rules.at(other).where}"
                yield warning(rules.at(reach), found, "one of the two rules")


def permits_are_bounded(rules: RuleSet) -> Iterator[Finding]:
    """No permit takes every call of every tool."""
    for reach in rules.reaches:
        if _permits(reach) and reach.rule.actions is None and reach.always == frozenset(rules.tools):
            found = f"{_called(reach)} permits everything to everybody"
            yield error(rules.at(reach), found, "a scope that names actions, and conditions")


def reads_and_writes_are_apart(rules: RuleSet) -> Iterator[Finding]:
    """Where the platform says so, a permit speaks of tools that read or of tools that change something, not of both."""
    subject = rules.subject
    if not subject.rules.separate_read_and_write_policies:
        return
    for reach in rules.reaches:
        reads = rules.with_effect(reach.tools, "read")
        writes = rules.with_effect(reach.tools, "write", "irreversible")
        if _permits(reach) and reads and writes:
            by = subject.by_platform("separate_read_and_write_policies")
            found = (
                f"{_called(reach)} permits what reads ({listed(reads)}) and what writes ({listed(writes)})"
            )
            yield error(rules.at(reach), f"{found}; the platform keeps them apart {by}", "a rule for each")


def irreversible_permits_ask(rules: RuleSet) -> Iterator[Finding]:
    """A permit of what cannot be undone asks for an approval, or a rule beside it does."""
    gated = frozenset[str]().union(*(reach.unapproved for reach in rules.reaches if not _permits(reach)))
    for reach in rules.reaches:
        free = rules.with_effect(reach.tools - reach.approved - gated, "irreversible")
        if _permits(reach) and free:
            found = f"{_called(reach)} permits what cannot be undone ({listed(free)}) without an approval"
            yield warning(rules.at(reach), found, "`when { context.approval.granted }`")


CHECKS: tuple[Check, ...] = (
    rules_can_match,
    rules_matter,
    permits_are_bounded,
    reads_and_writes_are_apart,
    irreversible_permits_ask,
)
"""For the policies of contracts and environments."""

CHECKS_OF_PLATFORM: tuple[Check, ...] = (rules_can_match, rules_matter)
"""For the platform's own: a permit of theirs widens nothing, it only says that they have no objection."""


def _permits(reach: Reach) -> bool:
    return reach.rule.effect == "permit"


def _called(reach: Reach) -> str:
    return f"`{reach.rule.id}`"


def _shadows(other: Reach, reach: Reach) -> bool:
    """Return whether a rule is without effect beside another one: a permit by any rule, a `forbid` by another `forbid`."""
    if other is reach or other.impossible or reach.impossible or not reach.tools:
        return False
    if reach.rule.effect == "forbid" and other.rule.effect == "permit":
        return False
    return other.always >= reach.tools


def _idle(rules: RuleSet, reach: Reach) -> Iterator[Finding]:
    """Yield the finding for a rule that takes no tool's calls.

    A rule that holds over several contracts may look ahead, to tools of a kind that is not there yet; to name a tool that
    is not there is a slip, or soon will be.
    """
    own = rules.policies.of == "contract"
    strange = [name for name in _tools_named(reach.rule.body) if name not in (*rules.tools, *GROUPS)]
    if own or strange:
        found = f"{_called(reach)} matches no tool of {'the contract' if own else 'the registry'}"
        near = next((name for word in strange if (name := nearest(word, rules.tools))), "")
        judged = error if own else warning
        yield judged(rules.at(reach), found, f"rules about {listed(sorted(rules.tools))}", near)


def _tools_named(value: JsonValue) -> Iterator[str]:
    """Yield every tool and action that a rule names."""
    match value:
        case {"type": "Action" | "Tool", "id": str() as name}:
            yield name
        case Mapping():
            for item in value.values():
                yield from _tools_named(item)
        case list() | tuple():
            for item in value:
                yield from _tools_named(item)
        case _:
            return
