"""The session: what a caller holds while it works on one run. It appends its own events and returns when they are durable.

Our own loop is one caller; an agent framework behind another door is another, with the same journal and the same
refusals.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from agentctl.events.record import AnyEvent, Record
from agentctl.gateway.announcements import announce
from agentctl.gateway.corridor import Corridor, Parts
from agentctl.gateway.letters import receive
from agentctl.gateway.model_calls import ModelWork, call_model
from agentctl.gateway.reviews import review
from agentctl.gateway.state import SessionState
from agentctl.gateway.tool_calls import ToolRequest, call_tool


class Session:
    """One writer's work on one run."""

    def __init__(self, corridor: Corridor) -> None:
        self._corridor = corridor

    @property
    def state(self) -> SessionState:
        """What the journal folds to, up to its last record."""
        return self._corridor.state

    def drain(self) -> tuple[Record, ...]:
        """Return the records appended since the last drain; all of them are durable once the call that made them returned."""
        return self._corridor.drain()

    async def note(self, *events: AnyEvent) -> None:
        """Append events of the run itself (started, suspended, finished), durably."""
        self._corridor.record(*events)
        await self._corridor.durable()

    async def call_tool(self, request: ToolRequest) -> None:
        """Take a tool call as far as it goes now."""
        await call_tool(self._corridor, request)

    async def call_tools(
        self, requests: Sequence[ToolRequest], halted: Callable[[], bool] = lambda: False
    ) -> None:
        """Take several calls as far as they go; consecutive reads run together, anything else is a barrier.

        What stands behind a barrier is not begun while a call before it waits or is in doubt, once the cap on
        refusals is reached, or when `halted` says so.
        """
        for group in self._groups(requests):
            if halted() or self.state.refusals_to_cap >= self.state.header.limits.max_refusals:
                return
            await self._call_together(group)
            if any(not self.state.calls[request.call].settled for request in group):
                return

    async def _call_together(self, group: Sequence[ToolRequest]) -> None:
        if len(group) == 1:  # a task of its own would only take time
            await self.call_tool(group[0])
        else:
            await asyncio.gather(*(self.call_tool(request) for request in group))

    async def call_model(self, work: ModelWork) -> None:
        """Ask the model of a step."""
        await call_model(self._corridor, work)

    async def review(self, approval: str) -> None:
        """Ask this process's reviewers about an approval request."""
        await review(self._corridor, approval)

    async def announce(self, approvals: Sequence[str]) -> None:
        """Announce approval requests that are still open to every webhook that does not know of them yet."""
        await announce(self._corridor, approvals)

    async def receive(self) -> None:
        """Take what lies in the inbox into the journal."""
        await receive(self._corridor)

    def redact(self, text: str) -> str:
        """Return text as it may be written down."""
        return str(self._corridor.parts.vault.redact(text))

    def _groups(self, requests: Sequence[ToolRequest]) -> list[list[ToolRequest]]:
        groups: list[list[ToolRequest]] = []
        for request in requests:
            if groups and self._is_read(request) and self._is_read(groups[-1][-1]):
                groups[-1].append(request)
            else:
                groups.append([request])
        return groups

    def _is_read(self, request: ToolRequest) -> bool:
        tool = self._corridor.parts.allowed.get(request.name)
        return tool is not None and tool.descriptor.effect == "read"


@asynccontextmanager
async def open_session(parts: Parts, records: tuple[Record, ...] = ()) -> AsyncIterator[Session]:
    """Open a session on a journal that is ours to write; everything it holds is given back at the end."""
    try:
        yield Session(Corridor(parts, records))
    finally:
        await _close(parts)


async def _close(parts: Parts) -> None:
    await parts.executors.close()
    all_desks = (*parts.models.values(), *parts.review_models.values())
    for client in {id(desk.client): desk.client for desks in all_desks for desk in desks}.values():
        await client.close()
    for close in parts.closing:
        await close()
    parts.journal.close()
