"""Descriptors: effect keys and facts speak of what the schemas of their tool describe."""

import re
from collections.abc import Iterator, Mapping

from agentctl.contract.project import Loaded
from agentctl.contract.tool import Fact, FactUnit, ToolDescriptor
from agentctl.contract.words import listed
from agentctl.review.checks.report import Finding, error
from agentctl.review.checks.schema_paths import types_at
from agentctl.review.checks.subject import Subject, in_tool
from agentctl.review.checks.tool_parts import Side, dangling, optional_argument, schema_of, unknown_argument

_SLOT = re.compile(r"\{([a-zA-Z0-9_]+)\}")
_TYPES: Mapping[FactUnit, tuple[str, ...]] = {
    "text": ("string",),
    "number": ("number", "integer"),
    "minor_units": ("integer",),
}


def effect_keys_can_be_computed(subject: Subject) -> Iterator[Finding]:
    """Every name in an effect key is an argument that is always given: a key with a hole names no effect."""
    for tool in subject.used_tools():
        at = in_tool(tool, "effect_key")
        for name in _SLOT.findall(tool.document.effect_key or ""):
            yield from unknown_argument(at, name, tool)
            yield from optional_argument(at, name, tool, "the effect then has no key")


def facts_stand_in_the_schema(subject: Subject) -> Iterator[Finding]:
    """Every pointer of a fact leads to something that the schema describes."""
    for tool in subject.used_tools():
        for name, fact in tool.document.facts.items():
            for key, side, pointer in _pointers(fact):
                yield from dangling(in_tool(tool, "facts", name, key), pointer, tool, side)


def facts_have_their_type(subject: Subject) -> Iterator[Finding]:
    """What a fact reads has the type of its unit; an amount in minor units is whole, money is never a float."""
    for tool in subject.used_tools():
        for name, fact in tool.document.facts.items():
            yield from _unfit(tool, ("facts", name, "pointer"), fact.pointer, fact.source, _TYPES[fact.unit])
            if fact.currency is not None:
                yield from _unfit(
                    tool, ("facts", name, "currency"), fact.currency, fact.source, _TYPES["text"]
                )


def _unfit(
    tool: Loaded[ToolDescriptor], path: tuple[str, ...], pointer: str, side: Side, accepted: tuple[str, ...]
) -> Iterator[Finding]:
    types = types_at(schema_of(tool, side), pointer)
    if types and types.isdisjoint(accepted):
        found = f"`{pointer}` is {listed(sorted(types))} in the {side} {in_tool(tool, side).where}"
        yield error(in_tool(tool, *path), found, f"{listed(accepted)} there, or another unit")


def _pointers(fact: Fact) -> Iterator[tuple[str, Side, str]]:
    yield "pointer", fact.source, fact.pointer
    if fact.currency is not None:
        yield "currency", fact.source, fact.currency
    if fact.total_per is not None:
        yield "total_per", "arguments", fact.total_per
