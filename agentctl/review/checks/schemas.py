"""The JSON Schemas that authors write for their tools: judged by `tools`, told with the line they stand in."""

from collections.abc import Iterator

from agentctl.contract.source import JsonLike, Source
from agentctl.review.checks.report import Finding, error, spot
from agentctl.review.checks.subject import Subject
from agentctl.review.checks.tool_parts import Side, schema_of
from agentctl.tools.schema_check import check_schema

_SIDES: tuple[Side, ...] = ("arguments", "result")


def schemas_are_sound(subject: Subject) -> Iterator[Finding]:
    """The schemas of every tool that is used are valid, safe to judge with, and mean what their author meant."""
    for tool in subject.used_tools():
        for side in _SIDES:
            for problem in check_schema(schema_of(tool, side), side):
                at = spot(tool.source, side, *_path(tool.source, side, problem.pointer))
                yield error(at, problem.message)


def _path(source: Source, side: Side, pointer: str) -> Iterator[str | int]:
    """Yield the way to what a pointer names in the schema of one side: keys, and indices where a list stands."""
    data = source.data
    value: JsonLike = data.get(side) if isinstance(data, dict) else None
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and name.isdigit():
            yield int(name)
            value = value[int(name)] if int(name) < len(value) else None
        else:
            yield name
            value = value.get(name) if isinstance(value, dict) else None
