"""Announcing approval requests to webhooks. Nobody's failure to listen stops a run: what came of it is recorded."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from agentctl.approval.announcement import Announcer, NotTaken, announcement_of, not_told
from agentctl.approval.pending import Approval
from agentctl.events.approval import ApprovalAnnounced
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.pauses import pause_before

_LONGEST_PAUSE_SECONDS = 10.0


class Herald(Struct, frozen=True):
    """Whom requests are announced to, and how one waits between two attempts."""

    announcers: Mapping[str, Announcer]
    pause: Callable[[float], Awaitable[None]]

    async def announce(self, approvals: Sequence[Approval]) -> tuple[ApprovalAnnounced, ...]:
        """Tell every webhook what it does not know yet, all at once; return what came of it, to be recorded."""
        told = (
            self._told(approval, webhook)
            for approval in approvals
            for webhook in not_told(approval, self.announcers)
        )
        return tuple(await asyncio.gather(*told))

    async def _told(self, approval: Approval, webhook: str) -> ApprovalAnnounced:
        announcer, announcement = self.announcers[webhook], announcement_of(approval, webhook)
        attempts, delivery = 1, await announcer.send(announcement)
        while isinstance(delivery, NotTaken) and delivery.again and attempts < announcer.max_attempts:
            await self.pause(pause_before(attempts, delivery.retry_after, _LONGEST_PAUSE_SECONDS))
            attempts, delivery = attempts + 1, await announcer.send(announcement)
        return ApprovalAnnounced(
            approval=approval.request.approval,
            webhook=webhook,
            delivered=not isinstance(delivery, NotTaken),
            attempts=attempts,
            detail=delivery.detail,
            escalations=len(approval.escalations),
        )


async def announce(corridor: Corridor, names: Sequence[str]) -> None:
    """Announce requests that are durable and still open to every webhook that does not know of them as they are now."""
    herald = Herald(corridor.parts.announcers, corridor.parts.pause)
    announced = await herald.announce([corridor.state.approvals[name] for name in names])
    if announced:
        corridor.record(*announced)
        await corridor.durable()
