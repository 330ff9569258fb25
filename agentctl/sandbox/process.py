"""Starts and stops the back office as a child process; light, because whoever composes a run imports it.

The child loads its code first and is told afterwards, in one line on its stdin, what it is to be.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from msgspec import Struct

import agentctl
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.clock import Clock, SystemClock
from agentctl.foundation.errors import ExitCode, InternalError, InvalidInput, Place, Problem

LOG_NAME = "server.log"
TOLD = "--told"
"""The argument of a child that waits to be told the rest."""
SECONDS_TO_START = 300.0
"""Nobody waits for ever; but fifty of them starting at once on two cores are slow, not broken."""
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


class BackOfficeSetup(Struct, frozen=True):
    """What a back office needs: where its ledger is, what fills a new one, whose tokens it believes.

    With `many`, `ledger` is a folder of ledgers; each is filled by whoever makes it, and its name begins the paths.
    """

    ledger: Path
    seeds: Sequence[Path]
    jwks: JsonObject
    issuer: str
    many: bool = False


class _Spawned(Struct, frozen=True):
    """A child, and what it says on stderr before it has a log."""

    child: Child
    first_words: IO[bytes]

    def end(self) -> None:
        """End the child and wait for that; requests under way are finished, within a limit."""
        self.child.terminate()
        while _read(self.child, int(SECONDS_TO_STOP * 1_000)):
            pass  # its end closes its stdout, and that is seen at once
        try:
            self.child.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        for file in (*_pipes(self.child), self.first_words):
            file.close()


class SpareProcess:
    """A child that was started before anybody could tell it what to be. It ends with its section unless it was taken."""

    def __init__(self) -> None:
        self._spawned: _Spawned | None = _spawn()

    @property
    def pid(self) -> int | None:
        """The child's process id until it is taken."""
        return None if self._spawned is None else self._spawned.child.pid

    def take(self) -> _Spawned | None:
        """Return the child, once."""
        spawned, self._spawned = self._spawned, None
        return spawned

    def __enter__(self) -> Self:
        """Give it to whoever may need it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it if nobody needed it."""
        spawned = self.take()
        if spawned is not None:
            spawned.end()


class BackOfficeProcess:
    """One back office. It ends with `stop`, and by itself when this process is gone, however that happens."""

    def __init__(
        self, setup: BackOfficeSetup, clock: Clock | None = None, spare: SpareProcess | None = None
    ) -> None:
        self._setup = setup
        self._clock = clock or SystemClock()
        self._spare = spare
        self._spawned: _Spawned | None = None
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
        return None if self._spawned is None else self._spawned.child.pid

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
        spawned, self._spawned, self._url = self._spawned, None, None
        if spawned is not None:
            spawned.end()

    def _launched(self) -> _Spawned:
        if self._spawned is None:
            self._log_begins = _begin_log(self._setup.ledger)
            self._spawned = (self._spare and self._spare.take()) or _spawn()
            # The pipe then stays open: its end is how the child learns of ours.
            with contextlib.suppress(BrokenPipeError):
                _pipes(self._spawned.child)[0].write(_told(self._setup))
        return self._spawned

    def _wait_for_url(self, spawned: _Spawned, seconds: float) -> str:
        child = spawned.child
        line, ends = b"", self._clock.monotonic_ns() + int(seconds * 1e9)
        while not line.endswith(b"\n"):
            chunk = _read(child, max(0, ends - self._clock.monotonic_ns()) // 1_000_000)
            if chunk is None:
                raise self._failed(spawned, f"did not serve within {seconds:g} seconds")
            if not chunk:
                child.wait(SECONDS_TO_STOP)
                raise self._failed(spawned, "ended before it served")
            line += chunk
        return str(json.loads(line)["url"])

    def _failed(self, spawned: _Spawned, what: str) -> InvalidInput | InternalError:
        code = spawned.child.poll()
        said = _tail(spawned.first_words, 0) or _tail_of(self._setup.ledger / LOG_NAME, self._log_begins)
        self.stop()
        if code == ExitCode.INVALID:
            return InvalidInput([Problem(Place("sandbox back office"), said)])
        return InternalError(f"the sandbox back office {what}: {said or 'it said nothing'}")


def _spawn() -> _Spawned:
    first_words = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
    child = subprocess.Popen(  # noqa: S603 - our own module, and no shell
        [sys.executable, "-P", "-m", "agentctl.sandbox", TOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=first_words,
        bufsize=0,
        cwd=os.sep,
        env=_ENVIRONMENT,
        # Ctrl-C is for the run, which finishes its call and then stops this child itself.
        start_new_session=True,
    )
    return _Spawned(child, first_words)


def _told(setup: BackOfficeSetup) -> bytes:
    """Return the line that says what the child is to be."""
    line = {
        "ledger": str(setup.ledger.absolute()),
        "seeds": [str(seed.absolute()) for seed in setup.seeds],
        "jwks": setup.jwks,
        "issuer": setup.issuer,
        "many": setup.many,
    }
    return f"{json.dumps(line)}\n".encode()


def _begin_log(folder: Path) -> int:
    """Make the ledger's folder and its log; return how long the log is already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOG_NAME).open("ab") as log:
            return log.tell()
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


def _tail_of(log: Path, begins: int) -> str:
    with log.open("rb") as file:
        return _tail(file, begins)


def _tail(file: IO[bytes], begins: int) -> str:
    file.seek(begins)
    return file.read().decode("utf-8", "replace").strip()[-_LONGEST_TAIL:]
