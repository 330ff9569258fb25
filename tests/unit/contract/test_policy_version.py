"""Policy sets as parts of versions: what they judge by has a digest, whatever the files are called."""

from pathlib import Path

import pytest

from agentctl.contract.platform import PlatformRules
from agentctl.contract.policy_source import (
    AuthzenPolicies,
    CedarPolicies,
    OpaPolicies,
    PolicySource,
    RegoPolicies,
)
from agentctl.contract.policy_version import PlatformVersion, PolicyVersion
from agentctl.contract.version import AgentVersion, EnvironmentVersion, platform_from_bytes
from agentctl.foundation.canonical import digest_of

PERMIT, FORBID = "permit(principal, action, resource);", "forbid(principal, action, resource);"
OPA = OpaPolicies(engine="opa", point="central", path="a/b")
AUTHZEN = AuthzenPolicies(engine="authzen", point="central")


def cedar(**texts: str) -> PolicyVersion:
    """Return a set of Cedar policies."""
    return PolicyVersion(CedarPolicies(engine="cedar", files=tuple(texts)), texts)


def rego(rule: str = "data.agentctl.decision", **texts: str) -> PolicyVersion:
    """Return a set of Rego modules."""
    return PolicyVersion(RegoPolicies(engine="rego", files=tuple(texts), rule=rule), texts)


def test_a_set_is_called_by_its_engine_and_what_is_asked() -> None:
    """Files sorted; services by their name."""
    assert cedar(b=PERMIT, a=FORBID).name == "cedar:a+b"
    assert rego(x="package a").name == "rego:x"
    assert PolicyVersion(OPA).name == "opa:central/a/b"
    assert PolicyVersion(AUTHZEN).name == "authzen:central"


def test_names_and_order_of_files_play_no_part_in_the_digest() -> None:
    """What is judged by does."""
    digest = cedar(a=PERMIT, b=FORBID).digest
    assert cedar(b=FORBID, a=PERMIT).digest == cedar(x=FORBID, y=PERMIT).digest == digest
    others = {cedar(a=PERMIT).digest, cedar(a=PERMIT, b=PERMIT).digest, cedar(a=PERMIT + FORBID).digest}
    assert len({digest, *others}) == 4


def test_engine_rule_and_service_are_part_of_the_digest() -> None:
    """The same text asked otherwise is another policy."""
    digests = {
        cedar(a="package a").digest,
        rego(a="package a").digest,
        rego("data.other", a="package a").digest,
        PolicyVersion(OPA).digest,
        PolicyVersion(OPA.model_copy(update={"path": "a/c"})).digest,
        PolicyVersion(AUTHZEN).digest,
    }
    assert len(digests) == 6


@pytest.mark.parametrize(
    "policy",
    [cedar(a=PERMIT, b=FORBID), rego("data.x", a="package x"), PolicyVersion(OPA), PolicyVersion(AUTHZEN)],
    ids=lambda policy: policy.name,
)
def test_a_set_comes_back_from_its_document(policy: PolicyVersion) -> None:
    """With its texts."""
    again = PolicyVersion.from_document(policy.document())
    assert again == policy
    assert (again.name, again.digest) == (policy.name, policy.digest)


SOURCE: PolicySource = CedarPolicies(engine="cedar", files=("a",))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"texts": {}},
        {"source": SOURCE.model_dump(mode="json")},
        {"source": SOURCE.model_dump(mode="json"), "texts": ["a"]},
        {"source": {"engine": "cel"}, "texts": {}},
    ],
)
def test_a_document_that_holds_no_set_is_refused(document: dict[str, object]) -> None:
    """It is not read as an empty one."""
    with pytest.raises((ValueError, LookupError, TypeError)):
        PolicyVersion.from_document(document)  # type: ignore[arg-type]  # foreign JSON


def test_the_platform_without_policies_is_its_rules_alone() -> None:
    """As in the first version of journals: the digest stays."""
    rules = PlatformRules(token_ttl_seconds_at_most=60)
    version = PlatformVersion(rules)
    assert version.digest == digest_of(rules.model_dump(mode="json"))
    assert platform_from_bytes(version.to_bytes()) == version


def test_the_platform_comes_back_with_its_policies() -> None:
    """And is another version for each text."""
    version = PlatformVersion(PlatformRules(), (cedar(a=FORBID),))
    assert platform_from_bytes(version.to_bytes()) == version
    others = (PlatformVersion(PlatformRules()), PlatformVersion(PlatformRules(), (cedar(a=PERMIT),)))
    assert version.digest not in {other.digest for other in others}


def test_objects_of_the_first_version_are_written_again_as_they_were() -> None:
    """Every later version of ours reads them to the same bytes, whatever keys were added since."""
    recorded = Path(__file__).parents[2] / "recorded" / "v1"
    read = [_again(path.read_bytes()) == path.read_bytes() for path in recorded.glob("*/objects/*")]
    assert len(read) == 12
    assert all(read)


def _again(data: bytes) -> bytes:
    if data.startswith(b'{"contract"'):
        return AgentVersion.from_bytes(data, {}).to_bytes()
    if data.startswith(b'{"environment"'):
        return EnvironmentVersion.from_bytes(data, {}).to_bytes()
    return platform_from_bytes(data).to_bytes()
