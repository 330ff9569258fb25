"""What answers a run's intents: the live world calls the gateway, a recorded one reads a journal."""

from collections.abc import Sequence
from typing import Protocol

from agentctl.events.record import Record
from agentctl.gateway.state import SessionState
from agentctl.runtime.intents import Intent
from agentctl.runtime.state import RunState


class World(Protocol):
    """Performs intents."""

    @property
    def session(self) -> SessionState:
        """What all records so far fold to, the last ones that it returned included."""
        ...

    async def perform(self, intent: Intent, state: RunState) -> Sequence[Record]:
        """Perform an intent and return the records of everything that happened, all of them durable."""
        ...
