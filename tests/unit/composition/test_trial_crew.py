"""Processes that make trials: each works, is told to stop, breaks and ends as one alone would."""

import asyncio
import os
import signal
import socket
import threading
from collections import Counter

import pytest
from typing_extensions import override

from agentctl.composition import trial_crew
from agentctl.composition.trial_crew import Crew, crew, processes_for
from agentctl.composition.trial_makers import TrialMaker, serve
from agentctl.events.evals import TrialJudged, TrialStarted
from agentctl.foundation.errors import InternalError
from agentctl.foundation.money import ZERO


class Maker(TrialMaker):
    """Says which process made a trial; one that is to wait is over when trials are told to stop, and `break` breaks."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()

    @override
    async def make(self, begun: TrialStarted) -> TrialJudged:
        if begun.case == "wait":
            await self.stopped.wait()
        if begun.case == "break":
            raise ValueError("two\nlines")
        if begun.case == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return judged(begun, str(os.getpid()))

    @override
    def stop(self) -> None:
        self.stopped.set()


def work(line: socket.socket) -> None:
    """Serve trials on a line, as a process of a crew does."""
    asyncio.run(_served(line))


async def _served(line: socket.socket) -> None:
    await serve(Maker(), *await asyncio.open_connection(sock=line))


def begun(case: str, trial: int = 1) -> TrialStarted:
    """Return the beginning of a trial."""
    return TrialStarted(case=case, trial=trial, run=f"{case}-{trial}", seed=0, reserved_usd=ZERO)


def judged(trial: TrialStarted, detail: str) -> TrialJudged:
    """Return the judgement of a trial that passed."""
    return TrialJudged(
        case=trial.case, trial=trial.trial, run=trial.run, outcome="passed", scores=(), exit_code=0, cost_usd=ZERO,
        duration_ms=1.5, detail=detail,
    )  # fmt: skip


def test_trials_are_made_beside_each_other() -> None:
    """Each process gets as many trials as any other, every answer reaches who asked, and no process is left."""
    with crew(2, work) as hands:
        assert hands is not None
        made = asyncio.run(_all(hands, *(begun("one", number) for number in range(1, 7))))
    assert [trial.run for trial in made] == [f"one-{number}" for number in range(1, 7)]
    processes = Counter(trial.detail for trial in made)
    assert list(processes.values()) == [3, 3]
    assert all(not _is_there(int(process)) for process in processes)


def test_trials_are_told_to_stop() -> None:
    """What says stop here is heard there."""

    async def scene(hands: Crew) -> TrialJudged:
        waiting = asyncio.create_task(hands.make(begun("wait")))
        await hands.make(begun("one"))
        hands.stop()
        return await waiting

    with crew(1, work) as hands:
        assert hands is not None
        assert asyncio.run(scene(hands)).run == "wait-1"


@pytest.mark.parametrize(
    ("case", "why"), [("break", "trial break-1 broke: ValueError: two lines"), ("die", "has ended")]
)
def test_what_breaks_there_is_raised_here(case: str, why: str) -> None:
    """An error of the program ends the eval, wherever it happens, and so does a process that is gone."""
    with crew(1, work) as hands, pytest.raises(InternalError, match=why):
        assert hands is not None
        asyncio.run(_all(hands, begun(case), begun("wait")))


def test_a_process_that_has_ended_is_asked_nothing() -> None:
    """Whoever asks it later is told at once."""

    async def scene(hands: Crew) -> None:
        for case in ("die", "one"):
            with pytest.raises(InternalError, match="has ended"):
                await hands.make(begun(case))

    with crew(1, work) as hands:
        assert hands is not None
        asyncio.run(scene(hands))


def test_an_answer_that_nobody_waits_for_hurts_nobody() -> None:
    """Who was cancelled gets none, judged or broken, and the others get theirs."""

    async def scene(hands: Crew) -> TrialJudged:
        waiting = [asyncio.create_task(hands.make(begun(case))) for case in ("wait", "break")]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        hands.stop()
        return (await _all(hands, begun("one"), begun("one", 2)))[1]

    with crew(1, work) as hands:
        assert hands is not None
        assert asyncio.run(scene(hands)).trial == 2


def test_who_asks_no_more_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials under way are cancelled when nobody wants to know; a process that does not end is killed."""

    async def scene(hands: Crew) -> str:
        waiting = asyncio.create_task(hands.make(begun("wait")))
        process = (await hands.make(begun("one"))).detail
        waiting.cancel()
        return process

    with crew(1, work) as hands:
        assert hands is not None
        process = asyncio.run(scene(hands))
    assert not _is_there(int(process))
    monkeypatch.setattr(trial_crew, "_SECONDS_TO_END", 0)
    with crew(1, lambda _: signal.pause()):  # it hears nothing
        pass
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


async def test_a_line_is_served_until_it_ends() -> None:
    """Trials are made as they are asked for; what is under way when nobody asks any more is cancelled."""
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(_served(theirs))
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


async def _all(hands: Crew, *trials: TrialStarted) -> list[TrialJudged]:
    return await asyncio.gather(*map(hands.make, trials))


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
