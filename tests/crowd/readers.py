"""Those who ask about runs all the time while others run them: nobody is told of trouble, and no run is lost to them."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any, Final

from tests.crowd.crowd import Crowd, Ended

LONGEST_LIFE: Final = 8.0
"""Seconds in which a question may be answered, or not, before whoever asked it is killed."""

ALL: Final = "1000000"
STATUSES: Final = "SELECT run, status, records FROM runs ORDER BY run"
QUESTIONS: Final = (
    ("runs", "list", "--limit", ALL, "--json"),
    ("audit", "query", STATUSES, "--limit", ALL, "--json"),
    ("runs", "show", "latest", "--json"),
    ("trace", "rebuild", "--json"),
)


@dataclass(slots=True)
class Reader:
    """One who asks all questions in turn. No run that was there goes away, and what is finished stays so."""

    crowd: Crowd
    runs: dict[str, str] = field(default_factory=dict)
    """The status of each run as it was told last."""

    async def ask(self, over: asyncio.Event, first: int) -> None:
        """Ask until it is over, beginning with one of the questions."""
        await self.crowd.begun.wait()
        for question in islice(cycle(QUESTIONS), first, None):
            if over.is_set():
                return
            answer = await self.crowd.type(*question)
            if answer.code == 0:
                self._look(answer)

    def _look(self, answer: Ended) -> None:
        match answer.arguments[1]:
            case "list":
                self._compare(answer.document)
            case "query":
                self._compare(answer.document["rows"])
            case "show":
                journal = answer.document["run"]["journal"]
                assert journal["records"] == journal["lines"]
            case "rebuild":
                assert answer.document["state"] == "done"
            case other:
                raise AssertionError(other)

    def _compare(self, told: Iterable[dict[str, Any]]) -> None:
        now = {item["run"]: item["status"] for item in told}
        finished = {run for run, status in self.runs.items() if status == "finished"}
        assert self.runs.keys() <= now.keys(), f"lost: {self.runs.keys() - now.keys()}"
        assert {now[run] for run in finished} <= {"finished"}
        self.runs = now


async def _ask_and_die(crowd: Crowd, over: asyncio.Event, rng: random.Random) -> None:
    await crowd.begun.wait()
    while not over.is_set():
        await crowd.type_and_kill(*rng.choice(QUESTIONS), lines=0, seconds=rng.random() * LONGEST_LIFE)


@asynccontextmanager
async def reading(crowd: Crowd, readers: int, rng: random.Random) -> AsyncIterator[None]:
    """Let so many ask again and again for the time of the block, each beginning with another question.

    Where they are many, there is one more who is killed again and again, perhaps in the middle of an ingest.
    """
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for first in range(readers):
            group.create_task(Reader(crowd).ask(over, first % len(QUESTIONS)))
        if readers >= len(QUESTIONS):
            group.create_task(_ask_and_die(crowd, over, rng))
        try:
            yield
        finally:
            over.set()
