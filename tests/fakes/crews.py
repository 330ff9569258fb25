"""Scenes with a crew of processes, for an interpreter of their own: a fork of one with threads may hang.

`python -m tests.fakes.crews` plays all of them and prints what each came to, as one JSON object.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from typing import TypeAlias

from typing_extensions import override

from agentctl.composition.evals import trial_crew
from agentctl.composition.evals.trial_crew import Crew, crew
from agentctl.composition.evals.trial_makers import TrialMaker, serve
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
    asyncio.run(served(line))


async def served(line: socket.socket) -> None:
    """Serve trials on a line until nobody asks any more."""
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


Scene: TypeAlias = Callable[[Crew], Coroutine[None, None, object]]


async def six(hands: Crew) -> object:
    """Return the runs of six trials, and the process that made each."""
    made = await _all(hands, *(begun("one", number) for number in range(1, 7)))
    return [[trial.run, int(trial.detail)] for trial in made]


async def stopped(hands: Crew) -> object:
    """Return the run of a trial that is over when it is told to stop."""
    waiting = asyncio.create_task(hands.make(begun("wait")))
    await hands.make(begun("one"))
    hands.stop()
    return (await waiting).run


async def broken(hands: Crew) -> object:
    """Return what is raised by a trial that breaks, and then by one whose process dies, and by the one after that."""
    return [await _raised(hands, case) for case in ("break", "die", "one")]


async def together(hands: Crew) -> object:
    """Return what is raised where one of two dies."""
    try:
        await _all(hands, begun("wait"), begun("die"))
    except InternalError as error:
        return str(error)
    return None


async def unwanted(hands: Crew) -> object:
    """Return the trials that are made after two that nobody waits for any more."""
    waiting = [asyncio.create_task(hands.make(begun(case))) for case in ("wait", "break")]
    for _ in range(2):
        await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    hands.stop()
    return [trial.trial for trial in await _all(hands, begun("one"), begun("one", 2))]


async def left(hands: Crew) -> object:
    """Leave a trial under way."""
    waiting = asyncio.create_task(hands.make(begun("wait")))
    process = (await hands.make(begun("one"))).detail
    waiting.cancel()
    return int(process)


def played(scene: Scene, count: int = 1) -> object:
    """Return what a scene comes to with so many processes."""
    with crew(count, work) as hands:
        if hands is None:
            raise InternalError("there is no crew")
        return asyncio.run(scene(hands))


def deaf() -> bool:
    """Return whether a process that hears nothing is gone after its crew."""
    trial_crew._SECONDS_TO_END = 0  # type: ignore[misc]  # nobody waits that long here
    with crew(1, lambda _: signal.pause()):
        pass
    return _has_no_child()


def main() -> None:
    """Play all scenes."""
    told = {scene.__name__: played(scene) for scene in (stopped, broken, together, unwanted, left)}
    told["six"] = played(six, 2)
    told["none left"] = _has_no_child()
    told["deaf"] = deaf()
    sys.stdout.write(json.dumps(told))


async def _raised(hands: Crew, case: str) -> str | None:
    try:
        await hands.make(begun(case))
    except InternalError as error:
        return str(error)
    return None


async def _all(hands: Crew, *trials: TrialStarted) -> list[TrialJudged]:
    return await asyncio.gather(*map(hands.make, trials))


def _has_no_child() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


if __name__ == "__main__":
    main()
