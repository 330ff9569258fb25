"""The version of an agent: the digest of its contract and everything the contract refers to."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

from msgspec import Struct

from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Environment
from agentctl.contract.platform import PlatformRules
from agentctl.contract.policy_version import PlatformVersion, PolicyVersion
from agentctl.contract.script import Script
from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.canonical import JsonValue, canonical_bytes, digest_bytes, digest_of
from agentctl.foundation.errors import IntegrityError


class ToolVersion(Struct, frozen=True, dict=True):
    """A descriptor, and the code of a python tool."""

    descriptor: ToolDescriptor
    code: bytes | None = None

    @cached_property
    def digest(self) -> str:
        """The digest of the descriptor and its code."""
        return digest_of(self.document())

    def document(self) -> dict[str, JsonValue]:
        """Return both as a JSON object; code is named by its digest."""
        described: dict[str, JsonValue] = {"descriptor": self.descriptor.model_dump(mode="json")}
        return described if self.code is None else {**described, "code": digest_bytes(self.code)}


class AgentVersion(Struct, frozen=True, dict=True):
    """Everything that decides what an agent may do, wherever it runs."""

    contract: AgentContract
    instructions: str
    tools: Mapping[str, ToolVersion]
    policies: tuple[PolicyVersion, ...] = ()

    @property
    def descriptors(self) -> dict[str, ToolDescriptor]:
        """The descriptors of its tools, by name."""
        return {name: tool.descriptor for name, tool in self.tools.items()}

    @cached_property
    def digest(self) -> str:
        """The version."""
        return digest_bytes(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the version's object, canonical; code lies in objects of its own."""
        return canonical_bytes(
            {
                "contract": self.contract.model_dump(mode="json"),
                "instructions": self.instructions,
                "tools": {name: tool.document() for name, tool in self.tools.items()},
                **_documents_of(self.policies),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, code: Mapping[str, bytes]) -> "AgentVersion":
        """Return the version an object holds, its tools in the contract's order; `code` maps digests to bytes.

        Raises:
            IntegrityError: the object does not hold a version, or its code is missing.
        """
        with _trusted("an agent version"):
            document = json.loads(data)
            contract = AgentContract.model_validate_json(canonical_bytes(document["contract"]))
            listed = (entry.name for entry in contract.tools.allowlist)
            tools = _tools_from(document["tools"], code, listed)
            return cls(contract, document["instructions"], tools, _policies_from(document))


class EnvironmentVersion(Struct, frozen=True, dict=True):
    """What an environment binds, with everything it refers to: scripts, and the tools its reviewers read with."""

    environment: Environment
    script: Script | None
    tools: Mapping[str, ToolVersion]
    policies: tuple[PolicyVersion, ...] = ()

    @cached_property
    def digest(self) -> str:
        """The environment's digest."""
        return digest_bytes(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the environment's object, canonical."""
        return canonical_bytes(
            {
                "environment": self.environment.model_dump(mode="json"),
                "script": None if self.script is None else self.script.model_dump(mode="json"),
                "tools": {name: tool.document() for name, tool in self.tools.items()},
                **_documents_of(self.policies),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, code: Mapping[str, bytes]) -> "EnvironmentVersion":
        """Return the environment an object holds; `code` maps digests to bytes.

        Raises:
            IntegrityError: the object does not hold an environment, or its code is missing.
        """
        with _trusted("an environment"):
            document = json.loads(data)
            script = document["script"]
            return cls(
                environment=Environment.model_validate_json(canonical_bytes(document["environment"])),
                script=None if script is None else Script.model_validate_json(canonical_bytes(script)),
                tools=_tools_from(document["tools"], code),
                policies=_policies_from(document),
            )


def platform_from_bytes(data: bytes) -> PlatformVersion:
    """Return the platform's rules and policies that an object holds.

    Raises:
        IntegrityError: the object holds no such rules.
    """
    with _trusted("the platform's rules"):
        document = json.loads(data)
        policies = _policies_from(document)
        document.pop("policies", None)
        return PlatformVersion(PlatformRules.model_validate_json(canonical_bytes(document)), policies)


def code_digests(data: bytes) -> tuple[str, ...]:
    """Return the digests of all code a version or environment object names.

    Raises:
        IntegrityError: the object holds neither.
    """
    with _trusted("a version or an environment"):
        tools = json.loads(data)["tools"].values()
        return tuple(item["code"] for item in tools if "code" in item)


@contextmanager
def _trusted(what: str) -> Iterator[None]:
    """Read an object whose digest was right; if it is of another form, what named it is wrong."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise IntegrityError(f"an object that a journal names does not hold {what}") from error


def _documents_of(policies: tuple[PolicyVersion, ...]) -> dict[str, JsonValue]:
    """Return the entry of an object for its policy sets; without any there is none, as in the first version."""
    return {"policies": [policy.document() for policy in policies]} if policies else {}


def _policies_from(document: Mapping[str, list[dict[str, JsonValue]]]) -> tuple[PolicyVersion, ...]:
    """Return the policy sets of an object; objects of the first version have none."""
    return tuple(PolicyVersion.from_document(item) for item in document.get("policies", ()))


def _tools_from(
    items: dict[str, dict[str, JsonValue]], code: Mapping[str, bytes], first: Iterable[str] = ()
) -> dict[str, ToolVersion]:
    """Return the tools of an object. Canonical JSON forgot their order, and a model is shown them in it."""
    names = dict.fromkeys((*(name for name in first if name in items), *items))
    return {name: _tool_from(items[name], code) for name in names}


def _tool_from(item: dict[str, JsonValue], code: Mapping[str, bytes]) -> ToolVersion:
    digest = item.get("code")
    descriptor = ToolDescriptor.model_validate_json(canonical_bytes(item["descriptor"]))
    return ToolVersion(descriptor, code[digest] if isinstance(digest, str) else None)
