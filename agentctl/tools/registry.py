"""The tool registry: what is not in it, under exactly this name, does not exist."""

import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from agentctl.contract.tool import PythonExecutor, ToolDescriptor
from agentctl.contract.version import ToolVersion
from agentctl.foundation.canonical import NotCanonical
from agentctl.foundation.discreet import Discreet
from agentctl.foundation.errors import InternalError, InvalidInput, Place, Problem
from agentctl.tools.schemas import UnusableSchema, Validator, compile_arguments, compile_schema

_LONGEST_NAME = 96
# Small Cyrillic and Greek letters and the Latin ones they look like; `i` counts as `l`.
_LOOKALIKES = str.maketrans(
    dict(zip("аеорсухіјѕԁһӏԛԝкмтвн", "aeopcyxljsdhlqwkmtbh", strict=True))
    | dict(zip("αεικνορτυχω", "aelkvoptuxw", strict=True))
    | dict(zip("015|i\u0131", "olslll", strict=True))
    | dict.fromkeys("-\u2010\u2011\u2012\u2013\u2014\u2212\u00b7", "_")
)


class RegisteredTool(Discreet, frozen=True):
    """A tool that exists: its descriptor, the digest of all that defines it, and its validators.

    `code` is what runs for a `python` tool: the bytes that were read once and hashed.
    """

    hidden = frozenset({"code"})

    descriptor: ToolDescriptor
    digest: str
    arguments_validator: Validator
    result_validator: Validator
    code: bytes | None = None

    @classmethod
    def of(cls, version: ToolVersion) -> "RegisteredTool":
        """Return the tool that a descriptor and its code define.

        Raises:
            InvalidInput: a schema cannot be used, or the descriptor has no canonical form.
        """
        descriptor = version.descriptor
        if isinstance(descriptor.executor, PythonExecutor) != (version.code is not None):
            raise InternalError(f"`{descriptor.name}`: code belongs to a `python` tool, and to no other")
        try:
            return cls(
                descriptor,
                version.digest,
                compile_arguments(descriptor.arguments),
                compile_schema(descriptor.result),
                version.code,
            )
        except (UnusableSchema, NotCanonical) as error:
            problem = Problem(Place(f"tool `{descriptor.name}`"), f"it cannot be judged with: {error}")
            raise InvalidInput([problem]) from error


class Registry:
    """Tools by name; it never changes. A name is found only as it is written, byte by byte."""

    def __init__(self, tools: Mapping[str, RegisteredTool]) -> None:
        self._tools = MappingProxyType(dict(tools))

    @classmethod
    def of(cls, versions: Iterable[ToolVersion]) -> "Registry":
        """Return the registry of these tools; the same tool may be given twice.

        Raises:
            InvalidInput: two different tools have one name, or a tool cannot be used.
        """
        found: dict[str, RegisteredTool] = {}
        for version in versions:
            tool = RegisteredTool.of(version)
            name = tool.descriptor.name
            if found.setdefault(name, tool).digest != tool.digest:
                place = Place(f"tool `{name}`")
                raise InvalidInput(
                    [Problem(place, "two different descriptors have this name", "one of them")]
                )
        return cls(found)

    def __iter__(self) -> Iterator[RegisteredTool]:
        """Yield the tools, sorted by name."""
        return (self._tools[name] for name in self.names)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._tools)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted(self._tools))

    @cached_property
    def code(self) -> Mapping[str, bytes]:
        """What runs for each `python` tool, by name."""
        return {tool.descriptor.name: tool.code for tool in self if tool.code is not None}

    def get(self, name: str) -> RegisteredTool | None:
        """Return the tool of exactly this name; None if there is none."""
        return self._tools.get(name)

    def only(self, names: Iterable[str]) -> "Registry":
        """Return a registry of these tools alone; names that are not registered name nothing."""
        wanted = set(names)
        return Registry({name: tool for name, tool in self._tools.items() if name in wanted})

    def nearest(self, name: str) -> str:
        """Return the name that was probably meant; empty if none is near. For people, never for finding a tool."""
        lookalikes = self.confusable_with(name)
        near = difflib.get_close_matches(name[:_LONGEST_NAME].casefold(), self.names, n=1)
        return next(iter((*lookalikes, *near)), "")

    def confusable_with(self, name: str) -> tuple[str, ...]:
        """Return the other registered names that a reader could take for this one, sorted."""
        skeleton = _skeleton(name)
        return tuple(known for known in self.names if known != name and _skeleton(known) == skeleton)


def _skeleton(name: str) -> str:
    """Return what is left of a name when everything that looks alike is one."""
    decomposed = unicodedata.normalize("NFKD", name[:_LONGEST_NAME]).casefold()
    seen = "".join(char for char in decomposed if unicodedata.category(char) not in {"Mn", "Cf", "Cc"})
    return seen.translate(_LOOKALIKES).replace("rn", "m").replace("vv", "w")
