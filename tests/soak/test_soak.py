"""Thousands of runs in one process: it holds no more at the end than after the first of them, and is no slower."""

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import pytest

from agentctl.sandbox.ledger import read_refunds
from tests.soak.measured import COUNTED, Held, growing, growth_per_run, measured, slower
from tests.soak.project import project_with_an_office
from tests.soak.stories import STORIES, Desk, open_desk

AT_ONCE: Final = 4
BYTES_PER_RUN: Final = 256
"""What the memory may seem to grow by with each run: pages come and go whole."""
SLOWER: Final = 1.5
"""How many times the CPU of the first runs the last ones may take; the machine is not always as fast."""


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep keys and temporary files where they are seen."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


async def test_two_hundred_runs_leave_nothing_behind(tmp_path: Path) -> None:
    """Objects, handles, threads, processes and tasks are as many at the end as after the first runs."""
    # Some twenty objects were seen to come at once, in one window or another, and never again: among a hundred runs that
    # looks like growth.
    windows = await soak(tmp_path, windows=20, runs=10)
    assert growing(windows[2:]) == []


@pytest.mark.campaign
async def test_thousands_of_runs_are_no_burden(tmp_path: Path) -> None:
    """Five thousand: memory stays too, and the last runs take no more of the CPU than the first."""
    windows = await soak(tmp_path, windows=50, runs=100)
    for window in windows:
        print(window)  # noqa: T201 - what `make campaign` reports
    assert growing(windows[10:]) == []
    assert growth_per_run(windows[10:], "resident_bytes") < BYTES_PER_RUN
    assert slower(windows, many=10) < SLOWER


async def soak(folder: Path, windows: int, runs: int) -> list[Held]:
    """Play all stories in turn, some at once, and return what the process held after each window."""
    with project_with_an_office(folder / "project") as project:
        async with open_desk(project) as desk:
            refunds = 0

            async def play(many: int) -> None:
                nonlocal refunds
                refunds += await play_stories(desk, many)

            found = await measured(play, windows=windows, runs=runs)
    assert len(read_refunds(folder / "project" / "office")) == refunds > windows
    assert len(project.journals.runs()) == windows * runs
    assert list((folder / "temporary").iterdir()) == []
    return found


async def play_stories(desk: Desk, many: int) -> int:
    """Play so many stories and return how many refunds they made."""
    left = islice(cycle(STORIES), many)

    async def some() -> int:
        return sum([await story(desk) for story in left])

    return sum(await asyncio.gather(*(some() for _ in range(AT_ONCE))))


# -- what must turn it red ------------------------------------------------------------------------


@pytest.fixture
def leaks() -> Iterator[dict[str, Callable[[], object]]]:
    """What a run could leave behind, by what it is counted as; all of it goes at the end of the test."""
    over, kept = threading.Event(), list[object]()
    children: list[subprocess.Popen[bytes]] = []
    handles: list[int] = []

    def child() -> None:
        command = [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"]
        children.append(subprocess.Popen(command, stdin=subprocess.PIPE))

    yield {
        "objects": lambda: kept.append([]),
        "handles": lambda: handles.append(os.open(os.devnull, os.O_RDONLY)),
        "threads": lambda: threading.Thread(target=over.wait).start(),
        "children": child,
        "tasks": lambda: kept.append(asyncio.create_task(asyncio.Event().wait())),
    }
    over.set()
    for handle in handles:
        os.close(handle)
    for process in children:
        process.communicate()


@pytest.mark.parametrize("of", COUNTED)
async def test_what_a_run_leaves_behind_is_seen(leaks: dict[str, Callable[[], object]], of: str) -> None:
    """One of ten runs leaving one thing behind is enough; for an object, as small as they are, every run."""

    async def play(runs: int) -> None:
        for run in range(runs):
            if of == "objects" or run % 10 == 0:
                leaks[of]()

    found = growing(await measured(play, windows=4, runs=10))
    assert f" {of} more with each run" in "; ".join(found)


async def test_nothing_left_is_no_leak() -> None:
    """What goes away by itself is not counted, whether at once or with the next collection."""

    async def play(runs: int) -> None:
        for _ in range(runs):
            round_about: list[object] = []
            round_about.append(round_about)
        await asyncio.create_task(asyncio.sleep(0))

    assert growing(await measured(play, windows=4, runs=10)) == []
