"""The measured runs are whole runs: every one is counted, its three tools ran, its answer is right, its journal was synced."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from agentctl.composition.runs.orders import RunOutcome
from agentctl.composition.runs.service import Service
from benchmarks import refund_agent
from benchmarks.floors import bare_aiohttp
from benchmarks.loopback import ANSWER, ROOM, completion, served
from benchmarks.ours import WAYS
from benchmarks.runs import own_share
from benchmarks.window import Took, Way
from benchmarks.workers import Load, Spec, measure, started

SYNCS_OF_A_RUN = 2 + 2 * 4 + 2 * 3
"""The beginning and the end of a run, each model call and each tool call before and after."""

SYNCS_OF_A_REVIEW = 4
"""The request, the look-up before and after, the answer."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Give the address of the loopback model."""
    with served() as address:
        yield address


def requests_answered(url: str) -> int:
    """Return how many requests the model has answered."""
    with urllib.request.urlopen(f"{url}/count", timeout=60) as response:  # noqa: S310  # our own server
        return int(json.loads(response.read()))


@pytest.mark.parametrize(
    ("way", "syncs"), [("thin", SYNCS_OF_A_RUN), ("reviewed", SYNCS_OF_A_RUN + SYNCS_OF_A_REVIEW)]
)
async def test_our_runs_are_whole(
    url: str, way: str, syncs: int, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Runs at once: four model calls and three tools each, every sync that is promised, and a reader finds them all."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    before = requests_answered(url)
    async with WAYS[way](f"{url}/v1") as ours:
        took = await ours.window(3, 2)
    assert (took.runs, took.tools, took.syncs) == (3, 9, 3 * syncs)
    assert requests_answered(url) - before == 3 * 4
    assert took.sync_seconds > 0
    assert took.later > 0  # a reader looked for each of them
    assert took.wall > 0


async def test_the_floor_does_the_same_work(url: str) -> None:
    """It makes the same calls and runs the same functions, with nothing around them."""
    before = requests_answered(url)
    async with bare_aiohttp(f"{url}/v1") as floor:
        took = await floor.window(2, 2)
        assert await floor.run() == ANSWER
    assert (took.runs, took.tools, took.syncs) == (2, 6, 0)
    assert requests_answered(url) - before == 3 * 4


async def test_think_time_is_taken(url: str) -> None:
    """A model that thinks 20 ms takes four times that for a run."""
    async with bare_aiohttp(f"{url}/t20/v1") as floor:
        took = await floor.window(1, 1)
    assert took.wall >= 4 * 0.02


async def test_a_run_that_did_less_is_no_measurement() -> None:
    """A wrong answer and a tool that did not run are errors, not quick runs."""

    async def wrong() -> str:
        return "I could not do it."

    async def right() -> str:
        return ANSWER

    with pytest.raises(RuntimeError, match="the run ended with 'I could not do it"):
        await Way(wrong, refund_agent.tools_ran).window(1, 1)
    with pytest.raises(RuntimeError, match="0 tools ran in 2 runs, 6 were expected"):
        await Way(right, refund_agent.tools_ran).window(2, 1)


async def test_a_run_that_no_reader_finds_is_no_measurement(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What a run leaves behind is part of it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.setattr("benchmarks.ours.new_run_id", lambda _: "01KAPPR0VE0000000000000000")
    begin = Service.begin

    async def elsewhere(service: Service, run: str, *rest: Any) -> RunOutcome:
        del run
        return await begin(service, "01KAPPR0VE0000000000000001", *rest)

    monkeypatch.setattr(Service, "begin", elsewhere)
    async with WAYS["thin"](f"{url}/v1") as ours:
        with pytest.raises(RuntimeError, match="of 1 runs, a reader finds 0"):
            await ours.window(1, 1)


async def test_as_many_run_at_once_as_is_said() -> None:
    """Neither more nor fewer, and each of them once."""
    under_way, most, ran = 0, 0, 0

    async def run() -> str:
        nonlocal under_way, most, ran
        under_way, ran = under_way + 1, ran + 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return ANSWER

    await Way(run, lambda: 3 * ran).window(10, 4)
    assert (most, ran) == (4, 10)


def test_ways_take_turns_in_processes_of_their_own(url: str) -> None:
    """Every way does every round, a first one warms up, and a process that breaks is an error."""
    before = requests_answered(url)
    specs = {name: Spec("benchmarks.floors", "aiohttp") for name in ("one", "other")}
    with started(specs) as workers:
        found = measure(workers, url, Load(2, 2), rounds=2)
    assert {name: [took.tools for took in rounds] for name, rounds in found.items()} == {
        "one": [6, 6],
        "other": [6, 6],
    }
    assert requests_answered(url) - before == 2 * 3 * 2 * 4
    with started({"none": Spec("benchmarks.floors", "nobody")}) as workers, pytest.raises(RuntimeError):
        measure(workers, url, Load(1, 1), rounds=1)


def test_a_tool_is_asked_for_under_the_name_it_was_offered() -> None:
    """Ours have a room before their names; what is asked for is the same."""
    plain, ours = (completion(1, room)["choices"][0]["message"]["tool_calls"][0] for room in ("", ROOM))
    assert (plain["function"]["name"], ours["function"]["name"]) == ("lookup_charge", "desk__lookup_charge")
    assert plain["function"]["arguments"] == ours["function"]["arguments"]


def test_our_own_share_is_what_neither_http_nor_syncs_take() -> None:
    """Ten milliseconds, of which two are HTTP and three are syncs, are five of ours."""
    ours = Took(runs=10, wall=0.1, cpu=0.1, tools=30, syncs=160, sync_seconds=0.03)
    floor = Took(runs=10, wall=0.02, cpu=0.02, tools=30)
    assert "5.0 ms (5.0 to 5.0)" in own_share([ours], [floor])
    assert "syncs its journal 16 times" in own_share([ours], [floor])
