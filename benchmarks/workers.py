"""The measuring side: ways of doing the work in processes of their own, asked in turn, round after round."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.window import Took

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Worker:
    """One way in its process."""

    process: subprocess.Popen[str]

    def window(self, url: str, runs: int, at_once: int) -> Took:
        """Let it do the work so many times and return what that took."""
        assert self.process.stdin is not None  # noqa: S101  # both were asked for
        assert self.process.stdout is not None  # noqa: S101
        self.process.stdin.write(json.dumps({"url": url, "runs": runs, "at_once": at_once}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):  # a peer may print what it likes
                return Took(**json.loads(line))
        raise RuntimeError(f"{self.process.args} ended with {self.process.wait()}")


@dataclass(frozen=True)
class Spec:
    """How a way is started: its module and an argument for it, and the interpreter that has what it needs."""

    module: str
    way: str
    python: str = sys.executable


@contextmanager
def started(specs: Mapping[str, Spec]) -> Iterator[dict[str, Worker]]:
    """Start the processes of all ways, by name; they end with the block."""
    with ExitStack() as stack:
        state = stack.enter_context(tempfile.TemporaryDirectory(prefix="agentctl-bench-state-"))
        yield {name: Worker(stack.enter_context(_process(spec, state))) for name, spec in specs.items()}


@contextmanager
def _process(spec: Spec, state: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": state, "OPENAI_API_KEY": "none"}
    command = [spec.python, "-m", spec.module, spec.way]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=state,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None  # noqa: S101  # it was asked for
            process.stdin.close()  # this is what it ends by


@dataclass(frozen=True)
class Load:
    """What every way does in a round: so many runs, so many at once, against a model with some think time."""

    runs: int
    at_once: int
    path: str = "/v1"


def measure(workers: Mapping[str, Worker], url: str, load: Load, rounds: int) -> dict[str, list[Took]]:
    """Return what each way took in each round; a round before the first warms up and does not count."""
    found: dict[str, list[Took]] = {name: [] for name in workers}
    for number in range(rounds + 1):
        for name, worker in workers.items():
            took = worker.window(url + load.path, load.runs, load.at_once)
            if number:
                found[name].append(took)
    return found
