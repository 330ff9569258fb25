"""What a check looks at: one contract in one environment, with everything both refer to, and the day."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from posixpath import dirname, normpath
from typing import Literal, TypeVar

from msgspec import Struct

from agentctl.contract.agent import AgentContract, AllowedTool, Risk, RiskAcceptance, tier_of
from agentctl.contract.environment import Deployment, Environment, ModelReviewer, Reviewer, ReviewRule
from agentctl.contract.platform import PlatformRules
from agentctl.contract.policy_source import CASES_SUFFIX
from agentctl.contract.policy_version import PlatformVersion, PolicyVersion
from agentctl.contract.project import Loaded, ProjectFiles
from agentctl.contract.script import Script
from agentctl.contract.tool import RiskTier, ToolDescriptor
from agentctl.foundation.errors import InvalidInput, Place, Problem, UsageError
from agentctl.review.checks.report import Spot, spot

T = TypeVar("T")


class Listed(Struct, frozen=True):
    """An allowlist entry with the tool it names."""

    index: int
    entry: AllowedTool
    tool: Loaded[ToolDescriptor]

    @property
    def descriptor(self) -> ToolDescriptor:
        """The tool's descriptor."""
        return self.tool.document

    @property
    def tier(self) -> RiskTier:
        """How much is at stake: the higher of what the tool and the contract say."""
        return tier_of(self.descriptor, self.entry)


class Ruled(Struct, frozen=True):
    """A reviewer with a rule, and where both stand in the environment."""

    index: int
    reviewer: Reviewer
    rule: ReviewRule


class Modelled(Struct, frozen=True):
    """A reviewer that is a model, and where both stand in the environment."""

    index: int
    reviewer: Reviewer
    model: ModelReviewer


class PolicySet(Struct, frozen=True):
    """One policy set, who speaks through it, where it is named, and the folder that its files are relative to."""

    of: Literal["contract", "environment", "platform"]
    version: PolicyVersion
    at: Spot
    folder: str

    def shown(self, file: str) -> str:
        """Return one of its files as it is shown to people."""
        return normpath(f"{self.folder}/{file}")


class Subject(Struct, frozen=True):
    """Everything a rule may look at; rules read nothing else.

    `unreadable` is what could not be read of the files that these documents name: scripts, code, instructions, seeds.
    """

    contract: Loaded[AgentContract]
    environment: Loaded[Environment]
    platform: Loaded[PlatformRules] | None
    registry: Mapping[str, Loaded[ToolDescriptor]]
    policies: tuple[PolicySet, ...]
    script: Loaded[Script] | None
    instructions: str
    code: Mapping[str, bytes]
    """The code of Python tools, by tool."""
    unreadable: tuple[Problem, ...]
    today: str
    litellm_installed: bool
    is_in_project: bool
    """Whether the contract is one of the project's own, which are found by their names."""
    policy_cases: str | None = None
    """The file of cases that lies where the contract's usual policy is looked for, or would be."""

    @property
    def rules(self) -> PlatformRules:
        """The platform's rules; their defaults where the project has none of its own."""
        return self.platform.document if self.platform else PlatformRules()

    def accepted(self, listed: Listed, risk: Risk) -> RiskAcceptance | None:
        """Return the acceptance of a risk that counts today; the platform may let nobody accept it."""
        return listed.entry.acceptance(risk, self.today) if risk in self.rules.acceptable_risks else None

    def listed(self) -> tuple[Listed, ...]:
        """Return the allowlist's entries whose tools exist, in the contract's order."""
        entries = enumerate(self.contract.document.tools.allowlist)
        return tuple(
            Listed(index, entry, self.registry[entry.name])
            for index, entry in entries
            if entry.name in self.registry
        )

    def ruled(self) -> tuple[Ruled, ...]:
        """Return the reviewers that are rules."""
        reviewers = enumerate(self.environment.document.reviewers)
        return tuple(Ruled(index, item, item.rule) for index, item in reviewers if item.rule is not None)

    def modelled(self) -> tuple[Modelled, ...]:
        """Return the reviewers that are models."""
        reviewers = enumerate(self.environment.document.reviewers)
        return tuple(Modelled(index, item, item.model) for index, item in reviewers if item.model is not None)

    def used_tools(self) -> tuple[Loaded[ToolDescriptor], ...]:
        """Return the tools this agent may call and those that reviewers read with, each once."""
        listed = {item.entry.name: item.tool for item in self.listed()}
        names = (item.rule.look_up.tool for item in self.ruled())
        return tuple(
            (listed | {name: self.registry[name] for name in names if name in self.registry}).values()
        )

    def chain(self) -> tuple[Deployment, ...]:
        """Return the deployments of the contract's alias; none when the environment binds it to nothing."""
        return self.environment.document.models.get(self.contract.document.model_routing.default, ())

    def in_contract(self, *path: str | int) -> Spot:
        """Return where a part of the contract stands."""
        return spot(self.contract.source, *path)

    def at_entry(self, listed: Listed, *path: str | int) -> Spot:
        """Return where a part of an allowlist entry stands; without a path, its name."""
        return self.in_contract("tools", "allowlist", listed.index, *(path or ("name",)))

    def in_environment(self, *path: str | int) -> Spot:
        """Return where a part of the environment stands."""
        return spot(self.environment.source, *path)

    def in_rule(self, ruled: Ruled, *path: str | int) -> Spot:
        """Return where a part of a reviewer's rule stands."""
        return self.in_environment("reviewers", ruled.index, "rule", *path)

    def by_platform(self, *path: str) -> str:
        """Return where a rule of the platform stands, in brackets, for a sentence about another place."""
        if self.platform is None or path not in self.platform.source.value_places:
            return "(the platform's default)"
        return spot(self.platform.source, *path).where


def in_tool(tool: Loaded[ToolDescriptor], *path: str | int) -> Spot:
    """Return where a part of a descriptor stands."""
    return spot(tool.source, *path)


def gather(
    project: ProjectFiles, contract: Callable[[], Loaded[AgentContract]], environment: str, today: str
) -> Subject:
    """Load everything that a check of one contract looks at.

    Args:
        project: The project's files.
        contract: Loads the contract.
        environment: The environment's name.
        today: The day, `2026-11-22`.

    Raises:
        UsageError: there is no such agent or environment.
        InvalidInput: a document is refused; names the problems of all of them.
    """
    reader = _Reader([])
    loaded = reader.read(contract)
    bound = reader.read(lambda: project.environment(environment))
    platform = reader.read(project.platform)
    registry = reader.read(project.tools)
    if loaded is None or bound is None or registry is None or reader.problems:
        raise InvalidInput(reader.problems)
    script = reader.read(lambda: _script(project, loaded, bound))
    instructions = reader.read(lambda: project.instructions(loaded)) or ""
    policies = (
        *_sets("contract", loaded, reader.read(lambda: project.policies_of_contract(loaded))),
        *_sets("environment", bound, reader.read(lambda: project.policies_of_environment(bound))),
        *_platform_sets(project, reader.read(project.platform_version)),
    )
    reader.read(lambda: _seeds(project, bound))
    code = reader.code_of(
        project, [registry[name] for name in _named_tools(loaded, bound) if name in registry]
    )
    return Subject(
        contract=loaded,
        environment=bound,
        platform=platform,
        registry=registry,
        policies=policies,
        script=script,
        instructions=instructions,
        code=code,
        unreadable=tuple(reader.problems),
        today=today,
        litellm_installed=find_spec("litellm") is not None,
        is_in_project=loaded.path.resolve().parent == project.contracts.resolve(),
        policy_cases=_policy_cases(project, loaded),
    )


def _policy_cases(project: ProjectFiles, contract: Loaded[AgentContract]) -> str | None:
    path = contract.path.parent / "policies" / f"{contract.document.agent.name}{CASES_SUFFIX}"
    return project.shown(path) if path.is_file() else None


def _sets(
    of: Literal["contract", "environment"],
    owner: Loaded[AgentContract] | Loaded[Environment],
    versions: Iterable[PolicyVersion] | None,
) -> Iterator[PolicySet]:
    for index, version in enumerate(versions or ()):
        folder = dirname(owner.source.file) or "."
        yield PolicySet(of, version, spot(owner.source, "policies", index), folder)


def _platform_sets(project: ProjectFiles, platform: PlatformVersion | None) -> Iterator[PolicySet]:
    for version in platform.policies if platform else ():
        folder = project.shown(project.contracts)
        yield PolicySet("platform", version, Spot(Place(f"{folder}/platform.yaml"), ""), folder)


class _Reader(Struct, frozen=True):
    """Loads one document after the other and keeps what is wrong with each."""

    problems: list[Problem]

    def read(self, load: Callable[[], T]) -> T | None:
        try:
            return load()
        except UsageError:
            raise
        except InvalidInput as refusal:
            self.problems.extend(refusal.problems)
            return None

    def code_of(self, project: ProjectFiles, tools: Iterable[Loaded[ToolDescriptor]]) -> dict[str, bytes]:
        versions = [self.read(partial(project.tool_version, tool)) for tool in tools]
        return {
            item.descriptor.name: item.code for item in versions if item is not None and item.code is not None
        }


def _named_tools(contract: Loaded[AgentContract], environment: Loaded[Environment]) -> set[str]:
    rules = (reviewer.rule for reviewer in environment.document.reviewers)
    listed = {entry.name for entry in contract.document.tools.allowlist}
    return listed | {rule.look_up.tool for rule in rules if rule is not None}


def _script(
    project: ProjectFiles, contract: Loaded[AgentContract], environment: Loaded[Environment]
) -> Loaded[Script] | None:
    """Return the agent's script; that there is none is the environment's problem, and has a place there."""
    agent = contract.document.agent.name
    folders = _script_spots(environment)
    for folder, at in folders.items():
        expected = environment.path.parent / folder / f"{agent}.yaml"
        if not expected.is_file():
            found = f"the agent `{agent}` has no script in this folder"
            raise InvalidInput([Problem(at.place, found, f"the file {project.shown(expected)}", at.path)])
    return project.script(environment, agent)


def _script_spots(environment: Loaded[Environment]) -> dict[str, Spot]:
    """Return the folders with scripts, each with the place that names it first."""
    return {
        deployment.scripts: spot(environment.source, "models", alias, index, "scripts")
        for alias, chain in reversed(environment.document.models.items())
        for index, deployment in reversed(tuple(enumerate(chain)))
        if deployment.scripts is not None
    }


def _seeds(project: ProjectFiles, environment: Loaded[Environment]) -> None:
    missing = [(index, path) for index, path in enumerate(project.seeds(environment)) if not path.is_file()]
    if missing:
        raise InvalidInput(
            Problem(
                at.place,
                f"there is no file {project.shown(path)}",
                "a YAML file with tickets or charges",
                at.path,
            )
            for index, path in missing
            for at in [spot(environment.source, "sandbox", "seeds", index)]
        )
