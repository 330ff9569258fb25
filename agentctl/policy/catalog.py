"""Which engine judges by which policy set; each is loaded only where it is used."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import field

from agentctl.contract.policy_source import (
    AuthzenPolicies,
    CedarPolicies,
    DecisionPoint,
    OpaPolicies,
    RegoPolicies,
)
from agentctl.contract.policy_version import PolicyVersion
from agentctl.contract.tool import ToolDescriptor
from agentctl.contract.words import listed
from agentctl.foundation.clock import Clock, SystemClock
from agentctl.foundation.discreet import Discreet
from agentctl.foundation.errors import InvalidInput, Place, Problem
from agentctl.policy.authority import Authority
from agentctl.policy.engine import PolicyEngine
from agentctl.policy.guarded import Guarded
from agentctl.policy.judge import Closing, Judge

if TYPE_CHECKING:
    from agentctl.policy.cedar.schema import CedarSchema

CEDAR_SECONDS = 10.0
"""How long a decision by Cedar may take: it is milliseconds of work, but a busy machine lets a process wait for a second."""

REGO_SECONDS = 30.0
"""How long a decision by Rego may take that starts its process; each evaluation has a limit of its own, far below."""

_MS_PER_SECOND = 1_000


class Around(Discreet, frozen=True, dict=True):
    """What engines need beside their policies: the tools they judge, where services are, and secrets by name."""

    hidden = frozenset({"secret"})

    tools: Mapping[str, ToolDescriptor]
    points: Mapping[str, DecisionPoint]
    secret: Callable[[str], str | None]
    clock: Clock = field(default_factory=SystemClock)

    @cached_property
    def cedar_schema(self) -> "CedarSchema":
        """The tools as Cedar takes them; one for all sets, so that they share what is made of a call."""
        from agentctl.policy.cedar.schema import CedarSchema  # noqa: PLC0415  # for who has Cedar policies

        return CedarSchema.of(self.tools)


def engines_for(
    policies: Iterable[PolicyVersion], authority: Authority, around: Around
) -> tuple[Guarded, ...]:
    """Return an engine for each policy set, guarded.

    Raises:
        InvalidInput: a policy set cannot be used.
    """
    return tuple(_guarded(policy, authority, around) for policy in policies)


def closing_of(engines: Iterable[PolicyEngine]) -> tuple[Callable[[], Awaitable[None]], ...]:
    """Return what gives back the connections and processes of some engines."""
    judges = [engine.judge for engine in engines if isinstance(engine, Guarded)]
    return tuple(judge.close for judge in judges if isinstance(judge, Closing))


def judge_for(policy: PolicyVersion, authority: Authority, around: Around) -> Judge:
    """Return what judges by one policy set.

    Raises:
        InvalidInput: the policy set cannot be used.
    """
    match policy.source:
        case CedarPolicies():
            from agentctl.policy.cedar.judge import CedarJudge  # noqa: PLC0415  # loads Cedar

            return CedarJudge(policy.texts, around.tools, authority, around.cedar_schema)
        case RegoPolicies(rule=rule):
            from agentctl.policy.rego.judge import RegoJudge  # noqa: PLC0415  # starts a process

            return RegoJudge(policy.texts, rule)
        case OpaPolicies(point=name, path=path):
            from agentctl.policy.http_point import HttpPoint  # noqa: PLC0415  # loads aiohttp
            from agentctl.policy.opa import OpaJudge  # noqa: PLC0415

            return OpaJudge(HttpPoint(_point(name, policy, around), around.secret), path)
        case AuthzenPolicies(point=name):
            from agentctl.policy.authzen import AuthzenJudge  # noqa: PLC0415
            from agentctl.policy.http_point import HttpPoint  # noqa: PLC0415  # loads aiohttp

            return AuthzenJudge(HttpPoint(_point(name, policy, around), around.secret))


def _guarded(policy: PolicyVersion, authority: Authority, around: Around) -> Guarded:
    judge = judge_for(policy, authority, around)
    seconds = _seconds_for(policy, around)
    at_once = isinstance(policy.source, CedarPolicies)
    return Guarded(judge, authority, policy.name, policy.digest, around.clock, seconds, at_once)


def _seconds_for(policy: PolicyVersion, around: Around) -> float:
    """Return how long a decision may take in all, both questions together."""
    match policy.source:
        case CedarPolicies():
            return CEDAR_SECONDS
        case RegoPolicies():
            return REGO_SECONDS
        case OpaPolicies(point=name) | AuthzenPolicies(point=name):
            return _point(name, policy, around).timeout_ms / _MS_PER_SECOND


def _point(name: str, policy: PolicyVersion, around: Around) -> DecisionPoint:
    """Return where a decision point is.

    Raises:
        InvalidInput: the environment does not name it.
    """
    point = around.points.get(name)
    if point is None:
        found = f"the environment names no decision point `{name}`"
        accepted = listed(sorted(around.points)) or "one under `decision_points`"
        raise InvalidInput([Problem(Place(policy.name), found, accepted)])
    return point
