"""What is asked for when a run begins, who watches it, and what became of it."""

from collections.abc import Callable

from msgspec import Struct

from agentctl.approval.reviewer import Reviewer
from agentctl.composition.governing import Governing
from agentctl.foundation.errors import ExitCode
from agentctl.runtime.live_world import Observer
from agentctl.runtime.state import RunState


class RunOrder(Struct, frozen=True):
    """What somebody wants to be run; what is None follows from the environment."""

    agent: str
    input: str | None
    principal: str | None
    environment: str
    ledger: str | None


class RunOutcome(Struct, frozen=True):
    """How a run stopped, with all its records."""

    run: str
    state: RunState
    exit_code: ExitCode
    governing: Governing


class Audience(Struct, frozen=True):
    """Who watches a run from this process: told what happened, asked for answers, told remarks."""

    observe: Observer
    reviewers: tuple[Reviewer, ...]
    say: Callable[[str], None]
    leave: Callable[[], None] = lambda: None
    """Is called when the run is told to stop: whoever is being asked is not waited for."""
    watch: Observer | None = None
    """Is told of everything that is durable at once, also while a call is under way. What it raises stops the run."""
