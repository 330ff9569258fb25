"""The authorities that judge calls, in a run and outside of one; nothing here loads what only a run needs."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

from agentctl.composition.governing import Governing
from agentctl.contract.environment import Environment
from agentctl.contract.policy_version import PlatformVersion
from agentctl.policy.allowlist import AllowlistPolicy
from agentctl.policy.catalog import Around, closing_of, engines_for
from agentctl.policy.engine import PolicyEngine
from agentctl.policy.platform import NoStaticKeys, PlatformPolicy, ProvedPrincipals

_ELSEWHERE = ("opa:", "authzen:")


def engines_of(governing: Governing, secret: Callable[[str], str | None]) -> tuple[PolicyEngine, ...]:
    """Return every authority that judges a run's calls; each is asked, the strictest answer holds."""
    environment, version = governing.environment.environment, governing.version
    around = Around(version.descriptors, environment.decision_points, secret)
    return (
        *own_rules(governing),
        *engines_for((*version.policies, *governing.environment.policies), "policy", around),
        *(
            engine
            for platform in governing.platforms
            for engine in engines_for(platform.policies, "platform", around)
        ),
    )


def policies_of(governing: Governing) -> dict[str, str]:
    """Return every policy that judges a run's calls, with its digest; no engine is needed for that."""
    return {
        **{rule.policy: rule.digest for rule in own_rules(governing)},
        **{policy.name: policy.digest for policy in governing.policies},
    }


def own_rules(governing: Governing) -> Iterator[PolicyEngine]:
    """Yield the authorities that need no engine: the contract's allowlist and the platform's rules."""
    yield AllowlistPolicy(governing.contract)
    for platform in governing.platforms:
        yield from _platform_rules(platform, governing.environment.environment)


def _platform_rules(platform: PlatformVersion, environment: Environment) -> Iterator[PolicyEngine]:
    """Yield the platform's rules that can matter in an environment."""
    static = frozenset(name for name, item in environment.backends.items() if item.static_key is not None)
    yield PlatformPolicy(platform.rules)
    if environment.kind == "live":
        yield ProvedPrincipals(platform.rules)
    if static:
        yield NoStaticKeys(platform.rules, static)


def is_elsewhere(policy: str) -> bool:
    """Return whether an authority is a running service: what it says now need not be what it said then."""
    return policy.startswith(_ELSEWHERE)


@asynccontextmanager
async def in_session(engines: Iterable[PolicyEngine]) -> AsyncIterator[tuple[PolicyEngine, ...]]:
    """Give authorities for a while; their processes and connections end with it."""
    given = tuple(engines)
    async with AsyncExitStack() as stack:
        for close in closing_of(given):
            stack.push_async_callback(close)
        yield given
