"""The two ways a run gets going: from its beginning, or from wherever its journal ends."""

from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import RunStarted
from agentctl.runtime.live_world import LiveWorld
from agentctl.runtime.loop import drive
from agentctl.runtime.state import RunState, fold


async def start(world: LiveWorld, started: RunStarted) -> RunState:
    """Begin a run and drive it until it is suspended or finished."""
    return await drive(fold(await world.begin(started)), world)


async def resume(world: LiveWorld, records: tuple[Record, ...], *events: AnyEvent) -> RunState:
    """Go on with a run from its journal; `events` say what recovery found and who resumes."""
    return await drive(fold((*records, *await world.begin(*events))), world)
