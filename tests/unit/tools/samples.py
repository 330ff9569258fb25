"""Descriptors, versions and executions for the tests of this room."""

from collections.abc import Mapping

from agentctl.contract.tool import ToolDescriptor
from agentctl.contract.version import ToolVersion
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.tools.executors.executor import Execution

OBJECT: JsonObject = {"type": "object"}
HTTP: JsonObject = {"type": "http", "backend": "stripe", "method": "POST", "path": "/v1/refunds"}
PYTHON: JsonObject = {"type": "python", "file": "tool.py", "function": "run"}


def descriptor(**changes: object) -> ToolDescriptor:
    """Return a descriptor; by default of an irreversible HTTP tool."""
    given = {"name": "stripe.refund", "description": "d", "arguments": OBJECT, "result": {}, "executor": HTTP}
    return ToolDescriptor.model_validate({**given, **changes})


def http_tool(effect: str = "read", seconds: float = 30, **executor: object) -> ToolDescriptor:
    """Return a descriptor of an HTTP tool with another effect, time-out or other parts of its executor."""
    tool = descriptor(effect=effect, executor={**HTTP, **executor})
    return tool.model_copy(update={"timeout_seconds": seconds})


def python_tool(effect: str = "read", function: str = "run", seconds: float = 30) -> ToolDescriptor:
    """Return a descriptor of a python tool."""
    tool = descriptor(name="local.tool", effect=effect, executor={**PYTHON, "function": function})
    return tool.model_copy(update={"timeout_seconds": seconds})


def version(code: bytes | None = None, **changes: object) -> ToolVersion:
    """Return a descriptor with its code."""
    return ToolVersion(descriptor(**changes), code)


def execution(
    tool: ToolDescriptor, arguments: JsonObject | None = None, secrets: Mapping[str, str] | None = None
) -> Execution:
    """Return one attempt."""
    return Execution(
        descriptor=tool,
        arguments=arguments or {},
        idempotency_key="agentctl-key",
        secret_headers=secrets or {},
        headers={"traceparent": "00-1-2-01"},
    )


def nested(levels: int, leaf: JsonValue = None) -> JsonValue:
    """Return lists inside lists."""
    value = leaf
    for _ in range(levels):
        value = [value]
    return value
