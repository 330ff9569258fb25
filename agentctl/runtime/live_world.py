"""The live world: performs intents through a session of the gateway."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from agentctl.events.model import WrittenCall
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import RunFinished, RunSuspended
from agentctl.gateway.model_calls import ModelWork
from agentctl.gateway.session import Session
from agentctl.gateway.state import SessionState
from agentctl.gateway.tool_calls import ToolRequest
from agentctl.models.client import ToolDefinition
from agentctl.runtime.conversation import Conversation
from agentctl.runtime.intents import (
    AskModel,
    AwaitAnswers,
    CallTools,
    Finish,
    Intent,
    Refuse,
    StopAtCeiling,
    Suspend,
)
from agentctl.runtime.state import RunState


class Stopping(Protocol):
    """Knows whether the run is to stop at the next safe place."""

    @property
    def wanted(self) -> bool:
        """Whether it is."""
        ...


@dataclass
class Interrupt:
    """Set from outside when the run is to stop at the next safe place."""

    wanted: bool = False


Observer: TypeAlias = Callable[[Sequence[Record]], None]
"""Is told what happened, once it is durable."""


class LiveWorld:
    """Performs intents for real. An interrupt is honoured between intents and between calls, never inside one."""

    def __init__(
        self,
        session: Session,
        instructions: str,
        tools: tuple[ToolDefinition, ...],
        interrupt: Stopping,
        observe: Observer,
    ) -> None:
        self._session = session
        self._conversation = Conversation(instructions)
        self._tools = tools
        self._interrupt = interrupt
        self._observe = observe

    @property
    def session(self) -> SessionState:
        """What all records so far fold to."""
        return self._session.state

    async def begin(self, *events: AnyEvent) -> Sequence[Record]:
        """Note that the run starts or goes on, and take in what others said meanwhile; return the records."""
        await self._session.note(*events)
        await self._session.receive()
        return self._told(self._session.drain())

    async def perform(self, intent: Intent, state: RunState) -> Sequence[Record]:
        """Perform an intent and return the records of everything that happened, all of them durable."""
        if self._interrupt.wanted and not isinstance(intent, Finish | Refuse):
            intent = Suspend("interrupted", "it was told to stop; resume it to go on")
        await self._perform(intent, state)
        return self._told(self._session.drain())

    def _told(self, records: Sequence[Record]) -> Sequence[Record]:
        self._observe(records)
        return records

    async def _perform(self, intent: Intent, state: RunState) -> None:
        match intent:
            case AskModel(step=step):
                await self._session.call_model(
                    ModelWork(step, self._conversation.messages(state), self._tools)
                )
            case CallTools(step=step, calls=calls):
                await self._call(step, calls)
            case AwaitAnswers(approvals=approvals):
                await self._await(approvals)
            case StopAtCeiling(stop=stop):
                await self._session.note(stop)
            case Suspend(reason=reason, detail=detail, waiting_for=waiting):
                await self._session.note(RunSuspended(reason=reason, detail=detail, waiting_for=waiting))
            case Finish(answer=answer):
                await self._session.note(RunFinished(status="answered", answer=answer))
            case Refuse(why=why):
                await self._session.note(RunFinished(status="denied", answer=why))

    async def _call(self, step: int, calls: tuple[WrittenCall, ...]) -> None:
        """Call what is ready; the loop comes back for the rest, so that an interrupt or an open question is seen."""
        requests = [ToolRequest(call.call, step, call.name, call.arguments) for call in calls]
        await self._session.call_tools(requests, halted=lambda: self._interrupt.wanted)

    async def _await(self, approvals: tuple[str, ...]) -> None:
        await self._session.receive()
        for approval in approvals:
            await self._session.review(approval)
        await self._session.receive()  # whoever signs at the terminal leaves a letter
        await self._session.announce(approvals)
        still = tuple(name for name in approvals if self._session.state.approvals[name].open)
        if still:
            detail = "somebody must answer the approval requests"
            await self._session.note(RunSuspended(reason="approval", detail=detail, waiting_for=still))
