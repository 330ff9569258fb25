"""What governs a replay's session: tools, reviewers and the authorities that judge in this process, as they are."""

from collections.abc import Callable, Iterator
from functools import partial

from agentctl.composition.at_hand import registry_of, reviewers_of
from agentctl.composition.authorities import own_rules
from agentctl.composition.governing import Governing
from agentctl.composition.review_models import review_aliases
from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.foundation.clock import Clock
from agentctl.policy.authority import Authority
from agentctl.policy.catalog import Around, engines_for
from agentctl.policy.engine import PolicyEngine
from agentctl.replay.recorded.court import TapedEngine
from agentctl.replay.recorded.ports import Governed
from agentctl.replay.recorded.tape import Tape


def governed_of(governing: Governing, tape: Tape) -> Governed:
    """Return what governs a replay's session; what another process or a service would say, the tape says."""
    environment, registry = governing.environment.environment, registry_of(governing)
    alias = governing.contract.model_routing.default
    return Governed(
        contract=governing.contract,
        ceilings=governing.ceilings,
        allowed=registry.only(governing.version.tools),
        registry=registry,
        engines=partial(_engines, governing, tape),
        deployments={alias: governing.deployments(alias)},
        review_deployments={
            name: governing.deployments(name) for name in sorted(review_aliases(environment))
        },
        reviewers=reviewers_of(governing),
        reviewer_names=tuple(reviewer.name for reviewer in environment.reviewers),
        backends=environment.backends,
        webhooks=tuple(webhook.name for webhook in environment.approvals.webhooks),
    )


def authorities_of(
    governing: Governing, clock: Clock, elsewhere: Callable[[PolicyVersion], PolicyEngine]
) -> Iterator[PolicyEngine]:
    """Yield the authorities in their order: what judges in this process as it is, the others as `elsewhere` gives them."""
    around = Around(governing.version.descriptors, {}, lambda _: None, clock)
    yield from own_rules(governing)
    for policy, authority in _sets(governing):
        if is_at_hand(policy):
            yield from engines_for((policy,), authority, around)
        else:
            yield elsewhere(policy)


def is_at_hand(policy: PolicyVersion) -> bool:
    """Return whether a policy set judges in this process, without a service or a process of its own."""
    return isinstance(policy.source, CedarPolicies)


def _engines(governing: Governing, tape: Tape, clock: Clock) -> tuple[PolicyEngine, ...]:
    def as_taped(policy: PolicyVersion) -> PolicyEngine:
        return TapedEngine(policy.name, policy.digest, tape)

    return tuple(authorities_of(governing, clock, as_taped))


def _sets(governing: Governing) -> Iterator[tuple[PolicyVersion, Authority]]:
    for policy in (*governing.version.policies, *governing.environment.policies):
        yield policy, "policy"
    for platform in governing.platforms:
        for policy in platform.policies:
            yield policy, "platform"
