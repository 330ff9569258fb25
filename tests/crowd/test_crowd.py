"""Many processes at once: all runs complete, none twice, none is lost, and nobody is shown an error."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, assert_never, get_args

import pytest

from agentctl.composition import open_project
from agentctl.events.record import Record
from agentctl.events.run import RunFinished, RunStarted
from tests.crowd.crowd import Crowd, Ended, until
from tests.crowd.readers import ALL, STATUSES, reading
from tests.scenarios.conftest import Shell, fresh_project

LONGEST_PAUSE = 0.05
"""Seconds between a line and the kill that follows it."""

SMALL, LARGE = "4201", "4202"
"""Tickets: 49 USD, which the sandbox's own reviewer approves, and 250 USD, for which a person is waited for."""

LINES = 14
"""So many lines a run tells until it is over; one that is to be killed is killed after one of them."""

Role: TypeAlias = Literal["completing", "waiting", "killed", "sharing"]
"""What becomes of a process; those who share a ledger all want to cause the same effect."""

LIVING: Final[tuple[Role, ...]] = ("completing", "waiting", "sharing")
"""Those who come to their end."""

FEW: dict[Role, int] = {"completing": 2, "waiting": 1, "killed": 2, "sharing": 3}
FIFTY: dict[Role, int] = {"completing": 25, "waiting": 8, "killed": 11, "sharing": 6}


@dataclass(frozen=True, slots=True)
class Cast:
    """Who played which role, and the ledger that some shared."""

    ledger: str
    ended: dict[Role, list[Ended]]

    def runs(self, role: Role) -> set[str]:
        """Return the runs that are known to have begun."""
        return {ended.run for ended in self.ended[role] if ended.run is not None}

    def all_runs(self) -> set[str]:
        """Return them of all roles."""
        return set().union(*map(self.runs, self.ended))


@pytest.fixture
def crowd(tmp_path: Path) -> Crowd:
    """A crowd in a project in which nothing was ever run, on a machine that has no keys yet."""
    return Crowd(Shell(fresh_project(tmp_path / "project")))


@pytest.mark.timeout(600)
async def test_a_few_processes_at_once(crowd: Crowd) -> None:
    """Eight first runs of a project, begun together."""
    await play(crowd, FEW, seed=1, readers=1)


@pytest.mark.campaign
@pytest.mark.parametrize("first", [100, 200])
async def test_fifty_processes_at_once_over_and_over(crowd: Crowd, first: int) -> None:
    """Five rounds of fifty in one project; the first of them are its first runs."""
    for seed in range(first, first + 5):
        await play(crowd, FIFTY, seed, readers=4)


@pytest.mark.campaign
async def test_fifty_processes_want_the_same_effect(crowd: Crowd) -> None:
    """One of them causes it, forty-nine are refused, and nobody waits in vain for the files they share."""
    await play(crowd, {"sharing": 50}, seed=300, readers=1)


async def play(crowd: Crowd, wanted: dict[Role, int], seed: int, readers: int) -> None:
    """Run them all at once, then let all go on that can, while others read; afterwards nothing is amiss."""
    print(f"seed {seed}")  # noqa: T201 - with it a failure is repeated
    before, rng = set(records_of(crowd)), random.Random(seed)
    async with reading(crowd, readers, rng), crowd.tailing() as told:
        cast = await all_run(crowd, wanted, rng)
        await all_are_found(crowd, cast, before)
        await all_go_on(crowd, cast, before)
        everything = {(run, record.seq) for run, records in records_of(crowd).items() for record in records}
        await until(lambda: len(told) >= len(everything))
    assert Counter((item["run"], item["seq"]) for item in told) == Counter(everything)
    assert crowd.trouble == []
    await all_is_well(crowd, cast, before)


async def all_run(crowd: Crowd, wanted: dict[Role, int], rng: random.Random) -> Cast:
    """Begin all runs together, in no particular order."""
    roles: list[Role] = [role for role, many in wanted.items() for _ in range(many)]
    rng.shuffle(roles)
    ledger = f"shared-{rng.randrange(1 << 32):x}"
    ended = await asyncio.gather(*(perform(crowd, role, rng, ledger) for role in roles))
    cast: dict[Role, list[Ended]] = {role: [] for role in get_args(Role)}
    for role, one in zip(roles, ended, strict=True):
        cast[role].append(one)
    return Cast(ledger, cast)


def perform(crowd: Crowd, role: Role, rng: random.Random, ledger: str) -> Awaitable[Ended]:
    """Return what a role does."""
    run = ("run", "refund-assistant", "--json", "--input")
    match role:
        case "completing":
            return crowd.type(*run, SMALL)
        case "waiting":
            return crowd.type(*run, LARGE, code=4)
        case "killed":
            return crowd.type_and_kill(
                *run, SMALL, lines=rng.randrange(LINES), seconds=rng.random() * LONGEST_PAUSE
            )
        case "sharing":
            return crowd.type(*run, SMALL, "--ledger", ledger)
        case _:
            assert_never(role)


async def all_are_found(crowd: Crowd, cast: Cast, before: set[str]) -> None:
    """Every run is found as what it is, by both questions; those that were killed have nobody who writes them."""
    listed = await statuses(crowd)
    assert {run: status for run, (status, _) in (await indexed(crowd)).items()} == {
        run: status for run, (status, _) in listed.items()
    }
    for role in LIVING:
        assert len(cast.runs(role)) == len(cast.ended[role])
    assert {listed[run] for run in cast.runs("completing") | cast.runs("sharing")} <= {
        ("finished", "answered")
    }
    assert {listed[run] for run in cast.runs("waiting")} <= {("suspended", "approval")}
    assert cast.runs("killed") <= listed.keys()
    others = listed.keys() - before - cast.all_runs() | cast.runs("killed")
    assert len(others) <= len(cast.ended["killed"])
    journals = open_project(crowd.shell.folder).journals
    for run in others:
        assert listed[run] == ("finished", "answered") or journals.is_stopped(run)


async def all_go_on(crowd: Crowd, cast: Cast, before: set[str]) -> None:
    """Approve what waits, resume what was killed, label what is finished, all at once."""
    listed = await statuses(crowd)
    stopped = [run for run, (status, _) in listed.items() if status not in ("finished", "suspended")]
    approvals = [name for one in cast.ended["waiting"] for name in one.document["suspended"]["waiting_for"]]
    assert not before & set(stopped)
    await asyncio.gather(
        *(crowd.type("resume", run, "--json") for run in stopped),
        *(
            crowd.type("approvals", "approve", name, "--as", "alice", "--resume", "--json")
            for name in approvals
        ),
        *(
            crowd.type("runs", "label", run, "good", "--reason", "seen", "--as", "olga")
            for run in cast.runs("completing")
        ),
    )


async def all_is_well(crowd: Crowd, cast: Cast, before: set[str]) -> None:
    """Every run began once, ended once and refunded once; the index made anew says the same."""
    listed = await statuses(crowd)
    records = {run: found for run, found in records_of(crowd).items() if run not in before}
    assert set(listed) - before == set(records)
    assert set(listed.values()) == {("finished", "answered")}
    for run, story in records.items():
        kinds = Counter(type(record.event) for record in story)
        assert (kinds[RunStarted], kinds[RunFinished]) == (1, 1)
        assert len(crowd.shell.refunds(run)) == (run not in cast.runs("sharing"))
    assert len(crowd.shell.refunds(cast.ledger)) == bool(cast.ended["sharing"])
    labelled = await crowd.type("runs", "list", "--label", "good", "--limit", ALL, "--json")
    assert {item["run"] for item in labelled.document} - before == cast.runs("completing")
    grown = await indexed(crowd)
    assert {run: grown[run] for run in records} == {
        run: ("finished", len(story)) for run, story in records.items()
    }
    await crowd.type("trace", "rebuild")
    assert await indexed(crowd) == grown
    # Who was killed between the end of a run and the destruction of its sealed values left them.
    await crowd.type("approvals", "sweep")
    assert left_behind(crowd) == []
    assert crowd.trouble == []


async def statuses(crowd: Crowd) -> dict[str, tuple[str, str | None]]:
    """Return status and reason of every run that is listed."""
    answer = await crowd.type("runs", "list", "--limit", ALL, "--json")
    return {item["run"]: (item["status"], item["reason"]) for item in answer.document}


async def indexed(crowd: Crowd) -> dict[str, tuple[str, int]]:
    """Return status and number of records of every run, as SQL sees them."""
    answer = await crowd.type("audit", "query", STATUSES, "--limit", ALL, "--json")
    return {row["run"]: (row["status"], row["records"]) for row in answer.document["rows"]}


def records_of(crowd: Crowd) -> dict[str, tuple[Record, ...]]:
    """Return the records of every run that has begun; a run that was killed before has none."""
    journals = open_project(crowd.shell.folder).journals
    found = {run: journals.read(run) for run in journals.runs()}
    return {run: records for run, records in found.items() if records}


def left_behind(crowd: Crowd) -> list[str]:
    """Return the processes that still work in the project, and the sealed values that should be gone."""
    sealed = crowd.shell.folder / "traces" / "sealed"
    return [path.name for path in sealed.iterdir()] + [
        process.name for process in Path("/proc").glob("[0-9]*") if _works_in(crowd.shell.folder, process)
    ]


def _works_in(folder: Path, process: Path) -> bool:
    """Return whether a process has a file of a folder open, or the folder in its command line."""
    try:
        files = [str(path.readlink()) for path in (process / "fd").iterdir()]
        said = (process / "cmdline").read_text()
    except OSError:  # it has ended, or is somebody else's
        return False
    return any(str(folder) in text for text in (*files, said))
