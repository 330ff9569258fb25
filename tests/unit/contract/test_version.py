"""Tests of versions: what an object holds is what was stored, and whatever differs is another version."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.contract.agent import AllowedTool
from agentctl.contract.policy_source import CedarPolicies, OpaPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.contract.project import ProjectFiles
from agentctl.contract.tool import PythonExecutor
from agentctl.contract.version import (
    AgentVersion,
    EnvironmentVersion,
    ToolVersion,
    code_digests,
    platform_from_bytes,
)
from agentctl.foundation.canonical import canonical_bytes, digest_bytes
from agentctl.foundation.errors import IntegrityError

FILES = ProjectFiles(Path(__file__).parents[3])
VERSION = FILES.agent_version(FILES.agent("refund-assistant"))
READ, LOOK_UP, REFUND = "zendesk.read_ticket", "stripe.lookup_charge", "stripe.create_refund"
CODE = b"def run(charge):\n    return {}\n"
DESCRIPTOR = VERSION.tools[REFUND].descriptor.model_copy(
    update={"executor": PythonExecutor(type="python", file="refund.py", function="run")}
)
CODED = replace(VERSION, tools={**VERSION.tools, REFUND: ToolVersion(DESCRIPTOR, CODE)})


def environment(name: str) -> EnvironmentVersion:
    """Return an environment of this repository."""
    return FILES.environment_version(FILES.environment(name), "refund-assistant")


def with_tool(**changes: object) -> AgentVersion:
    """Return the version in which one descriptor differs."""
    tool = VERSION.tools[REFUND]
    changed = replace(tool, descriptor=tool.descriptor.model_copy(update=changes))
    return replace(VERSION, tools={**VERSION.tools, REFUND: changed})


def with_code(code: bytes) -> AgentVersion:
    """Return the version in which one tool's code differs."""
    return replace(CODED, tools={**CODED.tools, REFUND: ToolVersion(DESCRIPTOR, code)})


@pytest.mark.parametrize("agent", FILES.agents())
def test_every_contract_of_this_repository_comes_back(agent: str) -> None:
    """From its object: equal in every part, with the same digest and the same bytes."""
    version = FILES.agent_version(FILES.agent(agent))
    again = AgentVersion.from_bytes(version.to_bytes(), {})
    assert again == version
    assert (again.digest, again.to_bytes()) == (version.digest, version.to_bytes())


@pytest.mark.parametrize("name", FILES.environments())
def test_every_environment_of_this_repository_comes_back(name: str) -> None:
    """With its script and the tools its reviewers read with."""
    version = environment(name)
    again = EnvironmentVersion.from_bytes(version.to_bytes(), {})
    assert again == version
    assert (again.digest, again.to_bytes()) == (version.digest, version.to_bytes())


def test_code_comes_back_by_its_digest() -> None:
    """It lies in an object of its own, which the version names."""
    digest = digest_bytes(CODE)
    assert code_digests(CODED.to_bytes()) == (digest,)
    assert code_digests(VERSION.to_bytes()) == code_digests(environment("live").to_bytes()) == ()
    assert AgentVersion.from_bytes(CODED.to_bytes(), {digest: CODE}) == CODED
    bound = replace(environment("sandbox"), tools=CODED.tools)
    assert EnvironmentVersion.from_bytes(bound.to_bytes(), {digest: CODE}) == bound
    assert code_digests(bound.to_bytes()) == (digest,)


def test_tools_come_back_in_the_contracts_order() -> None:
    """A model is shown them in it, before a resume and after."""
    assert list(AgentVersion.from_bytes(VERSION.to_bytes(), {}).tools) == [READ, LOOK_UP, REFUND]


def test_a_tool_beside_the_allowlist_is_kept() -> None:
    """After the listed ones; an entry without a tool adds none."""
    beside = VERSION.tools[READ]
    allowlist = (AllowedTool(name="a.b"), AllowedTool(name=REFUND))
    tools = VERSION.contract.tools.model_copy(update={"allowlist": allowlist})
    contract = VERSION.contract.model_copy(update={"tools": tools})
    version = AgentVersion(contract, "", {READ: beside, REFUND: VERSION.tools[REFUND]})
    again = AgentVersion.from_bytes(version.to_bytes(), {})
    assert again == version
    assert list(again.tools) == [REFUND, READ]


CHANGED: dict[str, Callable[[], AgentVersion]] = {
    "a character of the instructions": lambda: replace(VERSION, instructions=VERSION.instructions[:-1] + "!"),
    "a space at their end": lambda: replace(VERSION, instructions=f"{VERSION.instructions} "),
    "no instructions": lambda: replace(VERSION, instructions=""),
    "a character of a description": lambda: with_tool(description="Refund a charge, in part or in full!"),
    "an effect": lambda: with_tool(effect="write"),
    "a retry": lambda: with_tool(retry="never"),
    "no effect key": lambda: with_tool(effect_key=None),
    "a bound in a schema": lambda: with_tool(arguments={**VERSION.tools[REFUND].descriptor.arguments, "minProperties": 1}),
    "a time-out": lambda: with_tool(timeout_seconds=21),
    "a tool less": lambda: replace(VERSION, tools={READ: VERSION.tools[READ]}),
    "a tool under another name": lambda: replace(
        VERSION, tools={**VERSION.tools, READ: VERSION.tools[REFUND]}
    ),
    "code where there was none": lambda: CODED,
    "an owner": lambda: replace(
        VERSION,
        contract=VERSION.contract.model_copy(
            update={"agent": VERSION.contract.agent.model_copy(update={"owner": "others"})}
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGED.values(), ids=list(CHANGED))
def test_whatever_differs_is_another_version(change: Callable[[], AgentVersion]) -> None:
    """One character is enough."""
    assert change().digest != VERSION.digest


@pytest.mark.parametrize("place", range(len(CODE)))
def test_every_byte_of_code_counts(place: int) -> None:
    """A changed byte is another tool and another version; so is code that is missing its last one."""
    changed = CODE[:place] + bytes([CODE[place] ^ 1]) + CODE[place + 1 :]
    assert ToolVersion(DESCRIPTOR, changed).digest != ToolVersion(DESCRIPTOR, CODE).digest
    assert with_code(changed).digest != with_code(CODE).digest
    assert with_code(CODE[:place]).digest != with_code(CODE).digest


def test_no_code_is_not_empty_code() -> None:
    """A descriptor alone, and one with an empty file, are two tools."""
    assert ToolVersion(DESCRIPTOR).digest != ToolVersion(DESCRIPTOR, b"").digest
    assert with_code(b"").digest != with_code(CODE).digest


def test_whatever_differs_is_another_environment() -> None:
    """A URL, a price, a reviewer's limit, a rule of the script, the tools of its reviewers."""
    sandbox = environment("sandbox")
    assert sandbox.script is not None
    others = (
        replace(sandbox, environment=sandbox.environment.model_copy(update={"isolation": "none"})),
        replace(sandbox, environment=sandbox.environment.model_copy(update={"reviewers": ()})),
        replace(sandbox, script=None),
        replace(sandbox, script=sandbox.script.model_copy(update={"rules": sandbox.script.rules[:-1]})),
        replace(sandbox, tools={}),
        environment("live"),
    )
    assert len({sandbox.digest, *(other.digest for other in others)}) == len(others) + 1


def test_the_order_of_keys_does_not_matter() -> None:
    """The same parts are the same version."""
    turned = replace(VERSION, tools=dict(reversed(VERSION.tools.items())))
    assert turned.digest == VERSION.digest


def test_code_that_is_missing_is_an_integrity_error() -> None:
    """A tool without its code is not run without it."""
    told = "does not hold an agent version"
    with pytest.raises(IntegrityError, match=told):
        AgentVersion.from_bytes(CODED.to_bytes(), {})
    with pytest.raises(IntegrityError, match=told):
        AgentVersion.from_bytes(CODED.to_bytes(), {digest_bytes(b"other"): b"other"})


def _without(name: str) -> bytes:
    return canonical_bytes(
        {key: value for key, value in json.loads(VERSION.to_bytes()).items() if key != name}
    )


STRANGE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"contract: {}",
    "no UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "a text": b'"contract"',
    "nothing in it": b"{}",
    "tools that are a list": b'{"contract":{},"environment":{},"script":null,"tools":[],"instructions":""}',
    "tools that are texts": b'{"contract":{},"environment":{},"script":null,"tools":{"a.b":7},"instructions":""}',
    "no contract": _without("contract"),
    "no instructions": _without("instructions"),
    "no tools": _without("tools"),
    "a newer form": VERSION.to_bytes().replace(b'"agent":{', b'"agent":{"more":1,'),
}


@pytest.mark.parametrize("data", STRANGE.values(), ids=list(STRANGE))
def test_an_object_that_holds_something_else_is_an_integrity_error(data: bytes) -> None:
    """What a journal names is read as what it should be, or not at all."""
    with pytest.raises(IntegrityError, match="does not hold an agent version"):
        AgentVersion.from_bytes(data, {})
    with pytest.raises(IntegrityError, match="does not hold an environment"):
        EnvironmentVersion.from_bytes(data, {})


@pytest.mark.parametrize(
    "name",
    [
        "nothing",
        "no JSON",
        "no UTF-8",
        "a list",
        "a text",
        "nothing in it",
        "tools that are a list",
        "tools that are texts",
        "no tools",
    ],
)
def test_an_object_without_tools_names_no_code(name: str) -> None:
    """That is an error too, not an empty answer."""
    with pytest.raises(IntegrityError, match="does not hold a version or an environment"):
        code_digests(STRANGE[name])


def test_one_kind_of_object_is_not_taken_for_the_other() -> None:
    """Two digests that were swapped are noticed."""
    sandbox = environment("sandbox")
    with pytest.raises(IntegrityError):
        AgentVersion.from_bytes(sandbox.to_bytes(), {})
    with pytest.raises(IntegrityError):
        EnvironmentVersion.from_bytes(VERSION.to_bytes(), {})


POLICY = PolicyVersion(
    CedarPolicies(engine="cedar", files=("a",)), {"a": "forbid(principal, action, resource);"}
)
SERVICE = PolicyVersion(OpaPolicies(engine="opa", point="central"))


def test_policies_are_part_of_versions_and_come_back() -> None:
    """In their order, with their texts; without any, the object is what it was before there were policies."""
    version = replace(VERSION, policies=(SERVICE, POLICY))
    assert AgentVersion.from_bytes(version.to_bytes(), {}) == version
    bound = replace(environment("sandbox"), policies=(POLICY,))
    assert EnvironmentVersion.from_bytes(bound.to_bytes(), {}) == bound
    assert b'"policies"' not in replace(VERSION, policies=()).to_bytes()
    assert b'"policies"' not in replace(bound, policies=()).to_bytes()


def test_whatever_differs_in_a_policy_is_another_version() -> None:
    """A character of its text, a set more, a set less."""
    other = replace(POLICY, texts={"a": "forbid(principal, action, resource) ;"})
    sets = ((), (POLICY,), (other,), (POLICY, SERVICE), (SERVICE,))
    assert len({replace(VERSION, policies=policies).digest for policies in sets}) == len(sets)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'"rules"',
        b'{"policies":7}',
        b'{"policies":[{}]}',
        b'{"policies":[{"source":{"engine":"cedar","files":["a"]},"texts":["a"]}]}',
        b'{"more":1}',
    ],
)
def test_an_object_that_holds_no_rules_is_an_integrity_error(data: bytes) -> None:
    """The platform's rules are read as what they are, or not at all."""
    with pytest.raises(IntegrityError, match="does not hold the platform's rules"):
        platform_from_bytes(data)
