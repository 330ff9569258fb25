"""What governs a replay's session: tools, reviewers and the authorities that judge in this process, as they are."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from agentctl.approval.reviewer import Reviewer
from agentctl.composition.at_hand import registry_of, reviewers_of, tool_definitions
from agentctl.composition.authorities import own_rules, policies_of
from agentctl.composition.governing import Governing, as_then
from agentctl.composition.project import Project
from agentctl.composition.review_models import review_aliases
from agentctl.contract.agent import AgentContract
from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.contract.version import AgentVersion
from agentctl.events.replay import Cause
from agentctl.events.run import Envelope
from agentctl.foundation.canonical import JsonValue, digest_of
from agentctl.foundation.clock import Clock
from agentctl.policy.authority import Authority
from agentctl.policy.catalog import Around, engines_for
from agentctl.policy.engine import PolicyEngine
from agentctl.policy.guarded import Guarded
from agentctl.replay.governs import Governs
from agentctl.replay.recorded.court import TapedEngine
from agentctl.replay.recorded.ports import Governed
from agentctl.replay.recorded.tape import Tape
from agentctl.tools.registry import Registry

_Key: TypeAlias = tuple[str | bool, ...]


class Ready(Struct, frozen=True, dict=True):
    """What governs, made ready to judge with, once for any number of replays: nothing in it remembers what it judged."""

    governing: Governing

    @cached_property
    def registry(self) -> Registry:
        """Every tool, with its validators."""
        return registry_of(self.governing)

    @cached_property
    def allowed(self) -> Registry:
        """The tools that the contract allows."""
        return self.registry.only(self.governing.version.tools)

    @cached_property
    def reviewers(self) -> tuple[Reviewer, ...]:
        """The reviewers that are rules or models."""
        return reviewers_of(self.governing)

    @cached_property
    def governs(self) -> Governs:
        """What of it could make two runs part."""
        return governs(self.governing)

    def authorities(
        self, clock: Clock, elsewhere: Callable[[PolicyVersion], PolicyEngine]
    ) -> tuple[PolicyEngine, ...]:
        """Return the authorities in their order: what judges in this process as it is, the others as `elsewhere` gives them."""
        sets = (
            elsewhere(one) if isinstance(one, PolicyVersion) else replace(one, clock=clock)
            for one in self._sets
        )
        return (*own_rules(self.governing), *sets)

    @cached_property
    def _sets(self) -> tuple[Guarded | PolicyVersion, ...]:
        """What judges by each policy set; the set itself where another process would."""
        around = Around(self.governing.version.descriptors, {}, lambda _: None)
        return tuple(
            engines_for((policy,), authority, around)[0] if is_at_hand(policy) else policy
            for policy, authority in _sets(self.governing)
        )


class Archive(Struct, frozen=True):
    """What digests name, read and made ready once: replays in one project may share it, for a digest never means anything else.

    A change of the project's files changes nothing here, and what is kept of an object, once it was read whole, stays.
    """

    project: Project
    _kept: dict[_Key, Ready] = field(default_factory=dict)

    def as_then(self, envelope: Envelope, platform_digest: str, version: AgentVersion | None = None) -> Ready:
        """Return what governed a run at some time, or would have with a version in the place of its own.

        Raises:
            IntegrityError: an object is missing or is not what its digest says.
        """
        named = envelope.version if version is None else version.digest
        around = (envelope.environment_digest, envelope.platform_digest, platform_digest)
        key = (version is None, named, *around)
        if key not in self._kept:
            self._kept[key] = Ready(as_then(self.project, envelope, platform_digest, version))
        return self._kept[key]


def governed_of(ready: Ready, tape: Tape) -> Governed:
    """Return what governs a replay's session; what another process or a service would say, the tape says."""
    governing, environment = ready.governing, ready.governing.environment.environment
    alias = governing.contract.model_routing.default

    def as_taped(policy: PolicyVersion) -> PolicyEngine:
        return TapedEngine(policy.name, policy.digest, tape)

    return Governed(
        contract=governing.contract,
        ceilings=governing.ceilings,
        allowed=ready.allowed,
        registry=ready.registry,
        engines=lambda clock: ready.authorities(clock, as_taped),
        deployments={alias: governing.deployments(alias)},
        review_deployments={
            name: governing.deployments(name) for name in sorted(review_aliases(environment))
        },
        reviewers=ready.reviewers,
        reviewer_names=tuple(reviewer.name for reviewer in environment.reviewers),
        backends=environment.backends,
        webhooks=tuple(webhook.name for webhook in environment.approvals.webhooks),
    )


def is_at_hand(policy: PolicyVersion) -> bool:
    """Return whether a policy set judges in this process, without a service or a process of its own."""
    return isinstance(policy.source, CedarPolicies)


def governs(governing: Governing) -> Governs:
    """Return what of a version could make two runs part; every key of a contract is in one of the parts."""
    contract, environment = governing.contract, governing.environment.environment
    tools = governing.version.tools
    alias = contract.model_routing.default
    parts: dict[Cause, JsonValue] = {
        "prompt": [governing.version.instructions, contract.logging.pii_redaction],
        "model": [item.model_dump(mode="json") for item in environment.models.get(alias, ())],
        "tool_schema": {name: tool.digest for name, tool in tools.items()},
        "policy": [dict(policies_of(governing)), _who_and_how(contract)],
        "budget": governing.limits.model_dump(mode="json"),
        "routing": contract.model_routing.model_dump(mode="json"),
    }
    digests = {cause: digest_of(part) for cause, part in parts.items()}
    return Governs(governing.version.digest, governing.version.instructions, tool_definitions(tools), digests)


def _who_and_how(contract: AgentContract) -> JsonValue:
    """Return what of a contract is told to whoever permits: all that is no part of another cause."""
    said: JsonValue = contract.model_dump(
        mode="json", exclude={"model_routing": True, "budgets": True, "logging": {"pii_redaction"}}
    )
    return said


def _sets(governing: Governing) -> Iterator[tuple[PolicyVersion, Authority]]:
    for policy in (*governing.version.policies, *governing.environment.policies):
        yield policy, "policy"
    for platform in governing.platforms:
        for policy in platform.policies:
            yield policy, "platform"
