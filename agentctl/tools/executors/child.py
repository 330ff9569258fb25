"""The child process in which `python` tools run: started when needed, asked one thing at a time, ended with all it started."""

import asyncio
import os
import shutil
import signal
import struct
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from agentctl.foundation.canonical import JsonValue, Limits, NotJson, canonical_bytes, parse_json
from agentctl.tools.executors import python_host
from agentctl.tools.tool_mark import TOOL_MARK

FRAME_LIMITS = Limits(max_bytes=python_host.MAX_FRAME_BYTES)
_LENGTH = struct.Struct(">I")
_PASSED_ON = ("PATH", "LANG", "TZ")
_KEPT_CHUNKS, _CHUNK = 16, 4096
_GRACE_SECONDS = 2.0


class ChildLost(Exception):
    """Raised when the child ended, or answered what is no answer; what it was doing may or may not have happened."""


class Child:
    """One process, its empty working directory, and the last things it printed.

    Args:
        environment: of this, only `PATH`, `LANG` and `TZ` are passed on; to it comes the mark of a tool's process.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {name: environment[name] for name in _PASSED_ON if name in environment}
        self._process: asyncio.subprocess.Process | None = None
        self._folder: str | None = None
        self._printed: deque[bytes] = deque(maxlen=_KEPT_CHUNKS)
        self._listener: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether there is a process that can be asked."""
        return self._process is not None and self._process.returncode is None

    @property
    def printed(self) -> str:
        """The last 64 KiB at most of what tools printed; never part of an answer."""
        return b"".join(self._printed).decode("utf-8", "replace")

    async def start(self) -> None:
        """Start the process.

        Raises:
            OSError: it cannot be started.
        """
        self._folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="agentctl-tool-")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-B", "-X", "utf8", str(Path(python_host.__file__)), self._folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self._folder,
            env={**self._environment, TOOL_MARK: "1"},
            close_fds=True,
            start_new_session=True,
        )  # fmt: skip
        self._listener = asyncio.create_task(self._listen(self._process))

    async def ask(self, request: Mapping[str, JsonValue]) -> JsonValue:
        """Send one request and return its answer.

        Raises:
            ChildLost: there is none.
        """
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise ChildLost("it was not started")
        body = canonical_bytes(request)
        try:
            process.stdin.write(_LENGTH.pack(len(body)) + body)
            await process.stdin.drain()
            (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
            if length > FRAME_LIMITS.max_bytes:
                raise ChildLost("its answer is too large")
            return parse_json(await process.stdout.readexactly(length), FRAME_LIMITS)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise ChildLost("it ended before it answered") from error
        except NotJson as error:
            raise ChildLost(f"its answer is no answer: {error}") from error

    async def end(self) -> None:
        """End the process and all it started, and remove its directory."""
        process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()  # this is what the watching process waits for
            await _ended(process)
        if self._listener is not None:
            await self._listener
            self._listener = None
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            self._folder = None

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        while process.stderr is not None and (chunk := await process.stderr.read(_CHUNK)):
            self._printed.append(chunk)


async def _ended(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
