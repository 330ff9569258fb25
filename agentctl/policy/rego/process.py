"""The process in which Rego is evaluated: started when it is needed, asked one thing at a time, killed when it is late."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from msgspec import Struct

from agentctl.foundation.canonical import ARGUMENT_LIMITS, JsonObject, JsonValue, NotJson, parse_json
from agentctl.foundation.errors import InvalidInput, Place, Problem
from agentctl.policy.rego import host as rego_host

SECONDS_TO_START: Final = 20.0
"""How long the process may take to load the modules."""

_LONGEST_LINE = 8 << 20
_VERSION = "Rego, version 1"
_SECONDS_TO_TRY = 1.0
_MARGIN_SECONDS = 1.0
_DIED: JsonObject = {"problem": "the process that loads the modules ended"}
_NO_SUCH_RULE = ("not a valid rule path", "could not find function")
_UNDEFINED = "<undefined>"
_WHERE = re.compile(r"--> (?P<file>.+):(?P<line>\d+):(?P<column>\d+)")
_WHAT = re.compile(r"error: (?P<what>.+)")


class RegoFailed(Exception):
    """Raised when there is no answer; the message says why."""


class RegoModules(Struct, frozen=True):
    """Modules by the names of their files, and the rule that is asked for."""

    texts: Mapping[str, str]
    rule: str

    def setup(self, seconds: float) -> bytes:
        """Return the first line for the process."""
        document = {"rule": self.rule, "modules": dict(self.texts), "seconds": seconds}
        return json.dumps(document).encode("ascii") + b"\n"


def check_modules(modules: RegoModules) -> None:
    """Load the modules once, in a process that ends again.

    Raises:
        InvalidInput: Rego is not installed, a module cannot be read, or none has the rule.
    """
    place = Place("+".join(sorted(modules.texts)))
    if find_spec("regorus") is None:
        wanted = "the extra `rego`: `pip install 'agentctl[rego]'`"
        raise InvalidInput([Problem(place, "Rego in process needs a package that is not installed", wanted)])
    problem = _problem_with(modules)
    if problem is not None:
        raise InvalidInput([_located(place, modules.rule, problem)])


def _problem_with(modules: RegoModules) -> str | None:
    """Return what the engine says against some modules, or against the rule when it is asked for an empty input."""
    try:
        done = subprocess.run(  # noqa: S603  # our own file, in our own interpreter
            _COMMAND,
            input=modules.setup(_SECONDS_TO_TRY) + b"{}\n",
            capture_output=True,
            check=False,
            env=_ENVIRONMENT,
            timeout=SECONDS_TO_START,
        )
    except subprocess.TimeoutExpired:
        return f"the modules were not loaded within {SECONDS_TO_START:g} s"
    loaded, *tried = [_line(line) for line in done.stdout.splitlines(keepends=True)] or [_DIED]
    if "ready" not in loaded:
        return str(loaded.get("problem"))
    # What a rule makes of an empty input is its own business, also that it does not end; that it does not exist is not.
    errors = [str(answer.get("error")) for answer in tried]
    return next((error for error in errors if any(sign in error for sign in _NO_SUCH_RULE)), None)


class RegoProcess:
    """Evaluates one rule of some modules.

    A rule that does not end in time, takes too much memory or makes the engine crash costs its process, and the next
    question starts another one: no thread and no process of an old question stays.

    Args:
        seconds: how long one evaluation may take.
    """

    def __init__(self, modules: RegoModules, seconds: float) -> None:
        self._modules = modules
        self._seconds = seconds
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process's id while there is one."""
        return None if self._process is None else self._process.pid

    async def value(self, document: bytes) -> JsonValue:
        """Return what the rule holds for an input document; other questions wait meanwhile.

        Raises:
            RegoFailed: the rule is undefined, failed, did not end in time, or the process ended.
        """
        async with self._turn:
            answered = False
            try:
                answer = await self._answer(document)
                answered = True
            finally:
                if not answered:  # also when somebody else's patience ended, and this was cancelled
                    await self._end()
        return _value(answer)

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end()

    async def _answer(self, document: bytes) -> JsonObject:
        process = self._process
        if process is None:
            process = await self._started()
        try:
            async with asyncio.timeout(self._seconds):
                return await _asked(process, document + b"\n")
        except TimeoutError as error:
            raise RegoFailed(f"the rule did not end within {self._seconds:g} s") from error

    async def _started(self) -> asyncio.subprocess.Process:
        process = self._process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_ENVIRONMENT,
            limit=_LONGEST_LINE,
        )
        try:
            async with asyncio.timeout(SECONDS_TO_START):
                # The process's own alarm is a second line: it holds where nobody is left to kill it.
                answer = await _asked(process, self._modules.setup(self._seconds + _MARGIN_SECONDS))
        except TimeoutError as error:
            raise RegoFailed(f"the modules were not loaded within {SECONDS_TO_START:g} s") from error
        if "ready" not in answer:
            raise RegoFailed(f"the modules cannot be loaded: {answer.get('problem')}")
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()


_COMMAND: Final = (sys.executable, "-I", "-B", "-X", "utf8", str(Path(rego_host.__file__)))
_ENVIRONMENT: Final = {"PATH": os.defpath, "LANG": "C.UTF-8"}
"""The secrets of the run are none of a rule's business, whatever an engine may let it read."""


async def _asked(process: asyncio.subprocess.Process, line: bytes) -> JsonObject:
    if process.stdin is None or process.stdout is None:
        raise RegoFailed("the process has no pipes")
    try:
        process.stdin.write(line)
        await process.stdin.drain()
        return _line(await process.stdout.readline())
    except (OSError, ValueError) as error:  # ValueError: a line beyond the limit
        raise RegoFailed(f"the process cannot be asked: {type(error).__name__}") from error


def _line(line: bytes) -> JsonObject:
    if not line.endswith(b"\n"):
        raise RegoFailed("the process ended before it answered")
    try:
        answer = parse_json(line, ARGUMENT_LIMITS)
    except NotJson as error:
        raise RegoFailed(f"its answer is no answer: {error}") from error
    if not isinstance(answer, dict):
        raise RegoFailed("its answer is no answer")
    return answer


def _value(answer: JsonObject) -> JsonValue:
    text = answer.get("value")
    if not isinstance(text, str):
        raise RegoFailed(_summary(str(answer.get("error", "it gave no value"))))
    try:
        value = parse_json(text, ARGUMENT_LIMITS)
    except NotJson as error:
        raise RegoFailed(f"what the rule holds cannot be read: {error}") from error
    if value == _UNDEFINED:
        raise RegoFailed("the rule is undefined for this input")
    return value


def _summary(message: str) -> str:
    """Return the engine's message on one line: where, and what."""
    where, what = _WHERE.search(message), _WHAT.search(message)
    if what is None:
        return message
    place = "" if where is None else f"{where['file'].strip()}:{where['line']}:{where['column']}: "
    return f"{place}{what['what'].strip()}"


def _located(place: Place, rule: str, message: str) -> Problem:
    """Return the problem at its line; the engine gives none for a rule that does not exist."""
    if _NO_SUCH_RULE[0] in message:
        return Problem(place, f"no module has the rule `{rule}`", "the path of a rule, from `data` on")
    where, what = _WHERE.search(message), _WHAT.search(message)
    if where is None or what is None:
        return Problem(place, message, _VERSION)
    exact = Place(where["file"].strip(), int(where["line"]), int(where["column"]))
    return Problem(exact, what["what"].strip(), _VERSION)
