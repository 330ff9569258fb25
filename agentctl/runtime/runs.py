"""The two ways a run gets going: from its beginning, or from wherever its journal ends."""

from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import RunResumed, RunStarted
from agentctl.gateway.session import Session
from agentctl.runtime.loop import drive
from agentctl.runtime.state import RunState, fold
from agentctl.runtime.world import World


async def start(session: Session, world: World, started: RunStarted) -> RunState:
    """Begin a run and drive it until it is suspended or finished."""
    await session.note(started)
    return await drive(fold(session.drain()), world)


async def resume(
    session: Session,
    world: World,
    records: tuple[Record, ...],
    resumed: RunResumed,
    repairs: tuple[AnyEvent, ...],
) -> RunState:
    """Go on with a run from its journal; what lies in the inbox is taken in first."""
    await session.note(*repairs, resumed)
    await session.receive()
    return await drive(fold((*records, *session.drain())), world)
