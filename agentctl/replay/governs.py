"""What governs a run, as far as it can make two runs part: for each cause, the digest of what could be it. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from agentctl.events.replay import Cause
from agentctl.models.client import ToolDefinition


class Governs(Struct, frozen=True):
    """One side's version: what the model is told and shown, and the digest of each part that could be a cause."""

    version: str
    instructions: str
    tools: tuple[ToolDefinition, ...]
    parts: Mapping[Cause, str]

    def differing(self, other: "Governs") -> frozenset[Cause]:
        """Return the causes that could be: what is not the same on both sides."""
        causes = self.parts.keys() | other.parts.keys()
        return frozenset(cause for cause in causes if self.parts.get(cause) != other.parts.get(cause))
