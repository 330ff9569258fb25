"""Tests of the agent's client: with the real `ssh-agent`, and with servers that answer what no agent would."""

import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agentctl.identity.public_keys import parse_public_key, public_half
from agentctl.identity.ssh_agent import AgentFailed, SshAgent
from agentctl.identity.ssh_wire import number, string
from tests.fakes.ssh_agents import SSH_AGENT, answering, real_agent

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = public_half(PRIVATE)
OTHER = public_half(Ed25519PrivateKey.from_private_bytes(bytes(32)))
needs_agent = pytest.mark.skipif(SSH_AGENT is None, reason="needs OpenSSH")


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[SshAgent]:
    """Return a client of a real agent that holds nothing."""
    with real_agent(tmp_path) as path:
        yield SshAgent(path)


@needs_agent
def test_a_key_that_was_added_signs(agent: SshAgent) -> None:
    """What the agent signs holds under the key; other keys it does not have."""
    assert not agent.holds(KEY)
    agent.add(PRIVATE, "alice", seconds=60, confirm=False)
    assert agent.holds(KEY)
    assert not agent.holds(OTHER)
    assert agent.sign(KEY, b"data") == PRIVATE.sign(b"data")


@needs_agent
def test_a_key_it_does_not_have_signs_nothing(agent: SshAgent) -> None:
    """The agent's refusal is told as one."""
    with pytest.raises(AgentFailed, match="refused"):
        agent.sign(OTHER, b"data")


@needs_agent
def test_a_key_is_forgotten_after_its_time(agent: SshAgent) -> None:
    """The agent itself keeps the time."""
    began = time.monotonic()
    agent.add(PRIVATE, "alice", seconds=2, confirm=False)
    assert agent.holds(KEY) or time.monotonic() - began > 1  # its seconds may be over on a busy machine
    deadline = time.monotonic() + 60
    while agent.holds(KEY) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not agent.holds(KEY)


@needs_agent
@pytest.mark.parametrize(("says", "signs"), [("true", True), ("false", False)])
def test_an_agent_may_ask_its_owner(tmp_path: Path, says: str, signs: bool) -> None:  # noqa: FBT001
    """With `confirm` nothing is signed unless the owner says so."""
    with real_agent(tmp_path, asks=shutil.which(says)) as path:
        agent = SshAgent(path)
        agent.add(PRIVATE, "alice", seconds=60, confirm=True)
        if signs:
            assert KEY.made(agent.sign(KEY, b"data"), b"data")
        else:
            with pytest.raises(AgentFailed, match="refused"):
                agent.sign(KEY, b"data")


@needs_agent
def test_a_key_of_the_reviewers_own_signs(tmp_path: Path, agent: SshAgent) -> None:
    """Made by `ssh-keygen`, loaded by `ssh-add`: nothing of ours is needed."""
    key, tools = tmp_path / "id_ed25519", [str(shutil.which(name)) for name in ("ssh-keygen", "ssh-add")]
    subprocess.run([tools[0], "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    subprocess.run([tools[1], "-q", str(key)], check=True, env={"SSH_AUTH_SOCK": str(agent.socket)})
    public = parse_public_key(key.with_suffix(".pub").read_text())
    assert agent.holds(public)
    assert public.made(agent.sign(public, b"data"), b"data")


def test_no_agent_is_a_failure(tmp_path: Path) -> None:
    """A socket that is not there, or a file that is none."""
    (tmp_path / "file").touch()
    for name in ("nothing", "file"):
        with pytest.raises(AgentFailed, match="cannot be reached"):
            SshAgent(tmp_path / name).holds(KEY)


def framed(body: bytes) -> bytes:
    """Return an answer as an agent sends it."""
    return struct.pack(">I", len(body)) + body


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "hung up"),
        (b"\0\0", "hung up"),
        (framed(b"\x0c" + number(1))[:-1], "hung up"),
        (b"\0\0\0\0", "0 bytes"),
        (b"\xff\xff\xff\xff", "4294967295 bytes"),
        (framed(b"\x05"), "refused"),
        (framed(b"\x06"), "something else"),
        (framed(b"\x0c"), "list is none"),
        (framed(b"\x0c" + number(2) + string(KEY.blob) + string(b"")), "list is none"),
        (framed(b"\x0c" + number(1) + b"\xff\xff\xff\xff"), "list is none"),
        (framed(b"\x0c" + number(1 << 31)), "lists 2147483648 keys"),
    ],
    ids=range(11),
)
def test_a_list_that_is_none(tmp_path: Path, answer: bytes, why: str) -> None:
    """Cut, too large, of another kind, or with fewer keys than announced: a failure."""
    with answering(tmp_path, answer) as path, pytest.raises(AgentFailed, match=why):
        SshAgent(path).holds(KEY)


@pytest.mark.parametrize(
    "signed",
    [
        b"",
        string(b""),
        string(string(b"ssh-rsa") + string(PRIVATE.sign(b"data"))),
        string(string(b"ssh-ed25519") + string(PRIVATE.sign(b"data")[:-1])),
        string(string(b"ssh-ed25519") + string(PRIVATE.sign(b"other data"))),
        string(string(b"ssh-ed25519") + string(bytes(64))),
    ],
    ids=range(6),
)
def test_a_signature_that_is_none(tmp_path: Path, signed: bytes) -> None:
    """Of another kind, cut, or over something else: an agent is not believed."""
    with (
        answering(tmp_path, framed(b"\x0e" + signed)) as path,
        pytest.raises(AgentFailed, match=r"none|hold"),
    ):
        SshAgent(path).sign(KEY, b"data")


def test_an_agent_that_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    """Its time is bounded."""
    with answering(tmp_path, b"\0\0", hang=True) as path, pytest.raises(AgentFailed, match=r"within 0\.05 s"):
        SshAgent(path, patience_seconds=0.05).sign(KEY, b"data")
