"""The doors of a trial: mocks and tapes stand where tools stood, and what is to break there breaks, in tools and models.

All of it stands behind the ports of executors and model clients, so that every call still passes the whole gateway.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from msgspec.structs import replace
from typing_extensions import override

from agentctl.contract.golden_world import Fault, FaultKind, Mock
from agentctl.contract.script import Rule, Script
from agentctl.contract.tool import HttpExecutor, ToolDescriptor
from agentctl.evals.comparing import arguments_fit
from agentctl.foundation.canonical import JsonValue
from agentctl.gateway.corridor import ModelDesk
from agentctl.models.client import FailureKind, ModelAnswer, ModelClient, ModelFailure, ModelRequest
from agentctl.models.scripted import ScriptedClient
from agentctl.tools.executors.answers import uncertain
from agentctl.tools.executors.executor import Answered, Execution, Executor, Failed, Outcome, Unknown

_SERVER_ERROR, _OK = 500, 200


class Faults:
    """The faults of one trial, each counting the calls it is meant for."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._seen = [0] * len(self._faults)
        self._strikes = 0

    def strike(self, concerns: Callable[[Fault], bool]) -> Fault | None:
        """Count one call for every fault that it concerns, and return the fault that strikes it."""
        struck: Fault | None = None
        for index, fault in enumerate(self._faults):
            if concerns(fault):
                self._seen[index] += 1
                if struck is None and fault.nth <= self._seen[index] < fault.nth + fault.times:
                    struck = fault
        self._strikes += struck is not None
        return struck

    async def pause(self, seconds: float) -> None:
        """Wait before the next attempt; after a fault of ours nobody is there to wait for."""
        if self._strikes:
            self._strikes -= 1
        else:
            await asyncio.sleep(seconds)


class Mocks:
    """Answers in place of tools; of several that fit, the first that is not used up."""

    def __init__(self, mocks: Sequence[Mock]) -> None:
        self._mocks = tuple(mocks)
        self._given = [0] * len(self._mocks)

    def answer(self, tool: str, arguments: Mapping[str, JsonValue]) -> Outcome | None:
        """Return what a call is answered; None where no mock is for it."""
        for index, mock in enumerate(self._mocks):
            used_up = mock.times is not None and self._given[index] >= mock.times
            if mock.tool == tool and not used_up and arguments_fit(arguments, mock.arguments, mock.match):
                self._given[index] += 1
                return Answered(mock.result, _OK) if mock.error is None else Failed(mock.error)
        return None


class TrialExecutor(Executor):
    """Stands where a run's executors stand.

    Args:
        inner: the executors; None where no tool may be reached.
        mocks: what answers before them.
        faults: what breaks.
    """

    def __init__(self, inner: Executor | None, mocks: Mocks, faults: Faults) -> None:
        self._inner = inner
        self._mocks = mocks
        self._faults = faults

    @override
    async def execute(self, execution: Execution) -> Outcome:
        """Answer one attempt: with a fault, else with a mock, else with the tool."""
        fault = self._faults.strike(lambda one: _concerns(one, execution.descriptor))
        if fault is None:
            return await self._answered(execution)
        if fault.effect:
            await self._answered(execution)
        return _broken(execution.descriptor, fault.do)

    @override
    async def close(self) -> None:
        """Close what stands behind."""
        if self._inner is not None:
            await self._inner.close()

    async def _answered(self, execution: Execution) -> Outcome:
        mocked = self._mocks.answer(execution.descriptor.name, execution.arguments)
        if mocked is not None:
            return mocked
        if self._inner is None:
            return Failed("no tool is reached in this trial, and nothing recorded answers this call")
        return await self._inner.execute(execution)


class TrialModel(ModelClient):
    """Stands where a model stands; with a seed, every request of the trial has it."""

    def __init__(self, inner: ModelClient, alias: str, faults: Faults, seed: int | None = None) -> None:
        self._inner = inner
        self._alias = alias
        self._faults = faults
        self._seed = seed

    @override
    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Ask once, or fail as a fault says."""
        fault = self._faults.strike(lambda one: one.model in {self._alias, "any"})
        return await self._inner.complete(self._seeded(request)) if fault is None else _unanswered(fault.do)

    @override
    def worst_case_input_tokens(self, request: ModelRequest) -> int:
        """Return what the model says."""
        return self._inner.worst_case_input_tokens(self._seeded(request))

    @override
    async def close(self) -> None:
        """Close what stands behind."""
        await self._inner.close()

    def _seeded(self, request: ModelRequest) -> ModelRequest:
        return request if self._seed is None else replace(request, seed=self._seed)


def at_desks(
    chains: Mapping[str, tuple[ModelDesk, ...]],
    faults: Faults,
    seed: int | None = None,
    script: Sequence[Rule] = (),
) -> dict[str, tuple[ModelDesk, ...]]:
    """Return the desks of all aliases, each with what is to break there; a script sits in the place of their models.

    The seed is given to those models that take one.
    """

    def client(desk: ModelDesk, alias: str) -> ModelClient:
        if script:
            return TrialModel(ScriptedClient(Script(rules=tuple(script))), alias, faults)
        return TrialModel(desk.client, alias, faults, seed if desk.deployment.takes_seed else None)

    return {
        alias: tuple(replace(desk, client=client(desk, alias)) for desk in desks)
        for alias, desks in chains.items()
    }


def _concerns(fault: Fault, descriptor: ToolDescriptor) -> bool:
    executor = descriptor.executor
    backend = executor.backend if isinstance(executor, HttpExecutor) else None
    return fault.tool == descriptor.name or (fault.backend is not None and fault.backend == backend)


def _broken(descriptor: ToolDescriptor, kind: FaultKind) -> Failed | Unknown:
    """Return what the executor itself would say of such a break."""
    match kind:
        case "timeout":
            return uncertain(descriptor, f"no answer within {descriptor.timeout_seconds} s")
        case "http_500":
            return uncertain(descriptor, f"the backend answered {_SERVER_ERROR}", _SERVER_ERROR)
        case "connection_reset":
            return uncertain(descriptor, "the connection broke: ServerDisconnectedError")
        case "malformed":
            reason = f"the backend answered {_OK}, and its answer cannot be read: it ends in the middle"
            return Failed(reason, _OK) if descriptor.effect == "read" else Unknown(reason, _OK)
        case "rate_limit":
            return Failed("the backend answered 429", 429, repeatable=True, retry_after=1.0)
        case _ as never:
            assert_never(never)


_FAILURES: dict[FaultKind, tuple[FailureKind, str]] = {
    "timeout": ("unknown_outcome", "no answer in time"),
    "http_500": ("unavailable", "the provider answered 500"),
    "malformed": ("unknown_outcome", "the answer cannot be read"),
    "connection_reset": ("unknown_outcome", "the connection broke"),
    "rate_limit": ("rate_limited", "the provider answered 429"),
}


def _unanswered(kind: FaultKind) -> ModelFailure:
    failure, message = _FAILURES[kind]
    return ModelFailure(failure, message)
