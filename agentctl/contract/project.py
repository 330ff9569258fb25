"""The files of a project: where each stands, loaded with the place of every value."""

import difflib
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct
from pydantic import BaseModel

from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Environment
from agentctl.contract.loader import load_file
from agentctl.contract.platform import PlatformRules
from agentctl.contract.policy_source import CedarPolicies, PolicySource, RegoPolicies
from agentctl.contract.policy_version import PlatformVersion, PolicyVersion
from agentctl.contract.script import Script
from agentctl.contract.source import DataPath, Source
from agentctl.contract.tool import PythonExecutor, ToolDescriptor
from agentctl.contract.version import AgentVersion, EnvironmentVersion, ToolVersion
from agentctl.contract.words import dotted
from agentctl.foundation.errors import InvalidInput, Problem, UsageError
from agentctl.foundation.ids import is_plain_name
from agentctl.foundation.visible import visible

Named: TypeAlias = Mapping[str, DataPath]
"""Tools by name, each with the path in a document at which it is named."""

D = TypeVar("D", bound=BaseModel)

_MAX_TEXT_BYTES = 256 << 10


class Loaded(Struct, Generic[D], frozen=True):
    """A document and the file it came from."""

    document: D
    source: Source
    path: Path


class ProjectFiles:
    """Everything under `contracts/`, read when asked for; every refusal is an `InvalidInput` with places."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.contracts = root / "contracts"

    def agents(self) -> tuple[str, ...]:
        """Return the names of all agents, sorted."""
        return tuple(
            sorted(path.stem for path in self.contracts.glob("*.yaml") if path.name != "platform.yaml")
        )

    def environments(self) -> tuple[str, ...]:
        """Return the names of all environments, sorted."""
        return tuple(sorted(path.stem for path in (self.contracts / "environments").glob("*.yaml")))

    def agent(self, name: str) -> Loaded[AgentContract]:
        """Load an agent's contract by the agent's name."""
        _known("agent", name, self.agents())
        return self.contract_at(self.contracts / f"{name}.yaml")

    def contract_at(self, path: Path) -> Loaded[AgentContract]:
        """Load a contract file."""
        return self._load(AgentContract, path)

    def platform(self) -> Loaded[PlatformRules] | None:
        """Load the platform's rules; None when the project has none."""
        path = self.contracts / "platform.yaml"
        return self._load(PlatformRules, path) if _is_there(path) else None

    def environment(self, name: str) -> Loaded[Environment]:
        """Load an environment by name."""
        _known("environment", name, self.environments())
        loaded = self._load(Environment, self.contracts / "environments" / f"{name}.yaml")
        if loaded.document.name != name:
            found = f"the file is `{name}.yaml` and names itself `{loaded.document.name}`"
            raise InvalidInput([Problem(loaded.source.place_of(("name",)), found, f"`{name}`", "name")])
        return loaded

    def tools(self) -> dict[str, Loaded[ToolDescriptor]]:
        """Load the whole registry, by tool name; two descriptors of one name are refused."""
        found: dict[str, Loaded[ToolDescriptor]] = {}
        problems: list[Problem] = []
        for path in sorted((self.contracts / "tools").glob("*.yaml")):
            try:
                loaded = self._load(ToolDescriptor, path)
            except InvalidInput as error:
                problems += error.problems
                continue
            twin = found.setdefault(loaded.document.name, loaded)
            if twin is not loaded:
                place = loaded.source.place_of(("name",))
                problems.append(
                    Problem(
                        place, f"`{loaded.document.name}` is defined in {twin.source.file} too", "", "name"
                    )
                )
        if problems:
            raise InvalidInput(problems)
        return found

    def tool_version(self, tool: Loaded[ToolDescriptor]) -> ToolVersion:
        """Return a descriptor with the code it names."""
        executor = tool.document.executor
        if not isinstance(executor, PythonExecutor):
            return ToolVersion(tool.document)
        path = self._inside(tool, executor.file, ("executor", "file"))
        return ToolVersion(tool.document, _read_bytes(path, tool.source, ("executor", "file")))

    def script(self, environment: Loaded[Environment], agent: str) -> Loaded[Script] | None:
        """Load the script of an agent in an environment; None when no deployment there is scripted."""
        chains = environment.document.models.values()
        folders = {item.scripts for chain in chains for item in chain if item.scripts is not None}
        if not folders:
            return None
        folder = self._inside(environment, min(folders), ("models",))
        return self._load(Script, folder / f"{agent}.yaml")

    def seeds(self, environment: Loaded[Environment]) -> tuple[Path, ...]:
        """Return the files that fill the sandbox's back office."""
        sandbox = environment.document.sandbox
        names = sandbox.seeds if sandbox else ()
        return tuple(self._inside(environment, name, ("sandbox", "seeds", i)) for i, name in enumerate(names))

    def instructions(self, contract: Loaded[AgentContract]) -> str:
        """Return the agent's instructions; empty when it has none."""
        named, at = contract.document.agent.instructions, ("agent", "instructions")
        if named is None:
            named, at = f"{contract.document.agent.name}.md", ("agent", "name")
            if not _is_there(contract.path.with_name(named)):
                return ""
        return _read_text(self._inside(contract, named, at), contract.source, at)

    def agent_version(self, contract: Loaded[AgentContract]) -> AgentVersion:
        """Return the contract with all it refers to; a tool that is not in the registry is refused with its place."""
        listed: Named = {
            entry.name: ("tools", "allowlist", index, "name")
            for index, entry in enumerate(contract.document.tools.allowlist)
        }
        tools = self._pick(listed, contract.source)
        policies = self.policies_of_contract(contract)
        return AgentVersion(contract.document, self.instructions(contract), tools, policies)

    def environment_version(self, environment: Loaded[Environment], agent: str) -> EnvironmentVersion:
        """Return the environment with all it refers to."""
        looked_up: Named = {
            reviewer.rule.look_up.tool: ("reviewers", index, "rule", "look_up", "tool")
            for index, reviewer in enumerate(environment.document.reviewers)
            if reviewer.rule is not None
        }
        script = self.script(environment, agent)
        tools = self._pick(dict(sorted(looked_up.items())), environment.source)
        return EnvironmentVersion(
            environment.document,
            None if script is None else script.document,
            tools,
            self.policies_of_environment(environment),
        )

    def platform_version(self) -> PlatformVersion:
        """Return the platform's rules with its own policies: `policies/platform.cedar`, where it exists."""
        loaded = self.platform()
        rules = PlatformRules() if loaded is None else loaded.document
        path = self.contracts / "policies" / "platform.cedar"
        if not _is_there(path):
            return PlatformVersion(rules)
        named = "policies/platform.cedar"
        text = _read_text(path, Source(self.shown(path), None, {}, {}), ())
        return PlatformVersion(
            rules, (PolicyVersion(CedarPolicies(engine="cedar", files=(named,)), {named: text}),)
        )

    def policies_of_contract(self, contract: Loaded[AgentContract]) -> tuple[PolicyVersion, ...]:
        """Return the policy sets of a contract; without a word, those of `policies/<name>.cedar` where that exists."""
        named = contract.document.policies
        if named is None:
            usual = f"policies/{contract.document.agent.name}.cedar"
            exists = _is_there(contract.path.parent / usual)
            named = (CedarPolicies(engine="cedar", files=(usual,)),) if exists else ()
        return self._policies(contract, named)

    def policies_of_environment(self, environment: Loaded[Environment]) -> tuple[PolicyVersion, ...]:
        """Return the policy sets that judge every agent's calls in an environment."""
        return self._policies(environment, environment.document.policies)

    def _policies(self, owner: "Loaded[D]", sources: tuple[PolicySource, ...]) -> tuple[PolicyVersion, ...]:
        return tuple(self._policy(owner, source, index) for index, source in enumerate(sources))

    def _policy(self, owner: "Loaded[D]", source: PolicySource, index: int) -> PolicyVersion:
        if not isinstance(source, CedarPolicies | RegoPolicies):
            return PolicyVersion(source)
        texts = {}
        for number, name in enumerate(source.files):
            at = ("policies", index, "files", number)
            texts[name] = _read_text(self._inside(owner, name, at), owner.source, at)
        return PolicyVersion(source, texts)

    def shown(self, path: Path) -> str:
        """Return a path as it is shown to people: relative to the project where it lies inside."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def _pick(self, names: Named, source: Source) -> dict[str, ToolVersion]:
        """Return the tools of these names; one that the registry does not have is refused where it is named."""
        registry = self.tools()
        missing = [
            Problem(
                source.place_of(path),
                f"there is no tool `{name}` in contracts/tools",
                "a tool of the registry",
                dotted(path),
                nearest(name, registry),
            )
            for name, path in names.items()
            if name not in registry
        ]
        if missing:
            raise InvalidInput(missing)
        return {name: self.tool_version(registry[name]) for name in names}

    def _load(self, model: type[D], path: Path) -> Loaded[D]:
        document, source = load_file(model, path, self.shown(path))
        return Loaded(document, source, path)

    def _inside(self, owner: "Loaded[D]", reference: str, at: DataPath) -> Path:
        """Return the file a document names; it must lie inside the project, links followed."""
        try:
            path = (owner.path.parent / reference).resolve()
            if path.is_relative_to(self.root.resolve()):
                return path
        except (OSError, ValueError, RuntimeError):  # a null byte, a loop of links
            found = f"`{visible(reference)}` is not a path"
        else:
            found = f"`{visible(reference)}` lies outside the project"
        raise InvalidInput([Problem(owner.source.place_of(at), found, "a path inside the project")])


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant; empty when none is close."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), "")


def _known(kind: str, name: str, known: tuple[str, ...]) -> None:
    named = tuple(item for item in known if is_plain_name(item))
    if name in known and name not in named:
        found = f"the file `{name}.yaml` cannot be an {kind}'s, for `{name}` is no name"
        raise UsageError(found, "lower-case letters, digits, `_`, `-`: give the file another name")
    if name not in named:
        accepted = ", ".join(f"`{item}`" for item in named) or "none is defined"
        raise UsageError(f"there is no {kind} `{name[:80]}`", accepted, nearest(name, named))


def _is_there(path: Path) -> bool:
    """Return whether a name is taken: a link that leads nowhere is a mistake to be told, not an absent file."""
    return path.exists() or path.is_symlink()


def _read_bytes(path: Path, source: Source, at: DataPath) -> bytes:
    """Return the bytes of a regular file; a pipe or a device would never end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InvalidInput([Problem(source.place_of(at), f"{path.name} is not a regular file", "a file")])
        with path.open("rb") as stream:
            data = stream.read(_MAX_TEXT_BYTES + 1)
    except OSError as error:
        raise InvalidInput(
            [Problem(source.place_of(at), f"{path.name}: {error.strerror}", "a readable file")]
        ) from error
    if len(data) > _MAX_TEXT_BYTES:
        found = f"{path.name} has more than {_MAX_TEXT_BYTES} bytes"
        raise InvalidInput([Problem(source.place_of(at), found, f"at most {_MAX_TEXT_BYTES} bytes")])
    return data


def _read_text(path: Path, source: Source, at: DataPath) -> str:
    try:
        return _read_bytes(path, source, at).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            [Problem(source.place_of(at), f"{path.name} is not UTF-8", "UTF-8 text")]
        ) from error
