"""Processes that make trials: each works, is told to stop, breaks and ends as one alone would."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agentctl.composition.evals import trial_crew
from agentctl.composition.evals.trial_crew import processes_for
from agentctl.events.evals import TrialJudged
from tests.fakes.crews import begun, judged, served

REPOSITORY = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def told() -> Any:
    """What the scenes came to, in an interpreter without threads."""
    command = [sys.executable, "-m", "tests.fakes.crews"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_trials_are_made_beside_each_other(told: Any) -> None:
    """Each process gets as many trials as any other, every answer reaches who asked, and no process is left."""
    assert [run for run, _ in told["six"]] == [f"one-{number}" for number in range(1, 7)]
    assert list(Counter(process for _, process in told["six"]).values()) == [3, 3]
    assert told["none left"]


def test_trials_are_told_to_stop(told: Any) -> None:
    """What says stop here is heard there."""
    assert told["stopped"] == "wait-1"


def test_what_breaks_there_is_raised_here(told: Any) -> None:
    """An error of the program ends the eval, wherever it happens, and so does a process that is gone; nobody asks it again."""
    gone = "a process that made trials has ended"
    assert told["broken"] == ["trial break-1 broke: ValueError: two lines", gone, gone]
    assert told["together"] == gone


def test_an_answer_that_nobody_waits_for_hurts_nobody(told: Any) -> None:
    """Who was cancelled gets none, judged or broken, and the others get theirs."""
    assert told["unwanted"] == [1, 2]


def test_who_asks_no_more_leaves_nothing_behind(told: Any) -> None:
    """Trials under way are cancelled when nobody wants to know; a process that does not end is killed."""
    with pytest.raises(ProcessLookupError):
        os.kill(told["left"], 0)
    assert told["deaf"]


async def test_a_line_is_served_until_it_ends() -> None:
    """Trials are made as they are asked for; what is under way when nobody asks any more is cancelled."""
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(served(theirs))
    reader, writer = await asyncio.open_connection(sock=ours)
    for case in ("one", "break", "wait"):
        writer.write(f"{begun(case).model_dump_json()}\n".encode())
    assert TrialJudged.model_validate_json(await reader.readline()) == judged(begun("one"), str(os.getpid()))
    assert await reader.readline() == b"broken break-1 ValueError: two lines\n"
    writer.write(b"stop\n")
    assert TrialJudged.model_validate_json(await reader.readline()).case == "wait"
    writer.write(f"{begun('wait').model_dump_json()}\n{begun('one').model_dump_json()}\n".encode())
    await reader.readline()
    writer.write_eof()
    await serving
    writer.close()


def test_few_trials_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process is started only for many trials, for each core at most one, and never by one that has threads."""
    monkeypatch.setattr(trial_crew, "cores", lambda: 3)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    assert [processes_for(trials, 10) for trials in (1, 49, 50, 74, 75, 500)] == [0, 0, 2, 2, 3, 3]
    assert [processes_for(500, at_once) for at_once in (1, 2)] == [0, 2]
    with monkeypatch.context() as elsewhere:
        elsewhere.delattr(os, "pidfd_open")
        assert processes_for(500, 10) == 0
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert processes_for(500, 10) == 0
