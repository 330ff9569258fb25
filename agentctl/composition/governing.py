"""Which version governs a run: for a new run what stands in the files, for a resumed one what was recorded.

Today's platform rules hold in addition, wherever they are tighter.
"""

from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from agentctl.budget.limits import Ceilings, lowered
from agentctl.composition.project import Project
from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Deployment
from agentctl.contract.platform import effective
from agentctl.contract.policy_version import PlatformVersion, PolicyVersion
from agentctl.contract.version import AgentVersion, EnvironmentVersion, code_digests, platform_from_bytes
from agentctl.events.run import Envelope, Limits
from agentctl.foundation.canonical import digest_bytes
from agentctl.trace.sealing.redaction import RedactionLevel

_STRICTNESS = ("off", "standard", "strict")

Loaded: TypeAlias = tuple[AgentVersion, EnvironmentVersion]


class Governing(Struct, frozen=True):
    """Everything a run is judged by. `contract` is the effective one, after the platform's rules.

    `platform` are today's rules; `platforms` those and the recorded ones, where they differ: all of them hold.
    """

    version: AgentVersion
    environment: EnvironmentVersion
    platform: PlatformVersion
    platforms: tuple[PlatformVersion, ...]
    contract: AgentContract

    @property
    def platform_digest(self) -> str:
        """The digest of the platform's rules."""
        return self.platform.digest

    @property
    def policies(self) -> tuple[PolicyVersion, ...]:
        """Every policy set that judges a run's calls: of contract, environment and platform."""
        platform = (policy for version in self.platforms for policy in version.policies)
        return (*self.version.policies, *self.environment.policies, *platform)

    def deployments(self, alias: str) -> tuple[Deployment, ...]:
        """Return what is bound to an alias and may still be asked, by then's rules and by today's."""
        bound = self.environment.environment.models.get(alias, ())
        return tuple(item for item in bound if all(one.rules.models.allows(item) for one in self.platforms))

    @property
    def takes_seeds(self) -> bool:
        """Whether a model that may be asked takes a seed."""
        models = self.environment.environment.models
        return any(item.takes_seed for alias in models for item in self.deployments(alias))

    @property
    def ceilings(self) -> Ceilings:
        """The lowest ceiling of all the platform's rules for each of a run's limits; what none of them names is absent."""
        named = {"max_cost_usd_per_run": "max_cost_usd"}
        lowest: dict[str, int | Decimal] = {}
        for platform in self.platforms:
            for field, ceiling in platform.rules.budget_ceilings:
                if ceiling is not None:
                    name = named.get(field, field)
                    lowest[name] = min(ceiling, lowest.get(name, ceiling))
        return lowest

    @property
    def max_cost_usd(self) -> Decimal:
        """The most that a run may cost."""
        return self.contract.budgets.max_cost_usd_per_run

    @property
    def limits(self) -> Limits:
        """The ceilings of a run."""
        budgets = self.contract.budgets
        return Limits(
            max_steps=budgets.max_steps,
            max_input_tokens=budgets.max_input_tokens,
            max_output_tokens=budgets.max_output_tokens,
            max_cost_usd=self.max_cost_usd,
            max_tool_calls=budgets.max_tool_calls,
            max_refusals=budgets.max_refusals,
            max_wall_clock_seconds=budgets.max_wall_clock_seconds,
            max_bytes=budgets.max_bytes,
            max_open_approvals=budgets.max_open_approvals,
            max_approval_requests=budgets.max_approval_requests,
            max_repeats=budgets.max_repeats,
            max_near_repeats=budgets.max_near_repeats,
            max_same_errors=budgets.max_same_errors,
        )


def from_files(project: Project, agent: str, environment: str) -> Governing:
    """Return what stands in the project's files now.

    Raises:
        InvalidInput: some of it is not what it must be.
    """
    contract = project.files.agent(agent)
    version = project.files.agent_version(contract)
    bound = project.files.environment_version(project.files.environment(environment), agent)
    return _governing(_as_recorded(version, bound), project.files.platform_version())


def with_version(project: Project, version: AgentVersion, environment: str) -> Governing:
    """Return what governs a version in an environment as it stands in the project's files now.

    Raises:
        InvalidInput: some of the files are not what they must be.
    """
    agent = version.contract.agent.name
    bound = project.files.environment_version(project.files.environment(environment), agent)
    return _governing(_as_recorded(version, bound), project.files.platform_version())


def recorded(project: Project, envelope: Envelope) -> Governing:
    """Return what a run began with, under today's platform rules.

    Raises:
        IntegrityError: an object is missing or is not what its digest says.
    """
    today = project.files.platform_version()
    return _governing(_loaded(project, envelope), today, _platform(project, envelope.platform_digest))


def as_then(
    project: Project, envelope: Envelope, platform_digest: str, version: AgentVersion | None = None
) -> Governing:
    """Return what governed a run at some time, today's rules left out: `platform_digest` names those of that time.

    Args:
        project: the project.
        envelope: what the run began with.
        platform_digest: the platform's rules when it began, or when it went on.
        version: a version in the place of the recorded one.

    Raises:
        IntegrityError: an object is missing or is not what its digest says.
    """
    recorded_version, environment = _loaded(project, envelope)
    platforms = (_platform(project, digest) for digest in (platform_digest, envelope.platform_digest))
    return _governing((version or recorded_version, environment), *platforms)


def _loaded(project: Project, envelope: Envelope) -> Loaded:
    version = project.objects.get(envelope.version)
    environment = project.objects.get(envelope.environment_digest)
    digests = {*code_digests(version), *code_digests(environment)}
    code = {digest: project.objects.get(digest) for digest in digests}
    return AgentVersion.from_bytes(version, code), EnvironmentVersion.from_bytes(environment, code)


def _platform(project: Project, digest: str) -> PlatformVersion:
    return platform_from_bytes(project.objects.get(digest))


def tightened(governing: Governing, header: Envelope) -> tuple[Limits, RedactionLevel]:
    """Return the ceilings and the redaction under which a run goes on: what it has, and never more than governs it now."""
    today = governing.contract.logging.pii_redaction
    return lowered(header.limits, governing.ceilings), max(today, header.pii_redaction, key=_STRICTNESS.index)


def store(project: Project, governing: Governing) -> None:
    """Make everything a run is judged by durable, before its first event names it."""
    for tool in (*governing.version.tools.values(), *governing.environment.tools.values()):
        if tool.code is not None:
            project.objects.put(tool.code)
    project.objects.put(governing.version.to_bytes())
    project.objects.put(governing.environment.to_bytes())
    project.objects.put(governing.platform.to_bytes())


def _as_recorded(version: AgentVersion, environment: EnvironmentVersion) -> Loaded:
    """Return both as a resume will read them, so that run and resume cannot differ."""
    tools = (*version.tools.values(), *environment.tools.values())
    code = {digest_bytes(tool.code): tool.code for tool in tools if tool.code is not None}
    return (
        AgentVersion.from_bytes(version.to_bytes(), code),
        EnvironmentVersion.from_bytes(environment.to_bytes(), code),
    )


def _governing(loaded: Loaded, today: PlatformVersion, *then: PlatformVersion) -> Governing:
    """Return what governs: every set of rules tightens the contract, none loosens what another tightened."""
    version, environment = loaded
    platforms = (today, *(recorded for recorded in then if recorded.digest != today.digest))
    contract = version.contract
    for platform in platforms:
        contract, _ = effective(contract, platform.rules)
    return Governing(version, environment, today, platforms, contract)
