"""Starts and stops the back office as a child process; light, because whoever composes a run imports it."""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

import agentctl
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.clock import Clock, SystemClock
from agentctl.foundation.errors import ExitCode, InternalError, InvalidInput, Place, Problem

LOG_NAME = "server.log"
SECONDS_TO_START = 30.0
SECONDS_TO_STOP = 8.0
Child = subprocess.Popen[bytes]

_ROOT = Path(agentctl.__file__).parents[1]
_ENVIRONMENT = {
    "PATH": os.defpath,
    "PYTHONPATH": str(_ROOT),
    # The child calls nobody, so it needs no certificate authorities; loading them costs a tenth of a second.
    "SSL_CERT_FILE": os.devnull,
    "SSL_CERT_DIR": os.devnull,
}
_LONGEST_TAIL = 4000


@dataclass(frozen=True, slots=True)
class BackOfficeSetup:
    """What a back office needs: where its ledger is, what fills a new one, whose tokens it believes."""

    ledger: Path
    seeds: Sequence[Path]
    jwks: JsonObject
    issuer: str


class BackOfficeProcess:
    """One back office. It ends with `stop`, and by itself when this process is gone, however that happens."""

    def __init__(self, setup: BackOfficeSetup, clock: Clock | None = None) -> None:
        self._setup = setup
        self._clock = clock or SystemClock()
        self._child: Child | None = None
        self._url: str | None = None
        self._log_begins = 0

    def __enter__(self) -> Self:
        """Launch; `start` then waits for the URL."""
        self.launch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        self.stop()

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return None if self._child is None else self._child.pid

    def launch(self) -> None:
        """Start the child without waiting, so that it loads while the caller does other things.

        Raises:
            InvalidInput: the ledger's folder cannot be made.
        """
        self._launched()

    def start(self, seconds: float = SECONDS_TO_START) -> str:
        """Launch unless that was done, wait until it serves, and return its URL: `http://127.0.0.1:PORT`.

        Raises:
            InvalidInput: the seed files, the keys or the folder are refused.
            InternalError: it ended, or did not serve in time; the message closes with what it said.
        """
        if self._url is None:
            self._url = self._wait_for_url(self._launched(), seconds)
        return self._url

    def stop(self) -> None:
        """End the child and wait for that; requests under way are finished, within a limit."""
        child, self._child, self._url = self._child, None, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pipe in _pipes(child):
            pipe.close()

    def _launched(self) -> Child:
        if self._child is None:
            folder = self._setup.ledger.absolute()
            with _open_log(folder) as log:
                self._log_begins = log.tell()
                self._child = self._spawn(folder, log)
            # One line with the keys. The pipe then stays open: its end is how the child learns of ours.
            with contextlib.suppress(BrokenPipeError):
                _pipes(self._child)[0].write(f"{json.dumps(self._setup.jwks)}\n".encode())
        return self._child

    def _spawn(self, folder: Path, log: BinaryIO) -> Child:
        seeds = [part for seed in self._setup.seeds for part in ("--seed", str(seed.absolute()))]
        command = [
            sys.executable, "-P", "-m", "agentctl.sandbox", "--ledger", str(folder), *seeds,
            "--jwks", "-", "--issuer", self._setup.issuer,
        ]  # fmt: skip
        return subprocess.Popen(  # noqa: S603 - our own module, and no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            bufsize=0,
            cwd=folder,
            env=_ENVIRONMENT,
            # Ctrl-C is for the run, which finishes its call and then stops this child itself.
            start_new_session=True,
        )

    def _wait_for_url(self, child: Child, seconds: float) -> str:
        line, ends = b"", self._clock.monotonic_ns() + int(seconds * 1e9)
        while not line.endswith(b"\n"):
            chunk = _read(child, max(0, ends - self._clock.monotonic_ns()) // 1_000_000)
            if chunk is None:
                raise self._failed(f"did not serve within {seconds:g} seconds", None)
            if not chunk:
                raise self._failed("ended before it served", child.wait(SECONDS_TO_STOP))
            line += chunk
        return str(json.loads(line)["url"])

    def _failed(self, what: str, code: int | None) -> InvalidInput | InternalError:
        self.stop()
        said = _tail(self._setup.ledger / LOG_NAME, self._log_begins)
        if code == ExitCode.INVALID:
            return InvalidInput([Problem(Place("sandbox back office"), said)])
        return InternalError(f"the sandbox back office {what}: {said or 'it said nothing'}")


def _open_log(folder: Path) -> BinaryIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / LOG_NAME).open("ab")
    except OSError as error:
        raise InvalidInput([Problem(Place(str(folder)), f"no ledger can be kept here: {error}")]) from error


def _pipes(child: Child) -> tuple[IO[bytes], IO[bytes]]:
    """Return the child's stdin and stdout; `_spawn` made both pipes."""
    return cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)


def _read(child: Child, milliseconds: int) -> bytes | None:
    """Return what the child printed, nothing when it closed its stdout, None when the time is over."""
    _, stdout = _pipes(child)
    poll = select.poll()
    poll.register(stdout, select.POLLIN)
    return os.read(stdout.fileno(), 4096) if poll.poll(milliseconds) else None


def _tail(log: Path, begins: int) -> str:
    return log.read_bytes()[begins:].decode("utf-8", "replace").strip()[-_LONGEST_TAIL:]
