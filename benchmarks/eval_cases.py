"""The golden cases that every runner of evals is given, as plain data; only the standard library, for every peer's sake.

Two works over the same cases: in `agent` a case is a whole run with tools (4 model calls, 3 tool calls), in `answer` one
question and its answer. Every twentieth case asks for what no answer has: a runner that does not find just those has
judged nothing.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

WRONG = 20
"""Of so many cases one must fail."""
CALLS = {"agent": 4, "answer": 1}
"""How often the model is asked in a case of each work."""
WORKS = {
    "agent": "A case is a whole run, 4 model calls and 3 tool calls, judged by a text in its answer and by a tool it called",
    "answer": "A case is one question, judged by a text in its answer",
}
TOOL = "create_refund"
"""What every run of an agent must have called."""


@dataclass(frozen=True)
class Case:
    """What is asked, and what must stand in the answer."""

    id: str
    input: str
    contains: str

    @property
    def fails(self) -> bool:
        """Whether no answer has it."""
        return self.contains != ANSWERED


ANSWERED = "re_1001"


def cases(count: int) -> list[Case]:
    """Return so many cases."""
    return [
        Case(
            id=f"ticket-{number}",
            input=f"Please handle ticket T-{1_000 + number}.",
            contains=ANSWERED if number % WRONG else "re_9999",
        )
        for number in range(1, count + 1)
    ]


@dataclass(frozen=True)
class Asked:
    """What a peer's script is asked on its command line."""

    work: str
    url: str
    count: int
    at_once: int
    folder: Path

    @classmethod
    def here(cls) -> "Asked":
        """Read it."""
        work, url, count, at_once, folder = sys.argv[1:]
        return cls(work, url, int(count), int(at_once), Path(folder))


def tell(failed: Iterable[str]) -> None:
    """Print the ids of the cases that failed, as the last line of a peer's script."""
    print(json.dumps({"failed": sorted(failed)}))
