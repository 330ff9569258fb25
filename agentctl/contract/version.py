"""The version of an agent: the digest of its contract and everything the contract refers to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from agentctl.contract.agent import AgentContract
from agentctl.contract.environment import Environment
from agentctl.contract.script import Script
from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.canonical import JsonValue, canonical_bytes, digest_bytes, digest_of


@dataclass(frozen=True, slots=True)
class ToolVersion:
    """A descriptor, and the code of a python tool."""

    descriptor: ToolDescriptor
    code: bytes | None = None

    @property
    def digest(self) -> str:
        """The digest of the descriptor and its code."""
        return digest_of(self.document())

    def document(self) -> dict[str, JsonValue]:
        """Return both as a JSON object; code is named by its digest."""
        return {
            "descriptor": self.descriptor.model_dump(mode="json"),
            "code": None if self.code is None else digest_bytes(self.code),
        }


@dataclass(frozen=True, slots=True)
class AgentVersion:
    """Everything that decides what an agent may do, wherever it runs."""

    contract: AgentContract
    instructions: str
    tools: Mapping[str, ToolVersion]

    @property
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
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, code: Mapping[str, bytes]) -> "AgentVersion":
        """Return the version an object holds; `code` maps digests to bytes."""
        document = json.loads(data)
        return cls(
            contract=AgentContract.model_validate_json(canonical_bytes(document["contract"])),
            instructions=document["instructions"],
            tools={name: _tool_from(item, code) for name, item in document["tools"].items()},
        )


@dataclass(frozen=True, slots=True)
class EnvironmentVersion:
    """What an environment binds, with everything it refers to: scripts, and the tools its reviewers read with."""

    environment: Environment
    script: Script | None
    tools: Mapping[str, ToolVersion]

    @property
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
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, code: Mapping[str, bytes]) -> "EnvironmentVersion":
        """Return the environment an object holds; `code` maps digests to bytes."""
        document = json.loads(data)
        script = document["script"]
        return cls(
            environment=Environment.model_validate_json(canonical_bytes(document["environment"])),
            script=None if script is None else Script.model_validate_json(canonical_bytes(script)),
            tools={name: _tool_from(item, code) for name, item in document["tools"].items()},
        )


def code_digests(data: bytes) -> tuple[str, ...]:
    """Return the digests of all code a version or environment object names."""
    tools = json.loads(data)["tools"].values()
    return tuple(item["code"] for item in tools if item["code"] is not None)


def _tool_from(item: dict[str, JsonValue], code: Mapping[str, bytes]) -> ToolVersion:
    digest = item["code"]
    descriptor = ToolDescriptor.model_validate_json(canonical_bytes(item["descriptor"]))
    return ToolVersion(descriptor, code[digest] if isinstance(digest, str) else None)
