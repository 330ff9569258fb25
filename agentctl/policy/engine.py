"""The port of every decision point, and what it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from agentctl.contract.agent import AllowedTool
from agentctl.contract.tool import ToolDescriptor
from agentctl.events.base import Principal
from agentctl.events.tool import PolicyAnswer
from agentctl.foundation.canonical import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class PolicyRequest:
    """Everything a decision may depend on, redacted."""

    principal: Principal
    actor: str
    environment: str
    descriptor: ToolDescriptor
    descriptor_digest: str
    entry: AllowedTool | None
    arguments: JsonObject
    arguments_digest: str
    facts: Mapping[str, str]
    facts_missing: Mapping[str, str]
    sources: Mapping[str, tuple[str, ...]] | None
    step: int
    labels_seen: tuple[str, ...]
    today: str

    def inputs(self) -> dict[str, JsonValue]:
        """Return what the authorities are shown, for its digest."""
        return {
            "principal": self.principal.model_dump(mode="json"),
            "actor": self.actor,
            "environment": self.environment,
            "tool": self.descriptor.name,
            "descriptor_digest": self.descriptor_digest,
            "arguments_digest": self.arguments_digest,
            "facts": dict(self.facts),
            "facts_missing": dict(self.facts_missing),
            "sources": None
            if self.sources is None
            else {key: list(ids) for key, ids in self.sources.items()},
            "step": self.step,
            "labels_seen": list(self.labels_seen),
            "today": self.today,
        }


class PolicyEngine(Protocol):
    """One authority."""

    @property
    def policy(self) -> str:
        """The id of what it judges by."""
        ...

    @property
    def digest(self) -> str:
        """The digest of what it judges by."""
        ...

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return its answer; an error is an answer too, and it denies."""
        ...
