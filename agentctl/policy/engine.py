"""The port of every decision point, and what it is shown."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.contract.agent import AllowedTool, tier_of
from agentctl.contract.tool import RiskTier, ToolDescriptor
from agentctl.events.base import Principal
from agentctl.events.tool import PolicyAnswer
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.money import plain


class RunSoFar(Struct, frozen=True):
    """The run a call belongs to, and what it has used or promised before it."""

    id: str
    kind: str
    cost_usd: Decimal
    tool_calls: int
    input_tokens: int
    output_tokens: int

    def inputs(self) -> dict[str, JsonValue]:
        """Return it as JSON."""
        return {
            "id": self.id,
            "kind": self.kind,
            "cost_usd": plain(self.cost_usd),
            "tool_calls": self.tool_calls,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
        }


class ToolHistory(Struct, frozen=True):
    """What the run's earlier calls of one tool came to.

    `facts` has every value that a fact of a call which went well had; `in_doubt` counts calls whose outcome nobody knows.
    """

    ok: int = 0
    failed: int = 0
    refused: int = 0
    in_doubt: int = 0
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def inputs(self) -> dict[str, JsonValue]:
        """Return it as JSON."""
        return {
            "ok": self.ok,
            "failed": self.failed,
            "refused": self.refused,
            "in_doubt": self.in_doubt,
            "facts": {name: list(values) for name, values in self.facts.items()},
        }


class PolicyRequest(Struct, frozen=True, dict=True):
    """Everything a decision may depend on; values that redaction found are placeholders.

    With a dictionary, so that what several policy sets are shown of it can be kept with it; another version of it has another.

    `facts` are texts, amounts in major units; `sources` maps each argument's JSON pointer to the ids of the sources it
    came from, and `labels` each source id to its trust labels; `history` has every tool of the contract by name.
    `approval_granted` is an assumption, never a fact: an engine is asked without it first, then with it, to find out
    whether an approval would lift its denial. Whether there is one, only the stage `approved` decides.
    """

    principal: Principal
    teams: tuple[str, ...]
    actor: str
    owner: str
    environment: str
    environment_kind: Literal["sandbox", "live"]
    descriptor: ToolDescriptor
    descriptor_digest: str
    entry: AllowedTool | None
    arguments: JsonObject
    arguments_digest: str
    facts: Mapping[str, str]
    facts_missing: Mapping[str, str]
    sources: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, tuple[str, ...]]
    labels_seen: tuple[str, ...]
    step: int
    run: RunSoFar
    history: Mapping[str, ToolHistory]
    now: str
    approval_granted: bool = False

    @property
    def tool(self) -> str:
        """The tool's name."""
        return self.descriptor.name

    @property
    def today(self) -> str:
        """The day, `2026-11-22`."""
        return self.now[:10]

    @property
    def risk_tier(self) -> RiskTier:
        """How much is at stake: the higher of what the tool and the contract say."""
        return tier_of(self.descriptor, self.entry)

    def if_approved(self) -> "PolicyRequest":
        """Return the same request under the assumption that an approval was granted."""
        return replace(self, approval_granted=True)

    def inputs(self) -> dict[str, JsonValue]:
        """Return what the authorities are shown, for its digest and for engines that take JSON."""
        return {
            "principal": self.principal.model_dump(mode="json"),
            "teams": list(self.teams),
            "actor": self.actor,
            "owner": self.owner,
            "environment": self.environment,
            "environment_kind": self.environment_kind,
            "tool": self.tool,
            "effect": self.descriptor.effect,
            "descriptor_digest": self.descriptor_digest,
            "arguments": self.arguments,
            "arguments_digest": self.arguments_digest,
            "risk_tier": self.risk_tier,
            "facts": dict(self.facts),
            "facts_missing": dict(self.facts_missing),
            "sources": {pointer: list(ids) for pointer, ids in self.sources.items()},
            "labels": {source: list(labels) for source, labels in self.labels.items()},
            "labels_seen": list(self.labels_seen),
            "step": self.step,
            "run": self.run.inputs(),
            "history": {tool: history.inputs() for tool, history in self.history.items()},
            "now": self.now,
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
