"""Which engine judges by which policy set; each is loaded only where it is used."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from agentctl.contract.policy_source import DecisionPoint
from agentctl.contract.policy_version import PolicyVersion
from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.errors import InternalError
from agentctl.policy.engine import PolicyEngine

Authority: TypeAlias = Literal["policy", "platform"]


@dataclass(frozen=True, slots=True)
class Around:
    """What engines need beside their policies: the tools they judge, where services are, and secrets by name."""

    tools: Mapping[str, ToolDescriptor]
    points: Mapping[str, DecisionPoint]
    secret: Callable[[str], str | None] = field(repr=False)


def engines_for(
    policies: Iterable[PolicyVersion], authority: Authority, around: Around
) -> tuple[PolicyEngine, ...]:
    """Return an engine for each policy set.

    Raises:
        InvalidInput: a policy set cannot be used.
    """
    del authority, around
    if tuple(policies):
        raise InternalError("no engine is built yet")
    return ()
