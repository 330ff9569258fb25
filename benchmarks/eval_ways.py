"""How the runners of evals are started on the same cases, and how what they found is read: ours, a bare loop, the peers."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.eval_cases import TOOL, Asked, cases
from benchmarks.ours import copied
from benchmarks.peers import promptfoo

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Command:
    """How a runner is started, and how the cases that failed are read from what it printed when it has ended."""

    words: Sequence[str]
    failed: Callable[[str], Sequence[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = ROOT


@dataclass(frozen=True)
class Peer:
    """A peer: how it is installed, whether it is there, in which version, how it is started, and what it records."""

    install: Callable[[Path], None]
    binary: Callable[[Path], Path]
    version: Callable[[Path], str]
    command: Callable[[Path, Asked], Command]
    records: str


def ours(asked: Asked) -> Command:
    """Copy the project, write its cases, and return `agentctl eval`."""
    desk, agent = asked.folder / "desk", {"agent": "refunds", "answer": "answers"}[asked.work]
    copied(desk, asked.url, "openai_compatible", "none")
    (desk / "goldensets").mkdir()
    (desk / "goldensets" / f"{agent}.jsonl").write_text("\n".join(golden_lines(asked)), encoding="utf-8")
    words = (sys.executable, "-m", "agentctl", "eval", agent, "--env", "loopback", "--json")
    state = {"XDG_STATE_HOME": str(asked.folder / "state")}
    return Command((*words, "--at-once", str(asked.at_once)), _our_failures, state, desk)


def golden_lines(asked: Asked) -> list[str]:
    """Return the cases as our golden cases, one a line."""
    called = [{"type": "trajectory:tool-used", "value": f"desk.{TOOL}"}] if asked.work == "agent" else []
    return [
        json.dumps(
            {
                "id": case.id,
                "input": case.input,
                "assert": [{"type": "contains", "value": case.contains}, *called],
            }
        )
        for case in cases(asked.count)
    ]


def bare_loop(asked: Asked) -> Command:
    """Return the command of the floor."""
    return _script("benchmarks.eval_floor", asked, Path(sys.executable))


WAYS: Mapping[str, Callable[[Asked], Command]] = {"aiohttp alone": bare_loop, "agentctl eval": ours}


def _promptfoo(environment: Path, asked: Asked) -> Command:
    return Command(
        promptfoo.command(environment, asked),
        lambda _: promptfoo.failed(asked),
        promptfoo.variables(asked),
        asked.folder,
    )


def _script(module: str, asked: Asked, python: Path) -> Command:
    asks = (asked.work, asked.url, str(asked.count), str(asked.at_once), str(asked.folder))
    return Command((str(python), "-m", module, *asks), _told)


def _our_failures(out: str) -> Sequence[str]:
    return [case["id"] for case in json.loads(out)["cases"] if case["outcome"] == "failed"]


def _told(out: str) -> Sequence[str]:
    """Return what a script told in its last line; a peer may print what it likes before it."""
    failed: Sequence[str] = json.loads(out.strip().splitlines()[-1])["failed"]
    return failed


def _python_peer(module: str, requirements: Sequence[str], records: str) -> Peer:
    """Return a peer that lives in a virtual environment of its own; the first requirement is the one whose version is told."""

    def python(environment: Path) -> Path:
        return environment / "bin" / "python"

    def install(environment: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(python(environment)), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *requirements], check=True)

    def version(environment: Path) -> str:
        code = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
        words = [str(python(environment)), "-c", code, requirements[0]]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()

    return Peer(
        install,
        python,
        version,
        lambda environment, asked: _script(module, asked, python(environment)),
        records,
    )


PEERS: Mapping[str, Peer] = {
    "promptfoo": Peer(
        promptfoo.install,
        promptfoo.binary,
        promptfoo.version,
        _promptfoo,
        "results and OpenTelemetry spans in its database, for the last of which it waits 3 s; its agent is a loop of ours",
    ),
    "inspect_ai": _python_peer(
        "benchmarks.peers.inspect_ai_evals",
        ("inspect-ai", "openai"),
        "its log of every event, which is always on",
    ),
    "pydantic-evals": _python_peer(
        "benchmarks.peers.pydantic_evals",
        ("pydantic-evals", "pydantic-ai-slim[openai]", "logfire"),
        "spans by logfire, in batches into a file",
    ),
}
