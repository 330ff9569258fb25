"""Who makes an eval's trials: this process, or processes beside it that it asks one trial after another."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override

from agentctl.composition.evals.trials import Stages
from agentctl.contract.golden import GoldenCase
from agentctl.events.evals import TrialJudged, TrialStarted
from agentctl.events.run import TrialOf
from agentctl.foundation.errors import InternalError
from agentctl.runtime.live_world import Interrupt

STOP = b"stop\n"
"""What a process is told when its trials are to stop at the next safe place."""
BROKEN = "broken "
"""How an answer begins that is no judgement: the trial's run and what went wrong come after it."""


class MakerGone(InternalError):
    """Raised when a process that made trials has ended by itself: nobody knows what came of those it had."""

    def __init__(self) -> None:
        super().__init__("a process that made trials has ended")


class TrialMaker(Protocol):
    """Makes trials, as many at once as it is asked for."""

    async def make(self, begun: TrialStarted) -> TrialJudged:
        """Make one, whose beginning is in the eval's journal, and judge it.

        Raises:
            MakerGone: whoever made it is gone.
        """
        ...

    def stop(self) -> None:
        """Let trials under way stop at their next safe place."""
        ...


@dataclass(frozen=True, slots=True)
class Here(TrialMaker):
    """Makes trials in this process."""

    eval: str
    cases: Mapping[str, GoldenCase]
    stages: Stages
    interrupt: Interrupt

    @override
    async def make(self, begun: TrialStarted) -> TrialJudged:
        """Make one here."""
        case = self.cases[begun.case]
        seed = begun.seed if self.stages.governing(case).takes_seeds else None
        of = TrialOf(eval=self.eval, case=begun.case, trial=begun.trial, seed=seed)
        trial = await self.stages.try_case(case, of, begun.run, self.interrupt)
        return trial.judged

    @override
    def stop(self) -> None:
        """Let trials stop."""
        self.interrupt.wanted = True


async def serve(maker: TrialMaker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Make the trials that are asked for, each a line that is answered by a line, until nobody asks any more.

    What is under way then is cancelled: whoever wanted to know has gone.
    """
    under_way: set[asyncio.Task[None]] = set()
    while line := await reader.readline():
        if line == STOP:
            maker.stop()
            continue
        task = asyncio.create_task(_answer(maker, TrialStarted.model_validate_json(line), writer))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def _answer(maker: TrialMaker, begun: TrialStarted, writer: asyncio.StreamWriter) -> None:
    try:
        answer = (await maker.make(begun)).model_dump_json()
    except Exception as error:  # noqa: BLE001 - it is raised again in the process that asked
        answer = f"{BROKEN}{begun.run} {type(error).__name__}: {error}".replace("\n", " ")
    with suppress(ConnectionError):  # nobody asks any more
        writer.write(f"{answer}\n".encode())
        await writer.drain()
