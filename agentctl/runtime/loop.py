"""The loop: run, resume and replay are the same few lines."""

from agentctl.runtime.decide import decide
from agentctl.runtime.state import RunState, after
from agentctl.runtime.world import World


async def drive(state: RunState, world: World) -> RunState:
    """Decide, let the world perform, fold what happened; until the run is suspended or finished."""
    while state.going:
        records = await world.perform(decide(state), state)
        state = after(state, records, world.session)
    return state
