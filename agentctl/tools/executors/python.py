"""Calls the functions of `python` tools: in a child process that can be ended, or, where that was declared, in this one."""

import asyncio
import base64
import posixpath
from collections.abc import Mapping
from functools import lru_cache, partial
from types import ModuleType

from msgspec import Struct
from typing_extensions import override

from agentctl.contract.tool import PythonExecutor as PythonBinding
from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.canonical import (
    JsonObject,
    JsonValue,
    NotCanonical,
    NotJson,
    canonical_bytes,
    digest_bytes,
    parse_json,
)
from agentctl.foundation.threads import in_thread
from agentctl.tools.executors import python_host
from agentctl.tools.executors.answers import uncertain
from agentctl.tools.executors.child import FRAME_LIMITS, Child, ChildLost
from agentctl.tools.executors.executor import Answered, Execution, Executor, Failed, Outcome, Unknown

_DEFAULT_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_MESSAGE = 500


class PythonExecutor(Executor):
    """Reaches the tools with `executor.type: python`, one call at a time, in one child process per run.

    What runs is what was hashed: the child gets the code over its pipe and reads no file of the project.

    Args:
        code: the bytes of each tool's file, by the tool's name.
        environment: of this, the child gets `PATH`, `LANG` and `TZ`; default: a plain path and UTF-8.
    """

    def __init__(self, code: Mapping[str, bytes], environment: Mapping[str, str] | None = None) -> None:
        self._requests = _Requests(code)
        self._environment = _DEFAULT_ENVIRONMENT if environment is None else dict(environment)
        self._turn = asyncio.Lock()
        self._child: Child | None = None
        self._known: set[str] = set()

    @property
    def printed(self) -> str:
        """What tools printed last, for whoever looks for a fault; never part of an answer."""
        return "" if self._child is None else self._child.printed

    @override
    async def execute(self, execution: Execution) -> Outcome:
        """Call the function; every failure is a value, and a child that does not answer is ended."""
        async with self._turn:
            child = await self._living()
            if isinstance(child, Failed):
                return child
            request = self._requests.of(execution, self._known)
            if isinstance(request, Failed):
                return request
            return await self._asked(child, execution.descriptor, request)

    @override
    async def close(self) -> None:
        """End the child and everything it started."""
        child, self._child = self._child, None
        self._known.clear()
        if child is not None:
            await child.end()

    async def _living(self) -> Child | Failed:
        if self._child is not None and self._child.alive:
            return self._child
        await self.close()
        child = Child(self._environment)
        try:
            await child.start()
        except OSError as error:
            await child.end()
            return Failed(f"the child process for `python` tools cannot be started: {type(error).__name__}")
        self._child = child
        return child

    async def _asked(self, child: Child, descriptor: ToolDescriptor, request: JsonObject) -> Outcome:
        answered = False
        try:
            async with asyncio.timeout(descriptor.timeout_seconds):
                answer = await child.ask(request)
            answered = True
        except TimeoutError:
            return uncertain(
                descriptor, f"no answer within {descriptor.timeout_seconds} s; its process was ended"
            )
        except ChildLost as error:
            return uncertain(descriptor, f"its process was lost: {error}")
        finally:
            if not answered:  # also when we are cancelled: an answer to this call must not meet the next one
                await self.close()
        if isinstance(answer, Mapping) and "answer" in answer:
            self._known.add(str(request["module"]))
        return _outcome(descriptor, answer)


class InProcessExecutor(Executor):
    """Reaches `python` tools in a thread of this process, for `isolation: none`: nothing keeps them from anything.

    A call that takes too long is given up, not ended: a thread cannot be.

    Args:
        code: the bytes of each tool's file, by the tool's name.
    """

    def __init__(self, code: Mapping[str, bytes]) -> None:
        self._requests = _Requests(code)
        self._modules: dict[str, ModuleType] = {}

    @override
    async def execute(self, execution: Execution) -> Outcome:
        """Call the function; every failure is a value."""
        descriptor = execution.descriptor
        request = self._requests.of(execution, set(self._modules))
        if isinstance(request, Failed):
            return request
        try:
            async with asyncio.timeout(descriptor.timeout_seconds):
                frame = await in_thread(partial(self._answer, dict(request)))
            return _outcome(descriptor, parse_json(frame, FRAME_LIMITS))
        except TimeoutError:
            return uncertain(
                descriptor, f"no answer within {descriptor.timeout_seconds} s; it may still be running"
            )
        except NotJson as error:
            return _unusable(descriptor, f"what is no JSON value: {error}")

    @override
    async def close(self) -> None:
        """There is nothing to give back."""

    def _answer(self, request: dict[str, object]) -> bytes:
        return python_host.encoded(python_host.answer_to(request, self._modules))


class _Requests(Struct, frozen=True):
    """Makes what the host is asked."""

    code: Mapping[str, bytes]

    def of(self, execution: Execution, known: set[str]) -> JsonObject | Failed:
        """Return the request of a call, with the code unless the host knows it."""
        binding, name = execution.descriptor.executor, execution.descriptor.name
        code = self.code.get(name)
        if not isinstance(binding, PythonBinding) or code is None:
            return Failed(f"there is no code for `{name}`")
        module = _module_of(code)
        request: dict[str, JsonValue] = {
            "module": module,
            "file": posixpath.basename(binding.file),
            "function": binding.function,
            "arguments": execution.arguments,
            "code": "" if module in known else base64.b64encode(code).decode("ascii"),
        }
        return _why_not_sent(request) or request


@lru_cache(maxsize=python_host.MODULES)
def _module_of(code: bytes) -> str:
    """Return what the module of some code is called: every run has one of its own, and each calls it the same."""
    return f"agentctl_tool_{digest_bytes(code).removeprefix('sha256:')}"


def _why_not_sent(request: JsonObject) -> Failed | None:
    try:
        size = len(canonical_bytes(request))
    except NotCanonical as error:
        return Failed(f"the arguments have no canonical form: {str(error)[:_MESSAGE]}")
    if size > FRAME_LIMITS.max_bytes:
        return Failed(f"code and arguments have {size} bytes, more than the {FRAME_LIMITS.max_bytes} allowed")
    return None


def _outcome(descriptor: ToolDescriptor, answer: JsonValue) -> Outcome:
    match answer:
        case {"answer": value}:
            return _answered(descriptor, value)
        case {"raised": {"type": str(kind), "message": str(message)}}:
            return Failed(f"{kind}: {message}"[:_MESSAGE])
        case {"not_json": str(reason)}:
            return _unusable(descriptor, f"what is no JSON value: {reason}")
        case _:
            return _unusable(descriptor, "an answer of another form")


def _answered(descriptor: ToolDescriptor, value: JsonValue) -> Outcome:
    try:
        size = len(canonical_bytes(value))
    except NotCanonical:
        return Answered(value)  # what has no canonical form is judged with the result's schema
    if size <= descriptor.max_result_bytes:
        return Answered(value)
    reason = f"{size} bytes, more than the {descriptor.max_result_bytes} of `max_result_bytes`"
    return _unusable(descriptor, reason)


def _unusable(descriptor: ToolDescriptor, reason: str) -> Failed | Unknown:
    """Return what it means that a function ran, and what it returned cannot be used."""
    told = f"the function returned {reason}"[:_MESSAGE]
    return Failed(told) if descriptor.effect == "read" else Unknown(told)
