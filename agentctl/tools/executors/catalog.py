"""Picks the executor that reaches a tool."""

from collections.abc import Mapping
from typing import Literal

from typing_extensions import override

from agentctl.tools.executors.executor import Execution, Executor, Outcome
from agentctl.tools.executors.http import HttpExecutor
from agentctl.tools.executors.python import InProcessExecutor, PythonExecutor
from agentctl.tools.registry import Registry


class Executors(Executor):
    """All executors, as one.

    Args:
        http: reaches the tools with `executor.type: http`.
        python: reaches those with `executor.type: python`.
    """

    def __init__(self, *, http: Executor, python: Executor) -> None:
        self._http = http
        self._python = python

    @classmethod
    def of(
        cls,
        http: HttpExecutor,
        registry: Registry,
        *,
        isolation: Literal["process", "none"],
        environment: Mapping[str, str] | None = None,
    ) -> "Executors":
        """Return the executors of a run.

        Args:
            http: knows where the backends are.
            registry: has the code of the `python` tools.
            isolation: how they run, as the environment declares it.
            environment: what a child may get of our environment variables; it gets `PATH`, `LANG` and `TZ`.
        """
        match isolation:
            case "process":
                return cls(http=http, python=PythonExecutor(registry.code, environment))
            case "none":
                return cls(http=http, python=InProcessExecutor(registry.code))

    @override
    async def execute(self, execution: Execution) -> Outcome:
        """Let the executor of the tool's kind perform the attempt."""
        match execution.descriptor.executor.type:
            case "http":
                return await self._http.execute(execution)
            case "python":
                return await self._python.execute(execution)

    @override
    async def close(self) -> None:
        """Close all, whatever one of them meets."""
        try:
            await self._http.close()
        finally:
            await self._python.close()
