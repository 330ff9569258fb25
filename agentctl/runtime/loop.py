"""The loop: run, resume and replay are the same ten lines."""

from agentctl.runtime.decide import decide
from agentctl.runtime.state import RunState, evolve
from agentctl.runtime.world import World


async def drive(state: RunState, world: World) -> RunState:
    """Decide, let the world perform, fold what happened; until the run is suspended or finished."""
    while state.going:
        for record in await world.perform(decide(state), state):
            state = evolve(state, record)
    return state
