"""Parts of tools that other documents, and the tools themselves, speak of: arguments and what pointers lead to."""

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from agentctl.contract.project import Loaded, nearest
from agentctl.contract.tool import ToolDescriptor
from agentctl.contract.words import listed
from agentctl.foundation.canonical import JsonObject
from agentctl.review.checks.report import Finding, Spot, error
from agentctl.review.checks.schema_paths import names_in, required_in, schemas_at
from agentctl.review.checks.subject import in_tool

Side = Literal["arguments", "result"]


def schema_of(tool: Loaded[ToolDescriptor], side: Side) -> JsonObject:
    """Return the schema of a tool's arguments or result."""
    return tool.document.arguments if side == "arguments" else tool.document.result


def unknown_argument(at: Spot, name: str, tool: Loaded[ToolDescriptor]) -> Iterator[Finding]:
    """Yield a finding if a tool has no argument of that name; arguments that no schema names are never accepted."""
    known = names_in(tool.document.arguments)
    if name not in known:
        found = f"`{tool.document.name}` has no argument `{name}` {in_tool(tool, 'arguments').where}"
        yield error(at, found, one_of(known), nearest(name, known))


def optional_argument(at: Spot, name: str, tool: Loaded[ToolDescriptor], why: str) -> Iterator[Finding]:
    """Yield a finding if an argument is known and may be absent where it must not be."""
    required = required_in(tool.document.arguments)
    if name in names_in(tool.document.arguments) - required:
        found = f"the argument `{name}` may be absent, and {why} {in_tool(tool, 'arguments').where}"
        yield error(at, found, f"`{name}` under `required` there")


def dangling(at: Spot, pointer: str, tool: Loaded[ToolDescriptor], side: Side) -> Iterator[Finding]:
    """Yield a finding if a pointer leads nowhere in the arguments or the result of a tool."""
    schema = schema_of(tool, side)
    if not schemas_at(schema, pointer):
        known = [f"/{name}" for name in sorted(names_in(schema))]
        found = (
            f"`{pointer}` leads nowhere in the {side} of `{tool.document.name}` {in_tool(tool, side).where}"
        )
        yield error(at, found, one_of(known), nearest(pointer, known))


def one_of(names: Collection[str], otherwise: str = "") -> str:
    """Return the names that would be accepted, for a message; a few stand for many."""
    return listed(_few(sorted(names))) if names else otherwise


def _few(names: list[str]) -> Iterable[str]:
    most = 12
    return names if len(names) <= most else [*names[:most], "…"]
