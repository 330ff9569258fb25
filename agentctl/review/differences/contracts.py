"""Two versions of an agent, compared by what they do: what is allowed, asked, spent, seen and recorded. Pure.

What only reads otherwise (comments, order, form) is no difference. What the platform's rules hold at one value, whatever
the contract says, is none in effect, and told as such.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from agentctl.contract.agent import AgentContract, Budgets, RedactionLevel
from agentctl.contract.platform import PlatformRules, effective
from agentctl.contract.version import AgentVersion
from agentctl.review.differences.change import Change, Measure, Weight, ordered, said
from agentctl.review.differences.policies import PolicyFlip, policy_changes
from agentctl.review.differences.text_diff import TextLine, text_diff
from agentctl.review.differences.tools import tool_changes

_MONEY_AND_STEPS: Final = frozenset({"max_cost_usd_per_run", "max_steps", "max_tool_calls"})
_REDACTION: Final[tuple[RedactionLevel, ...]] = ("off", "standard", "strict")


class VersionDiff(Struct, frozen=True):
    """What differs between two versions: in effect, what weighs most first; and the instructions, line by line.

    `without_effect` is what the contracts say differently and the platform's rules hold at one value; `same_bytes` says that both are one version; where they are not and nothing differs in effect, only the form does.
    """

    same_bytes: bool
    changes: tuple[Change, ...]
    without_effect: tuple[Change, ...]
    instructions: tuple[TextLine, ...]

    @property
    def same(self) -> bool:
        """Whether both do the same."""
        return not self.changes


def version_diff(
    before: AgentVersion, after: AgentVersion, rules: PlatformRules, flips: Sequence[PolicyFlip] = ()
) -> VersionDiff:
    """Compare two versions of an agent.

    Args:
        before: the one.
        after: the other.
        rules: the platform's rules, under which both are looked at.
        flips: questions to which their policies have different answers.
    """
    return VersionDiff(
        same_bytes=before.digest == after.digest,
        changes=ordered(_changes(before, after, rules, flips)),
        without_effect=tuple(_without_effect(before.contract, after.contract, rules)),
        instructions=text_diff(before.instructions, after.instructions),
    )


def _changes(
    before: AgentVersion, after: AgentVersion, rules: PlatformRules, flips: Sequence[PolicyFlip]
) -> Iterator[Change]:
    held, holds = (effective(version.contract, rules)[0] for version in (before, after))
    yield from _whose(before.contract, after.contract)
    yield from tool_changes(before, after)
    yield from policy_changes(before.policies, after.policies, flips)
    yield from _budgets(held.budgets, holds.budgets)
    yield from _identity(held, holds)
    yield from _logging(held, holds)
    yield from _routing(before.contract, after.contract)
    yield from _instructions(before.instructions, after.instructions)


def _whose(before: AgentContract, after: AgentContract) -> Iterator[Change]:
    for key, weight in _WHOSE:
        one, other = getattr(before.agent, key), getattr(after.agent, key)
        if one != other:
            yield Change("other", weight, f"agent.{key}", _WHOSE_WORDS[key], one, other)


_WHOSE: Final[tuple[tuple[str, Weight], ...]] = (("name", "high"), ("owner", "medium"))
_WHOSE_WORDS: Final = {"name": "another agent", "owner": "another team answers for it"}


def _budgets(before: Budgets, after: Budgets) -> Iterator[Change]:
    for field in Budgets.model_fields:
        weight: Weight = "medium" if field in _MONEY_AND_STEPS else "low"
        values = (getattr(before, field), getattr(after, field))
        yield from Measure(f"budgets.{field}", "the ceiling", weight).between(*values, amount=_itself)


def _itself(value: Decimal | int) -> Decimal | int:
    return value


def _identity(before: AgentContract, after: AgentContract) -> Iterator[Change]:
    yield from Measure("identity.token_ttl_seconds", "the longest life of a credential").between(
        before.identity.token_ttl_seconds, after.identity.token_ttl_seconds, amount=int
    )


def _logging(before: AgentContract, after: AgentContract) -> Iterator[Change]:
    yield from Measure("logging.pii_redaction", "who sees personal data", "high", "narrower").between(
        before.logging.pii_redaction, after.logging.pii_redaction, amount=_REDACTION.index
    )
    yield from Measure("logging.trace_level", "whether payloads are recorded", "medium", "other").between(
        before.logging.trace_level, after.logging.trace_level, amount=("metadata", "full").index
    )


def _routing(before: AgentContract, after: AgentContract) -> Iterator[Change]:
    one, other = before.model_routing, after.model_routing
    if one.default != other.default:
        what = "another model is asked first"
        yield Change("other", "medium", "model_routing.default", what, one.default, other.default)
    conditions = [frozenset(map(_condition, routing.escalate_on)) for routing in (one, other)]
    if conditions[0] != conditions[1]:
        texts = map(said, conditions)
        yield Change("other", "low", "model_routing.escalate_on", "when a stronger model is asked", *texts)


def _condition(escalation: object) -> str:
    return " ".join(f"{key} {said(value)}" for key, value in vars(escalation).items() if value is not None)


def _without_effect(before: AgentContract, after: AgentContract, rules: PlatformRules) -> Iterator[Change]:
    """Yield what two contracts say differently and the platform's rules hold at one value."""
    held, holds = (effective(contract, rules)[0] for contract in (before, after))
    for group, field in _HELD:
        values = [getattr(getattr(contract, group), field) for contract in (before, after)]
        effects = [getattr(getattr(contract, group), field) for contract in (held, holds)]
        if values[0] != values[1] and effects[0] == effects[1]:
            what = f"the platform's rules hold it at {said(effects[0])}"
            yield Change("other", "low", f"{group}.{field}", what, *map(said, values))


_HELD: Final = (
    *(("budgets", field) for field in Budgets.model_fields),
    ("identity", "token_ttl_seconds"),
    ("logging", "pii_redaction"),
)


def _instructions(before: str, after: str) -> Iterator[Change]:
    if before != after:
        lines = text_diff(before, after)
        counts = [sum(line.mark == mark for line in lines) for mark in "-+"]
        texts = [f"{count} line{'' if count == 1 else 's'}" for count in counts]
        yield Change("other", "medium", "instructions", "what the model is told", *texts)
