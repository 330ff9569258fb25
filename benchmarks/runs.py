"""Whole runs beside bare loops over the same server: what everything that is checked, written and synced costs.

One run is 4 model calls and 3 tool calls of a refund agent. Each way has a process of its own that stays open; the ways are
measured in turn, round after round, and a round before the first warms up and does not count.
"""

import argparse
import statistics
from collections.abc import Mapping, Sequence

from benchmarks.loopback import served
from benchmarks.results import Section
from benchmarks.window import Took
from benchmarks.workers import Load, Spec, Worker, measure, started

WAYS = {
    "aiohttp alone": Spec("benchmarks.floors", "aiohttp"),
    "agentctl, thin client": Spec("benchmarks.ours", "thin"),
    "agentctl, thin client, approval by a rule": Spec("benchmarks.ours", "reviewed"),
    "agentctl, thin client, tools in their own process": Spec("benchmarks.ours", "isolated"),
    "litellm alone": Spec("benchmarks.floors", "litellm"),
    "agentctl, litellm": Spec("benchmarks.ours", "litellm"),
}
WHAT = """\
One run: 4 model calls, 3 tool calls (read_ticket, lookup_charge, create_refund) and a final text, against a server on loopback;
the tools are functions in the same process. Ours has all checks on: contract, allowlist, platform rules, two Cedar policy sets,
schemas, redaction, facts, one effect once in the run and across runs, budgets, loops. Its journal is synced before and after
every call. Once a window is over, a reader must find every run of it answered, though none is in the index yet; that look, and
taking them into the index after it, is off a run's path and told apart."""


def main() -> None:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=60, help="runs of a way in a round, one after another")
    parser.add_argument("--crowd", type=int, default=200, help="runs of a way in a round, 50 at once")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with (
        Section("runs", "Whole runs", ("aiohttp", "cedarpy", "duckdb", "litellm", "orjson")) as section,
        served() as url,
        started(WAYS) as workers,
    ):
        section.say(WHAT)
        alone = measure(workers, url, Load(options.runs, 1), options.rounds)
        section.ratios("One after another, the wall time of a run over that of aiohttp alone", walls(alone))
        section.say(own_share(alone["agentctl, thin client"], alone["aiohttp alone"]))
        section.say(f"CPU of a run, one after another, in milliseconds: {cpu_of(alone)}.")
        for title, path in (("no think time", "/v1"), ("50 ms of think time", "/t50/v1")):
            crowd = measure(
                _without(workers, "tools"), url, Load(options.crowd, 50, path), max(1, options.rounds - 2)
            )
            table_of_crowd(section, title, crowd)


def walls(found: Mapping[str, Sequence[Took]]) -> dict[str, list[float]]:
    """Return the wall seconds of a run, by way and round."""
    return {name: [took.wall / took.runs for took in rounds] for name, rounds in found.items()}


def own_share(ours: Sequence[Took], floor: Sequence[Took]) -> str:
    """Return in words what is left of our wall time without the HTTP of the floor and without the syncs of journals."""
    own = [
        (one.wall - one.sync_seconds) / one.runs - base.wall / base.runs
        for one, base in zip(ours, floor, strict=True)
    ]
    least, median, most = (number * 1_000 for number in (min(own), statistics.median(own), max(own)))
    syncs = {took.syncs / took.runs for took in ours}
    synced = statistics.median(took.sync_seconds / took.syncs for took in ours) * 1_000
    return (
        f"Our own share of a run through the thin client (wall time without bare HTTP and without syncs of the journal): "
        f"{median:.1f} ms ({least:.1f} to {most:.1f}). A run syncs its journal {', '.join(f'{n:g}' for n in sorted(syncs))} times, "
        f"{synced:.2f} ms each here."
    )


def cpu_of(found: Mapping[str, Sequence[Took]]) -> str:
    """Return the median CPU milliseconds of a run, by way."""
    return "; ".join(
        f"{name} {statistics.median(took.cpu / took.runs for took in rounds) * 1_000:.1f}"
        for name, rounds in found.items()
    )


def table_of_crowd(section: Section, title: str, found: Mapping[str, Sequence[Took]]) -> None:
    """Add what 50 runs at once came to: runs per second and CPU per run, each as its median."""
    section.say(f"50 at once, {title}; runs per second (min, median, max), and milliseconds of CPU a run:")
    rows = []
    for name, rounds in found.items():
        speeds = sorted(took.runs / took.wall for took in rounds)
        cpu = statistics.median(took.cpu / took.runs for took in rounds) * 1_000
        shown = (f"{speed:.0f}" for speed in (speeds[0], statistics.median(speeds), speeds[-1]))
        rows.append((name, *shown, f"{cpu:.1f}"))
    section.table(("way", "min", "median", "max", "CPU, ms"), rows)
    later = [took.later / took.runs * 1_000 for rounds in found.values() for took in rounds if took.syncs]
    section.say(
        f"Being looked up and taken into the index afterwards: {statistics.median(later):.1f} ms of CPU a run."
    )


def _without(workers: Mapping[str, Worker], word: str) -> dict[str, Worker]:
    return {name: worker for name, worker in workers.items() if word not in name}


if __name__ == "__main__":
    main()
