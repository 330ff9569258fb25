"""The effective contract: every value after the platform's rules, where it came from, and the digests of everything."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct
from pydantic import BaseModel

from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Environment
from agentctl.contract.platform import PlatformRules, effective
from agentctl.contract.project import Loaded, ProjectFiles
from agentctl.contract.source import DataPath
from agentctl.contract.words import dotted
from agentctl.foundation.money import plain


class Row(Struct, frozen=True):
    """One value of the effective contract, and the place that decided it."""

    path: str
    value: str
    origin: str


class Digests(Struct, frozen=True):
    """What the versions in a run's header would be, were it started now."""

    version: str
    environment: str
    platform: str
    tools: Mapping[str, str]


def rows(contract: Loaded[AgentContract], platform: Loaded[PlatformRules] | None) -> tuple[Row, ...]:
    """Return every value that holds for the agent, in the contract's order; what is absent and optional is left out."""
    document, origins = effective(contract.document, platform.document if platform else PlatformRules())
    return tuple(
        Row(dotted(path), _text(value), _origin(path, contract, platform, origins))
        for path, value in _leaves(document, ())
    )


def digests(
    project: ProjectFiles, contract: Loaded[AgentContract], environment: Loaded[Environment]
) -> Digests:
    """Return the digests of the contract, the environment and the platform's rules, with all they refer to, as a run has them.

    Raises:
        InvalidInput: a file that they name cannot be read.
    """
    version = project.agent_version(contract)
    bound = project.environment_version(environment, contract.document.agent.name)
    return Digests(
        version=version.digest,
        environment=bound.digest,
        platform=project.platform_version().digest,
        tools={name: tool.digest for name, tool in version.tools.items()},
    )


def rule_place(platform: Loaded[PlatformRules] | None, rule: str) -> str:
    """Return where a rule of the platform stands: `platform.budget_ceilings.max_steps` is a path in its file."""
    path = tuple(rule.split(".")[1:])
    if platform is None or path not in platform.source.value_places:
        return "the platform's default"
    return str(platform.source.value_place_of(path))


def text_of(contract: AgentContract, *path: str) -> str:
    """Return one value of a contract as text."""
    value: object = contract
    for key in path:
        value = getattr(value, key)
    return _text(value)


def _origin(
    path: DataPath,
    contract: Loaded[AgentContract],
    platform: Loaded[PlatformRules] | None,
    origins: Mapping[str, str],
) -> str:
    rule = origins.get(".".join(map(str, path)))
    if rule is not None:
        return rule_place(platform, rule)
    if path not in contract.source.value_places:
        return "default"
    return str(contract.source.value_place_of(path))


def _leaves(value: object, path: DataPath) -> Iterator[tuple[DataPath, object]]:
    match value:
        case None:
            return
        case BaseModel():
            for key, item in value:
                yield from _leaves(item, (*path, key))
        case Mapping() if value:
            for key, item in value.items():
                yield from _leaves(item, (*path, key))
        case tuple() if value:
            for index, item in enumerate(value):
                yield from _leaves(item, (*path, index))
        case _:
            yield path, value


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return plain(value)
        case tuple():
            return "none"
        case _:
            return str(value)
