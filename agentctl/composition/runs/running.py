"""The use cases around a run: begin one, go on with one."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from typing import TypeAlias

from agentctl.composition.governing import Governing, recorded
from agentctl.composition.project import Project
from agentctl.composition.runs.assembly import vault_of
from agentctl.composition.runs.orders import Audience, RunOrder, RunOutcome
from agentctl.composition.runs.service import Service, governing_now, open_service
from agentctl.composition.runs.stopping import stopped_by_signals
from agentctl.events.run import Envelope
from agentctl.foundation.errors import UsageError
from agentctl.foundation.ids import new_run_id
from agentctl.runtime.live_world import Interrupt
from agentctl.runtime.outcome import exit_code
from agentctl.runtime.state import fold
from agentctl.sandbox.process import SpareProcess

__all__ = ["Audience", "RunOrder", "RunOutcome", "resume_run", "run_agent"]

Work: TypeAlias = Callable[[Service, Interrupt], Awaitable[RunOutcome]]
"""What is done with a service while it is open."""


def run_agent(
    project: Project, order: RunOrder, audience: Audience, spare: SpareProcess | None = None
) -> RunOutcome:
    """Run an agent until the run is finished or suspended.

    Args:
        project: the project.
        order: what is to be run.
        audience: who watches.
        spare: a back office that was started early, for a run that needs one.

    Raises:
        AgentctlError: nothing was begun, or the journal could not be written.
    """
    governing = governing_now(project, order)
    run = new_run_id(project.clock.now())
    with _said_when_stopped(run, audience):
        return asyncio.run(
            _alone(
                project,
                governing,
                lambda service, interrupt: service.begin(run, order, audience, interrupt),
                audience,
                spare,
            )
        )


def resume_run(project: Project, run: str, by: str | None, audience: Audience) -> RunOutcome:
    """Go on with a run; one that is finished is only reported.

    Raises:
        AgentctlError: there is no such run, somebody else is writing it, or its journal is damaged.
    """
    acquired = project.journals.acquire(run)
    with closing(acquired.journal):
        state = fold(acquired.records)
        _refuse_what_goes_on_nowhere(state.session.header)
        governing = recorded(project, state.session.header)
        if state.finished is not None:
            vault_of(project, run, governing).destroy()
            return RunOutcome(run, state, exit_code(state), governing)
        project.objects.put(governing.platform.to_bytes())  # today's rules judge from here on
        with _said_when_stopped(run, audience):
            return asyncio.run(
                _alone(
                    project,
                    governing,
                    lambda service, interrupt: service.go_on(acquired, by, audience, interrupt),
                    audience,
                )
            )


def _refuse_what_goes_on_nowhere(header: Envelope) -> None:
    """Refuse replays and trials: the world that they took place in is gone, and the real one is not theirs.

    Raises:
        UsageError: it is one.
    """
    match header.kind:
        case "replay":
            raise UsageError(
                f"run `{header.run}` is a replay, and nothing goes on in it", "the run that it replays"
            )
        case "eval":
            raise UsageError(
                f"run `{header.run}` is a trial of a golden case, and nothing goes on in it",
                "`agentctl eval`, which tries the case again",
            )
        case "live" | "shadow":
            return


async def _alone(
    project: Project,
    governing: Governing,
    work: Work,
    audience: Audience,
    spare: SpareProcess | None = None,
) -> RunOutcome:
    """Do the work of one run, in a process that does nothing else."""
    async with open_service(project, governing, spare) as service:
        interrupt = Interrupt()

        def say() -> None:
            audience.say("stopping at the next safe place; once more stops at once")
            audience.leave()

        with stopped_by_signals(interrupt, say):
            return await work(service, interrupt)


@contextmanager
def _said_when_stopped(run: str, audience: Audience) -> Iterator[None]:
    """Say how to go on where a run was told twice to stop; what was under way is in the journal as unknown.

    Raises:
        KeyboardInterrupt: it was told twice.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        audience.say(f"stopped at once; `agentctl resume {run}` goes on")
        raise KeyboardInterrupt from error
