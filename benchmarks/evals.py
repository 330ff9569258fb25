"""An eval of 500 golden cases as a whole command, beside a bare loop and beside the runners of peers on the same cases.

`--venvs` names where the peers are, `--install` makes those that are missing; a peer that is not there is left out and named.
Every runner is one command from its start to its end, all have as many cases at once, and each records what it can record. A
command that does not find just the cases that must fail, or does not ask the model as often as it must, is an error.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.eval_cases import CALLS, WORKS, Asked, cases
from benchmarks.eval_ways import PEERS, ROOT, WAYS, Command
from benchmarks.loopback import served
from benchmarks.results import Section, spread

FLOOR, OURS = WAYS
Ways = Mapping[str, Callable[[Asked], Command]]
WHAT = """\
{count} cases, {at_once} at once, against a server on loopback; each way is one command from its start to its end. One case in
twenty must fail, and every way finds just those. Ours runs every case under all checks, in as many processes as there are
cores; the journal of a case is durable when the case is judged, and the eval has one of its own."""


SPARE = 2
"""How often a peer may leave cases without a judgement in a round before that is an error; ours and the floor never may."""


@dataclass(frozen=True)
class Took:
    """What a command took: seconds of the clock and of CPU, its children's too, and the most memory it held, in bytes.

    `before`: what was wrong with earlier tries of the same round.
    """

    wall: float
    cpu: float
    memory: int
    before: tuple[str, ...] = ()


def main() -> None:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--venvs", type=Path, help="where the peers' environments are; without it, only ours")
    parser.add_argument("--install", action="store_true", help="make those that are missing")
    options = parser.parse_args()
    with (
        Section("evals", "Evals", ("aiohttp", "cedarpy", "orjson", "pydantic")) as section,
        served() as url,
    ):
        section.say(WHAT.format(count=options.cases, at_once=options.at_once))
        ways = {**WAYS, **peers(section, options.venvs, install=options.install)}
        for work, title in WORKS.items():
            asked = partial(Asked, work, f"{url}/v1", options.cases, options.at_once)
            tell(section, title, measured(ways, asked, options.rounds), options.cases)


def peers(section: Section, environments: Path | None, *, install: bool) -> Ways:
    """Return the ways of the peers that are there, and say which are and which are not."""
    if environments is None:
        return {}
    if install:
        for name, peer in PEERS.items():
            if not peer.binary(environments / name).exists():
                peer.install(environments / name)
    there = {name: environments / name for name in PEERS if PEERS[name].binary(environments / name).exists()}
    told = [f"{name} {PEERS[name].version(place)} ({PEERS[name].records})" for name, place in there.items()]
    absent = [name for name in PEERS if name not in there]
    missing = f" Not installed here: {', '.join(absent)}." if absent else ""
    section.say(f"Beside it, with what each records: {'; '.join(told) or 'nobody'}.{missing}")
    return {name: partial(PEERS[name].command, place) for name, place in there.items()}


def measured(ways: Ways, asked: Callable[[Path], Asked], rounds: int) -> dict[str, list[Took]]:
    """Return what each way took, round after round."""
    found: dict[str, list[Took]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(whole(way, asked, SPARE if name in PEERS else 0))
    return found


def whole(way: Callable[[Asked], Command], asked: Callable[[Path], Asked], spare: int) -> Took:
    """Return what a way took that judged every case, in a folder of its own; so many tries may be in vain.

    Raises:
        RuntimeError: one more was.
    """
    before: list[str] = []
    while True:
        try:
            with tempfile.TemporaryDirectory(prefix="agentctl-evals-") as folder:
                return replace(once(way, asked(Path(folder))), before=tuple(before))
        except RuntimeError as error:
            before.append(str(error))
            if len(before) > spare:
                raise


def once(way: Callable[[Asked], Command], asked: Asked) -> Took:
    """Carry out one command and return what it took.

    Raises:
        RuntimeError: it did not find just the cases that fail, or did not ask the model once for every call.
    """
    command, before = way(asked), answered(asked.url)
    took, out = run(command, asked.folder)
    must = sorted(case.id for case in cases(asked.count) if case.fails)
    if (found := sorted(command.failed(out))) != must:
        raise RuntimeError(f"{command.words[:4]} found {found}, not {must}")
    if (calls := answered(asked.url) - before) != CALLS[asked.work] * asked.count:
        raise RuntimeError(f"{command.words[:4]} asked the model {calls} times")
    return took


def run(command: Command, folder: Path) -> tuple[Took, str]:
    """Run a command to its end, whatever its exit code; return what it took and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "none", **command.environment}
    out, errors = folder / "stdout", folder / "stderr"
    with out.open("wb") as stdout, errors.open("wb") as stderr:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command.words, cwd=command.folder, env=environment, stdout=stdout, stderr=stderr
        )
        _, _, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = 0  # it was waited for here
    if not out.stat().st_size:
        raise RuntimeError(f"{command.words[:4]}: {errors.read_text(encoding='utf-8')[-2_000:]}")
    return Took(wall, used.ru_utime + used.ru_stime, used.ru_maxrss << 10), out.read_text(encoding="utf-8")


def answered(url: str) -> int:
    """Return how many requests the model has answered."""
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/count", timeout=60) as response:  # noqa: S310  # our own server
        return int(json.loads(response.read()))


def tell(section: Section, title: str, found: Mapping[str, Sequence[Took]], count: int) -> None:
    """Add what the ways took for one work."""
    walls = {name: [took.wall for took in rounds] for name, rounds in found.items()}
    cpus = {name: [took.cpu for took in rounds] for name, rounds in found.items()}
    section.ratios(f"{title}; wall time of the whole command", walls, unit="s", scale=1)
    section.ratios("CPU time, children included", cpus, unit="s", scale=1)
    of_case = "; ".join(
        f"{name} {median(cpus[name]) / count * 1_000:.1f} ms, {max(took.memory for took in rounds) / 1e6:.0f} MB"
        for name, rounds in found.items()
    )
    section.say(f"CPU a case, start and end included, and the most memory held: {of_case}.")
    for name, rounds in found.items():
        for why in (why for took in rounds for why in took.before):
            section.say(
                f"A round of {name} was made again, for it had not judged just what it was asked: {why}."
            )
    others = [name for name in found if name in PEERS]
    if others:
        section.say(
            f"Ours is faster than the fastest peer of the same round by {beside(walls, others)} in wall time, and than the"
            f" thriftiest by {beside(cpus, others)} in CPU time."
        )


def beside(seconds: Mapping[str, Sequence[float]], others: Sequence[str]) -> str:
    """Return how many times ours the least of the others takes: median, least and greatest of all rounds."""
    least = [min(figures) for figures in zip(*(seconds[name] for name in others), strict=True)]
    low, middle, high = spread(least, seconds[OURS])
    return f"{middle:.1f} times ({low:.1f} to {high:.1f})"


if __name__ == "__main__":
    main()
