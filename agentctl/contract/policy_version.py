"""A policy set with its texts, as it is part of a version: whatever judges calls can be read back from the record."""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct, field
from pydantic import TypeAdapter

from agentctl.contract.platform import PlatformRules
from agentctl.contract.policy_source import (
    AuthzenPolicies,
    CedarPolicies,
    OpaPolicies,
    PolicySource,
    RegoPolicies,
)
from agentctl.foundation.canonical import JsonValue, canonical_bytes, digest_bytes, digest_of

_SOURCE: TypeAdapter[PolicySource] = TypeAdapter(PolicySource)


class PolicyVersion(Struct, frozen=True, dict=True):
    """One policy set. `texts` maps the files' names, as the source names them, to what stands in them."""

    source: PolicySource
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in decisions: the engine, and its files or where it is asked."""
        match self.source:
            case CedarPolicies() | RegoPolicies():
                return f"{self.source.engine}:{'+'.join(sorted(self.texts))}"
            case OpaPolicies(point=point, path=path):
                return f"opa:{point}/{path}"
            case AuthzenPolicies(point=point):
                return f"authzen:{point}"

    @cached_property
    def digest(self) -> str:
        """The digest of what it judges by; the files' names and order play no part."""
        if self.texts:
            rule = self.source.rule if isinstance(self.source, RegoPolicies) else None
            return digest_of(
                {"engine": self.source.engine, "rule": rule, "texts": sorted(self.texts.values())}
            )
        return digest_of(self.source.model_dump(mode="json"))

    def document(self) -> dict[str, JsonValue]:
        """Return it as a JSON object."""
        return {"source": self.source.model_dump(mode="json"), "texts": dict(self.texts)}

    @classmethod
    def from_document(cls, document: Mapping[str, JsonValue]) -> "PolicyVersion":
        """Return the policy set of a JSON object.

        Raises:
            ValueError, LookupError, TypeError: the object is of another form.
        """
        texts = document["texts"]
        if not isinstance(texts, dict):
            raise TypeError("the texts of a policy set are an object")
        source = _SOURCE.validate_json(canonical_bytes(document["source"]))
        return cls(source, {name: str(text) for name, text in texts.items()})


class PlatformVersion(Struct, frozen=True, dict=True):
    """The platform's rules, with the policies it asks beside those of contracts and environments."""

    rules: PlatformRules
    policies: tuple[PolicyVersion, ...] = ()

    @cached_property
    def digest(self) -> str:
        """The digest of rules and policies."""
        return digest_bytes(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return its object, canonical. Without policies it is the rules alone, as in the first version of journals."""
        rules: dict[str, JsonValue] = self.rules.model_dump(mode="json")
        policies: list[JsonValue] = [policy.document() for policy in self.policies]
        return canonical_bytes({**rules, "policies": policies} if policies else rules)
