"""What observed calls needed: per tool, the bounds within which every call lay that was executed. Pure.

A number is bounded by the largest seen, an amount by the largest total of its object, a word by the words seen, an optional
argument that was never given by its absence. What names a thing (`ch_1`) is not bounded by itself: it is only when an
earlier call had spoken of the same thing each time. What nothing bounds is named as open, with the reason.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from agentctl.contract.tool import Fact, ToolDescriptor
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.money import parse_decimal
from agentctl.policy.cedar.request import decimal_text
from agentctl.policy.cedar.schema import ToolTypes
from agentctl.policy.engine import PolicyRequest, ToolHistory
from agentctl.review.decisions.past import PastDecision

LABELS = ("private", "untrusted")
"""Every trust label."""

_WORD = re.compile(r"[A-Za-z_-]{1,32}")
_MOST_WORDS = 8


class Largest(Struct, frozen=True):
    """A number: the largest that was seen."""

    number: int


class OneOf(Struct, frozen=True):
    """One of the values that were seen."""

    values: tuple[str | bool, ...]


class Absent(Struct, frozen=True):
    """An argument that was never given."""


class ByFact(Struct, frozen=True):
    """An argument that is bounded by what a fact of it may be."""

    fact: str


class Open(Struct, frozen=True):
    """An argument that nothing bounds, and why."""

    reason: str


Bound: TypeAlias = Largest | OneOf | Absent | ByFact | Open


class Need(Struct, frozen=True):
    """What the executed calls of one tool had in common; those with and those without an approval are apart.

    `most_earlier` is how many calls of the tool had, or may have had, their effect before one of them; `after` are the other
    tools that had gone well before each; `same` maps a fact to the tool that had spoken of the same thing before each. `always_given` are arguments that none
    of them left out.
    """

    descriptor: ToolDescriptor
    approved: bool
    count: int
    principals: tuple[str, ...]
    environments: tuple[str, ...]
    most_earlier: int
    after: tuple[str, ...]
    same: Mapping[str, str]
    amounts: Mapping[str, Decimal]
    arguments: Mapping[str, Bound]
    always_given: frozenset[str]
    unseen_labels: tuple[str, ...]

    @property
    def tool(self) -> str:
        """The tool's name."""
        return self.descriptor.name

    @property
    def open(self) -> dict[str, str]:
        """The arguments that nothing bounds, with the reasons."""
        return {name: bound.reason for name, bound in self.arguments.items() if isinstance(bound, Open)}


def needs_of(executed: Iterable[PastDecision]) -> tuple[Need, ...]:
    """Return what executed calls needed, by tool, in the order in which the tools were first used."""
    groups: dict[tuple[str, bool], list[PolicyRequest]] = {}
    for past in executed:
        key = past.question.asked.descriptor.name, past.made.decision == "needs_approval"
        groups.setdefault(key, []).append(past.question.request)
    return tuple(_need(_Group(requests), approved=approved) for (_, approved), requests in groups.items())


class _Group(Struct, frozen=True):
    """Requests of one tool."""

    requests: Sequence[PolicyRequest]

    @property
    def descriptor(self) -> ToolDescriptor:
        """The tool, as it was last."""
        return self.requests[-1].descriptor

    def facts(self, name: str) -> list[str | None]:
        """Return a fact of each request."""
        return [request.facts.get(name) for request in self.requests]

    def given(self, argument: str) -> list[JsonValue]:
        """Return an argument of each request that has it."""
        return [request.arguments[argument] for request in self.requests if argument in request.arguments]

    def ok(self, tool: str) -> bool:
        """Return whether a tool had gone well before each request."""
        return all(request.history.get(tool, _NEVER).ok > 0 for request in self.requests)

    def spoke(self, tool: str, fact: str) -> bool:
        """Return whether earlier calls of a tool had the same value of a fact, before each request."""
        return all(
            request.facts.get(fact) in request.history.get(tool, _NEVER).facts.get(fact, ())
            for request in self.requests
        )


_NEVER = ToolHistory()


def _need(group: _Group, *, approved: bool) -> Need:
    descriptor, requests = group.descriptor, group.requests
    seen = {label for request in requests for label in request.labels_seen}
    after = tuple(tool for tool in requests[0].history if tool != descriptor.name and group.ok(tool))
    same = dict(_same_things(group, after))
    amounts = dict(_amounts(group))
    return Need(
        descriptor=descriptor,
        approved=approved,
        count=len(requests),
        principals=tuple(sorted({request.principal.id for request in requests})),
        environments=tuple(sorted({request.environment for request in requests})),
        most_earlier=max(effects_before(request) for request in requests),
        after=after,
        same=same,
        amounts=amounts,
        arguments=dict(_arguments(group, {*same, *amounts})),
        always_given=frozenset.intersection(*(frozenset(request.arguments) for request in requests)),
        unseen_labels=tuple(label for label in LABELS if label not in seen),
    )


def effects_before(request: PolicyRequest) -> int:
    """Return how many calls of the same tool had, or may have had, their effect before a call."""
    history = request.history.get(request.tool, _NEVER)
    return history.ok + history.in_doubt


def shown_fact(name: str, fact: Fact) -> str:
    """Return the fact that bounds an amount: its total, where the calls for one object are added up."""
    return name if fact.total_per is None else f"{name}_total"


def _amounts(group: _Group) -> Iterator[tuple[str, Decimal]]:
    """Yield the largest of each amount that was always known and that Cedar can carry."""
    for name, fact in group.descriptor.facts.items():
        if fact.unit != "text" and fact.source == "arguments":
            shown = shown_fact(name, fact)
            texts = [text for text in group.facts(shown) if text is not None]
            is_always_known = len(texts) == len(group.requests)
            if is_always_known and all(decimal_text(text) is not None for text in texts):
                yield shown, max(map(parse_decimal, texts))


def _same_things(group: _Group, after: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name, fact in group.descriptor.facts.items():
        tools = [tool for tool in after if fact.unit == "text" and group.spoke(tool, name)]
        if tools:
            yield name, tools[0]


def _arguments(group: _Group, bounded_facts: set[str]) -> Iterator[tuple[str, Bound]]:
    types = ToolTypes.of(group.descriptor)
    uncarried = {item.pointer: item.reason for item in types.uncarried}
    for name in types.named:
        facts = [
            shown_fact(fact_name, fact)
            for fact_name, fact in group.descriptor.facts.items()
            if fact.pointer == f"/{name}" and fact.source == "arguments"
        ]
        by_fact = next((fact for fact in facts if fact in bounded_facts), None)
        if by_fact is not None:
            yield name, ByFact(by_fact)
        elif name in types.args.members:
            yield name, _bound(group.given(name))
        else:
            yield name, Open(f"Cedar cannot carry it: {uncarried.get(f'/{name}', 'it has no type')}")


def _bound(values: list[JsonValue]) -> Bound:
    """Return the bound of an argument that Cedar carries."""
    if not values:
        return Absent()
    flags = [value for value in values if isinstance(value, bool)]
    if len(flags) == len(values):
        return OneOf(tuple(sorted(set(flags))))
    numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    if len(numbers) == len(values):
        return Largest(max(numbers))
    texts = {value for value in values if isinstance(value, str)}
    if len(texts) == 0:
        return Open("it is neither a number nor a text")
    if len(texts) <= _MOST_WORDS and all(map(_WORD.fullmatch, texts)):
        return OneOf(tuple(sorted(texts)))
    return Open("it names a thing, or is free text")
