"""Asking authorities outside of a run: those on this machine, for as long as they are needed."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from agentctl.policy.catalog import closing_of
from agentctl.policy.engine import PolicyEngine

_ELSEWHERE = ("opa:", "authzen:")


def is_elsewhere(policy: str) -> bool:
    """Return whether an authority is a running service: what it says now need not be what it said then."""
    return policy.startswith(_ELSEWHERE)


@asynccontextmanager
async def in_session(engines: Iterable[PolicyEngine]) -> AsyncIterator[tuple[PolicyEngine, ...]]:
    """Give authorities for a while; their processes and connections end with it."""
    given = tuple(engines)
    async with AsyncExitStack() as stack:
        for close in closing_of(given):
            stack.push_async_callback(close)
        yield given
