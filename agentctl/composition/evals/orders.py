"""What an eval is asked for, and what its watcher is told while it goes."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from agentctl.events.evals import TrialJudged


class EvalOrder(Struct, frozen=True):
    """What somebody wants to be tried; what is None follows from the project.

    `patterns` and `tags` choose cases, `contract` is the version that is tried and `baseline` the one that it is compared
    with, both as FILE, TAG or DIGEST.
    """

    agent: str
    patterns: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    trials: int = 1
    seed: int = 0
    max_cost_usd: Decimal | None = None
    contract: str | None = None
    baseline: str | None = None
    environment: str = "sandbox"
    principal: str | None = None


class Raised(Struct, frozen=True):
    """Under which cap an eval is to go on, higher than the one before, and who says so; None: whose project it is."""

    max_cost_usd: Decimal
    principal: str | None = None


class Progress(Struct, frozen=True):
    """How far an eval has got: `done` of `planned` trials, `before` of them made by an earlier process.

    `seconds` is how long this process has been at it; `judged` is the trial that is over now, None where none is yet.
    """

    done: int
    planned: int
    wanting: int
    spent_usd: Decimal
    seconds: float
    before: int = 0
    judged: TrialJudged | None = None

    @property
    def seconds_left(self) -> float | None:
        """About how long the rest takes, if it goes on like this; None: nobody knows yet."""
        here = self.done - self.before
        return self.seconds / here * (self.planned - self.done) if here else None


Watch: TypeAlias = Callable[[Progress], None]
"""Is told how far an eval has got."""
