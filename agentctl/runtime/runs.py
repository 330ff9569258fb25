"""The two ways a run gets going: from its beginning, or from wherever its journal ends."""

from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import RunStarted
from agentctl.runtime.live_world import LiveWorld
from agentctl.runtime.loop import drive
from agentctl.runtime.state import RunState, after


async def start(world: LiveWorld, started: RunStarted) -> RunState:
    """Begin a run and drive it until it is suspended or finished."""
    begun = await world.begin(started)
    return await drive(after(RunState(), begun, world.session), world)


async def resume(world: LiveWorld, records: tuple[Record, ...], *events: AnyEvent) -> RunState:
    """Go on with a run from its journal; `events` say what recovery found and who resumes."""
    begun = await world.begin(*events)
    return await drive(after(RunState(), (*records, *begun), world.session), world)
