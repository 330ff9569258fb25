"""Which engine judges by which policy set; each is loaded only where it is used."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from agentctl.contract.policy_source import (
    AuthzenPolicies,
    CedarPolicies,
    DecisionPoint,
    OpaPolicies,
    RegoPolicies,
)
from agentctl.contract.policy_version import PolicyVersion
from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.clock import Clock, SystemClock
from agentctl.foundation.errors import InvalidInput, Place, Problem
from agentctl.policy.authority import Authority
from agentctl.policy.engine import PolicyEngine
from agentctl.policy.guarded import Guarded
from agentctl.policy.judge import Judge


@dataclass(frozen=True, slots=True)
class Around:
    """What engines need beside their policies: the tools they judge, where services are, and secrets by name."""

    tools: Mapping[str, ToolDescriptor]
    points: Mapping[str, DecisionPoint]
    secret: Callable[[str], str | None] = field(repr=False)
    clock: Clock = field(default_factory=SystemClock)


def engines_for(
    policies: Iterable[PolicyVersion], authority: Authority, around: Around
) -> tuple[PolicyEngine, ...]:
    """Return an engine for each policy set, guarded.

    Raises:
        InvalidInput: a policy set cannot be used.
    """
    return tuple(
        Guarded(judge_for(policy, authority, around), authority, policy.name, policy.digest, around.clock)
        for policy in policies
    )


def judge_for(policy: PolicyVersion, authority: Authority, around: Around) -> Judge:
    """Return what judges by one policy set.

    Raises:
        InvalidInput: the policy set cannot be used.
    """
    match policy.source:
        case CedarPolicies():
            from agentctl.policy.cedar import CedarJudge  # noqa: PLC0415  # loads Cedar

            return CedarJudge(policy.texts, around.tools, authority)
        case RegoPolicies() | OpaPolicies() | AuthzenPolicies():
            raise InvalidInput([Problem(Place(policy.name), "this engine is not available", "`cedar`")])
