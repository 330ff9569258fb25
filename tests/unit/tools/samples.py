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


def http_tool(effect: str = "read", **executor: object) -> ToolDescriptor:
    """Return a descriptor of an HTTP tool with another effect or other parts of its executor."""
    return descriptor(effect=effect, timeout_seconds=2, executor={**HTTP, **executor})


def python_tool(effect: str = "read", function: str = "run", seconds: int = 5) -> ToolDescriptor:
    """Return a descriptor of a python tool."""
    return descriptor(
        name="local.tool", effect=effect, timeout_seconds=seconds, executor={**PYTHON, "function": function}
    )


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
