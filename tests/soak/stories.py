"""What runs can come to in one process: answered, refused, suspended and gone on with, told to stop, cut off."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from agentctl.composition.people.answers import Given, give_answer
from agentctl.composition.project import Project
from agentctl.composition.runs.orders import Audience, RunOrder, RunOutcome
from agentctl.composition.runs.service import Service, governing_now, open_service
from agentctl.events.record import Record
from agentctl.events.tool import ToolResult
from agentctl.foundation.errors import ExitCode
from agentctl.foundation.ids import new_run_id
from agentctl.runtime.live_world import Interrupt
from tests.soak.project import ENVIRONMENT

ASSISTANT, HELPER, BREAKER = "refund-assistant", "helper", "breaker"


@dataclass(frozen=True, slots=True)
class Desk:
    """The agents of a project, ready to run; every story returns how many refunds it made."""

    project: Project
    services: dict[str, Service]

    async def answered(self, agent: str, text: str, refunds: int) -> int:
        """Run to an answer."""
        outcome = await self._run(agent, text)
        assert outcome.exit_code == ExitCode.OK, told(outcome)
        return refunds

    async def approved(self) -> int:
        """Run until somebody must answer, let them, and go on."""
        outcome = await self._run(ASSISTANT, "4202")
        assert outcome.exit_code == ExitCode.WAITING, told(outcome)
        suspended = outcome.state.suspended
        assert suspended is not None
        given = Given(suspended.waiting_for[0], "alice", "approve", "as seen")
        await asyncio.to_thread(give_answer, self.project, given, _nobody_asked)
        await self._go_on(outcome.run)
        return 1

    async def interrupted(self) -> int:
        """Tell the run to stop after its first result, and go on."""
        interrupt = Interrupt()

        def stop(records: Sequence[Record]) -> None:
            interrupt.wanted |= _has_result(records)

        outcome = await self._run(ASSISTANT, "4201", observe=stop, interrupt=interrupt)
        assert outcome.exit_code == ExitCode.INTERRUPTED, told(outcome)
        await self._go_on(outcome.run)
        return 1

    async def cut_off(self) -> int:
        """Cancel the run after its first result, wherever it is then, and go on."""
        tasks: list[asyncio.Task[RunOutcome]] = []

        def cut(records: Sequence[Record]) -> None:
            if _has_result(records):
                tasks[0].cancel()

        run = new_run_id(self.project.clock.now())
        tasks.append(asyncio.create_task(self._run(ASSISTANT, "4201", observe=cut, run=run)))
        try:
            await tasks[0]
        except asyncio.CancelledError:
            await self._go_on(run)
            return 1
        raise AssertionError("it was not cut off")

    async def _run(
        self,
        agent: str,
        text: str,
        *,
        observe: Callable[[Sequence[Record]], None] = lambda _: None,
        interrupt: Interrupt | None = None,
        run: str | None = None,
    ) -> RunOutcome:
        order = RunOrder(agent, text, None, ENVIRONMENT, None)
        name = run or new_run_id(self.project.clock.now())
        audience = Audience(observe, (), lambda _: None)
        return await self.services[agent].begin(name, order, audience, interrupt or Interrupt())

    async def _go_on(self, run: str) -> None:
        acquired = self.project.journals.acquire(run)
        audience = Audience(lambda _: None, (), lambda _: None)
        outcome = await self.services[ASSISTANT].go_on(acquired, None, audience, Interrupt())
        assert outcome.exit_code == ExitCode.OK, told(outcome)


Story = Callable[[Desk], Awaitable[int]]

STORIES: tuple[Story, ...] = (
    lambda desk: desk.answered(ASSISTANT, "4201", refunds=1),
    lambda desk: desk.approved(),
    lambda desk: desk.answered(ASSISTANT, "4203", refunds=0),  # refunded already
    lambda desk: desk.answered(ASSISTANT, "4204", refunds=0),  # the charge is not there
    lambda desk: desk.answered(ASSISTANT, "4205", refunds=0),  # somebody else's charge: denied
    lambda desk: desk.answered(ASSISTANT, "4206", refunds=0),  # orders in a ticket: refused
    lambda desk: desk.interrupted(),
    lambda desk: desk.cut_off(),
    lambda desk: desk.answered(HELPER, "go", refunds=0),
    lambda desk: desk.answered(BREAKER, "go", refunds=0),
)
"""All that is played in turn."""


@asynccontextmanager
async def open_desk(project: Project) -> AsyncIterator[Desk]:
    """Open all agents of the project."""
    async with AsyncExitStack() as stack:
        services = {}
        for agent in (ASSISTANT, HELPER, BREAKER):
            order = RunOrder(agent, None, None, ENVIRONMENT, None)
            services[agent] = await stack.enter_async_context(
                open_service(project, governing_now(project, order))
            )
        yield Desk(project, services)


def told(outcome: RunOutcome) -> str:
    """Return how a run stopped and what it was refused, for whoever expected something else."""
    state = outcome.state
    refused = [call.shown for call in state.session.calls.values() if not call.ok]
    return f"{outcome.run}: {state.finished or state.suspended}; {refused}"


def _has_result(records: Sequence[Record]) -> bool:
    return any(isinstance(record.event, ToolResult) for record in records)


def _nobody_asked(_: str) -> str:
    raise AssertionError("no key has a passphrase here")
