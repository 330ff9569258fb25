"""The files of a project: where each stands, loaded with the place of every value."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Environment
from agentctl.contract.loader import load_file
from agentctl.contract.platform import PlatformRules
from agentctl.contract.script import Script
from agentctl.contract.source import Source
from agentctl.contract.tool import PythonExecutor, ToolDescriptor
from agentctl.contract.version import AgentVersion, EnvironmentVersion, ToolVersion
from agentctl.foundation.errors import InvalidInput, Place, Problem, UsageError
from agentctl.foundation.ids import is_plain_name

D = TypeVar("D", bound=BaseModel)

_MAX_TEXT_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Loaded(Generic[D]):
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
        return self._load(PlatformRules, path) if path.exists() else None

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
        named = contract.document.agent.instructions
        if named is None:
            path = contract.path.with_name(f"{contract.document.agent.name}.md")
            return _read_text(path, contract.source, ("agent", "name")) if path.exists() else ""
        return _read_text(
            self._inside(contract, named, ("agent", "instructions")),
            contract.source,
            ("agent", "instructions"),
        )

    def agent_version(self, contract: Loaded[AgentContract]) -> AgentVersion:
        """Return the contract with all it refers to; a tool that is not in the registry is refused with its place."""
        names = tuple(entry.name for entry in contract.document.tools.allowlist)
        tools = self._pick(names, contract.source, ("tools", "allowlist"))
        return AgentVersion(contract.document, self.instructions(contract), tools)

    def environment_version(self, environment: Loaded[Environment], agent: str) -> EnvironmentVersion:
        """Return the environment with all it refers to."""
        rules = (reviewer.rule for reviewer in environment.document.reviewers)
        names = tuple(sorted({rule.look_up.tool for rule in rules if rule is not None}))
        script = self.script(environment, agent)
        tools = self._pick(names, environment.source, ("reviewers",))
        return EnvironmentVersion(environment.document, None if script is None else script.document, tools)

    def shown(self, path: Path) -> str:
        """Return a path as it is shown to people: relative to the project where it lies inside."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def _pick(
        self, names: tuple[str, ...], source: Source, at: tuple[str | int, ...]
    ) -> dict[str, ToolVersion]:
        registry = self.tools()
        missing = [(index, name) for index, name in enumerate(names) if name not in registry]
        if missing:
            raise InvalidInput(
                Problem(
                    source.place_of((*at, index, "name")),
                    f"there is no tool `{name}` in contracts/tools",
                    "a tool of the registry",
                    ".".join(map(str, at)),
                    nearest(name, registry),
                )
                for index, name in missing
            )
        return {name: self.tool_version(registry[name]) for name in names}

    def _load(self, model: type[D], path: Path) -> Loaded[D]:
        document, source = load_file(model, path, self.shown(path))
        return Loaded(document, source, path)

    def _inside(self, owner: "Loaded[D]", reference: str, at: tuple[str | int, ...]) -> Path:
        """Return the file a document names; it must lie inside the project, links followed."""
        path = (owner.path.parent / reference).resolve()
        if not path.is_relative_to(self.root.resolve()):
            found = f"`{reference}` lies outside the project"
            raise InvalidInput([Problem(owner.source.place_of(at), found, "a path inside the project")])
        return path


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant; empty when none is close."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), "")


def _known(kind: str, name: str, known: tuple[str, ...]) -> None:
    if not is_plain_name(name) or name not in known:
        accepted = ", ".join(f"`{item}`" for item in known) or "none is defined"
        raise UsageError(f"there is no {kind} `{name[:80]}`", accepted, nearest(name, known))


def _read_bytes(path: Path, source: Source, at: tuple[str | int, ...]) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            [Problem(source.place_of(at), f"{path.name}: {error.strerror}", "a readable file")]
        ) from error
    if len(data) > _MAX_TEXT_BYTES:
        found = f"{path.name} has {len(data)} bytes"
        raise InvalidInput([Problem(source.place_of(at), found, f"at most {_MAX_TEXT_BYTES} bytes")])
    return data


def _read_text(path: Path, source: Source, at: tuple[str | int, ...]) -> str:
    try:
        return _read_bytes(path, source, at).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput([Problem(Place(str(path.name)), "not UTF-8", "UTF-8 text")]) from error
