"""Installs the peers, each into a virtual environment of its own, and measures them beside ours in one run.

Each peer has its own tracing on, as its documentation shows it. Nothing is installed unless `--install` is given; a peer
that is not there is left out and named.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loopback import served
from benchmarks.results import Section
from benchmarks.runs import WAYS, cpu_of, table_of_crowd, walls
from benchmarks.window import Took
from benchmarks.workers import Load, Spec, measure, started

OURS = "agentctl, thin client"


@dataclass(frozen=True)
class Peer:
    """A peer: its module here, what to install, and the distribution whose version is told."""

    module: str
    requirements: tuple[str, ...]
    distribution: str
    tracing: str


PEERS = {
    "openai-agents": Peer(
        "openai_agents", ("openai-agents",), "openai-agents", "a processor that writes spans"
    ),
    "pydantic-ai": Peer(
        "pydantic_ai",
        ("pydantic-ai-slim[openai]", "opentelemetry-sdk"),
        "pydantic-ai-slim",
        "OpenTelemetry, in batches into a file",
    ),
    "langgraph": Peer(
        "langgraph",
        ("langgraph", "langchain-openai", "langgraph-checkpoint-sqlite", "aiosqlite"),
        "langgraph",
        "the SQLite checkpointer",
    ),
    "inspect_ai": Peer("inspect_ai", ("inspect-ai", "openai"), "inspect-ai", "its log, which is always on"),
}


def main() -> None:
    """Parse the command line, install what is asked for, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--venvs", type=Path, required=True, help="where the peers' environments are")
    parser.add_argument("--install", action="store_true", help="make those that are missing")
    parser.add_argument("--runs", type=int, default=40, help="runs of a way in a round, one after another")
    parser.add_argument("--crowd", type=int, default=150, help="runs of a way in a round, 50 at once")
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    pythons = {name: options.venvs / name / "bin" / "python" for name in PEERS}
    if options.install:
        for name, python in pythons.items():
            install(python, PEERS[name])
    there = {name: str(python) for name, python in pythons.items() if python.exists()}
    specs = {"aiohttp alone": WAYS["aiohttp alone"], OURS: WAYS[OURS]} | {
        name: Spec(f"benchmarks.peers.{PEERS[name].module}", "traced", python)
        for name, python in there.items()
    }
    with (
        Section("peers", "Beside peers", ("aiohttp", "cedarpy", "orjson")) as section,
        served() as url,
        started(specs) as workers,
    ):
        section.say(what(there))
        alone = measure(workers, url, Load(options.runs, 1), options.rounds)
        section.ratios("One after another, the wall time of a run over that of aiohttp alone", walls(alone))
        section.say(f"CPU of a run, one after another, in milliseconds: {cpu_of(alone)}.")
        section.say(f"Ours takes {beside(alone)}")
        crowd = measure(workers, url, Load(options.crowd, 50), options.rounds)
        table_of_crowd(section, "no think time", crowd)
        section.say(f"Ours takes {beside(crowd)}")


def install(python: Path, peer: Peer) -> None:
    """Make a peer's environment, unless it is there."""
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *peer.requirements], check=True)


def what(there: Mapping[str, str]) -> str:
    """Return who is measured, in which version and with which tracing, and who is not there."""
    named = [f"{name} {version_of(there[name], PEERS[name])} ({PEERS[name].tracing})" for name in there]
    missing = [name for name in PEERS if name not in there]
    absent = f" Not installed here: {', '.join(missing)}." if missing else ""
    return f"The work of the section above, by {'; '.join(named)}.{absent}"


def version_of(python: str, peer: Peer) -> str:
    """Return the version of a peer in its environment."""
    script = (
        "import json, sys; from importlib.metadata import version; print(json.dumps(version(sys.argv[1])))"
    )
    told = subprocess.run(
        [python, "-c", script, peer.distribution], check=True, capture_output=True, text=True
    )
    return str(json.loads(told.stdout))


def beside(found: Mapping[str, Sequence[Took]]) -> str:
    """Return in words what ours takes beside the peer that takes least in each round: wall time and CPU time."""
    wall = spread_beside({name: [took.wall for took in rounds] for name, rounds in found.items()})
    cpu = spread_beside({name: [took.cpu for took in rounds] for name, rounds in found.items()})
    return f"{wall} of the wall time of the fastest peer in the same round, and {cpu} of the CPU time of the thriftiest."


def spread_beside(seconds: Mapping[str, Sequence[float]]) -> str:
    """Return the median, least and greatest ratio of ours to the least of the peers in the same round."""
    peers = [seconds[name] for name in seconds if name in PEERS]
    ratios = sorted(ours / min(others) for ours, *others in zip(seconds[OURS], *peers, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


if __name__ == "__main__":
    main()
