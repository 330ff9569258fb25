"""Reviewers with keys of their own: made at a terminal, unlocked there or in an agent, and asked for with each answer."""

import json
import shutil
from pathlib import Path

import pytest

from agentctl.composition import open_project
from agentctl.events.approval import ApprovalAnswered
from tests.fakes.ssh_agents import SSH_AGENT, real_agent
from tests.scenarios.conftest import Shell
from tests.scenarios.test_self_approval import suspended
from tests.scenarios.test_terminal import converse

PASSPHRASE = "correct horse"
ASKED = "passphrase of alice's key: "
needs_agent = pytest.mark.skipif(SSH_AGENT is None, reason="needs OpenSSH")


@pytest.fixture(autouse=True)
def _same_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process find the keys that the shell's commands find."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def add_alice(shell: Shell) -> None:
    """Let alice make a key of her own at the terminal."""
    answers = [("new passphrase: ", PASSPHRASE), ("the same again: ", PASSPHRASE)]
    talk = converse(shell, answers, "reviewers", "add", "alice", "--reason", "starts today")
    assert talk.code == 0, talk.text
    assert "alice answers with SHA256:" in talk.text
    assert PASSPHRASE not in talk.text


def answers_of(shell: Shell, run: str) -> list[ApprovalAnswered]:
    """Return which answers of people a run took."""
    events = (item.event for item in open_project(shell.folder).journals.read(run))
    return [item for item in events if isinstance(item, ApprovalAnswered) and item.reviewer.kind == "person"]


def listed(shell: Shell) -> dict[str, dict[str, object]]:
    """Return what `reviewers list` says, by name."""
    return {item["name"]: item for item in json.loads(shell("reviewers", "list", "--json").out)}


def test_a_reviewer_answers_with_a_key_that_a_passphrase_opens(shell: Shell) -> None:
    """Without a terminal the command says what to do; with one, the answer is signed, and the journal says so."""
    add_alice(shell)
    run, approval = suspended(shell)
    blind = shell("approvals", "approve", approval, "--as", "alice")
    assert blind.code == 2
    assert "agentctl reviewers unlock alice" in blind.err
    assert "the attempt is on record" in blind.err
    typed = [(ASKED, "wrong"), (ASKED, PASSPHRASE)]
    talk = converse(shell, typed, "approvals", "approve", approval, "--as", "alice", "--resume")
    assert talk.code == 0, talk.text
    (answer,) = answers_of(shell, run)
    assert (answer.reviewer.assurance, answer.reviewer.boundary) == ("signed", "none")
    assert answer.reviewer.key == listed(shell)["alice"]["fingerprint"]
    assert len(shell.refunds(run)) == 1
    shown = " ".join(shell("approvals", "show", approval).out.split())
    assert "alice (a person, signed with their own key" in shown
    assert "the same user of the machine as the run's" in shown


def test_whoever_does_not_know_the_passphrase_does_not_answer(shell: Shell) -> None:
    """Three times, then it is over; the attempt is on record."""
    add_alice(shell)
    run, approval = suspended(shell)
    typed = [(ASKED, "guess"), (ASKED, "guess"), (ASKED, "guess")]
    talk = converse(shell, typed, "approvals", "deny", approval, "--as", "alice")
    assert talk.code == 2
    assert "3 times the wrong passphrase" in talk.text
    assert shell("resume", run).code == 4
    assert answers_of(shell, run) == []


def test_a_reviewer_signs_at_the_terminal_of_the_run(shell: Shell) -> None:
    """What is asked there is signed too, and goes through the inbox like every answer."""
    add_alice(shell)
    answers = [("who answers?", "alice"), ("`approve`, or `deny`", "approve seen"), (ASKED, PASSPHRASE)]
    talk = converse(shell, answers, "run", "refund-assistant", "--input", "4202")
    assert talk.code == 0, talk.text
    (run,) = open_project(shell.folder).journals.runs()
    (answer,) = answers_of(shell, run)
    assert (answer.reviewer.assurance, answer.reason) == ("signed", "seen")
    assert answer.message is not None


@pytest.mark.parametrize(
    ("typed", "why"),
    [([("new passphrase: ", "")], "is empty"), ([("new", "one"), ("the same again: ", "two")], "differ")],
    ids=["empty", "not the same"],
)
def test_no_key_without_a_passphrase(shell: Shell, typed: list[tuple[str, str]], why: str) -> None:
    """Empty, or not the same twice: nothing is made and nothing recorded."""
    talk = converse(shell, typed, "reviewers", "add", "alice")
    assert talk.code == 2
    assert why in talk.text
    assert not (shell.folder / "traces" / "journal" / "control" / "control.jsonl").exists()
    assert not list(shell.folder.parent.glob("state/agentctl/*/reviewers/*"))


@needs_agent
def test_a_reviewer_answers_through_the_agent_they_run(shell: Shell, tmp_path: Path) -> None:
    """Unlocked once for a while, the key signs without a question; what is left to others escalates nothing here."""
    add_alice(shell)
    run, approval = suspended(shell)
    with real_agent(tmp_path) as socket:
        shell.variables["SSH_AUTH_SOCK"] = str(socket)
        unlock = ("reviewers", "unlock", "alice", "--for", "10m")
        talk = converse(shell, [(ASKED, PASSPHRASE)], *unlock)
        assert talk.code == 0
        assert "every process of your user can sign with it" in talk.text
        escalated = shell("approvals", "escalate", approval, "--as", "alice", "--json")
        assert escalated.document["assurance"] == "signed"
        changed = ("approvals", "approve", approval, "--as", "alice", "--set", "amount=20000")
        assert shell(*changed, "--resume").code == 0
    assert [item.answer for item in answers_of(shell, run)] == ["escalate", "approve_with_changes"]
    assert [item["amount"] for item in shell.refunds(run)] == [20_000]


@needs_agent
def test_an_agent_that_is_told_no_signs_nothing(shell: Shell, tmp_path: Path) -> None:
    """With `--confirm` the agent asks its owner, who says no: refused, and no passphrase is asked instead."""
    add_alice(shell)
    _, approval = suspended(shell)
    with real_agent(tmp_path, asks=shutil.which("false")) as socket:
        shell.variables["SSH_AUTH_SOCK"] = str(socket)
        unlock = ("reviewers", "unlock", "alice", "--confirm")
        assert converse(shell, [(ASKED, PASSPHRASE)], *unlock).code == 0
        refused = shell("approvals", "approve", approval, "--as", "alice")
    assert refused.code == 2
    assert "does not sign" in refused.err


def test_keys_come_and_go(shell: Shell) -> None:
    """Added, doubled, replaced, revoked, and never again: each act is journaled and listed."""
    project, key = open_project(shell.folder), "ssh-ed25519 " + "AAAAC3NzaC1lZDI1NTE5AAAAI"
    keys = [
        key + "LlaqvIcLC9kcH//T02PJzcBy77mPUp15SkiVD+qpLD6",
        key + "AoQdIcsZ4A9X6DOjmiRQ8hyp5X+/y0DPDZ5UtAzAnIM",
    ]
    add = ("reviewers", "add", "bob", "--public-key")
    assert shell(*add, keys[0], "--as", "olga").code == 0
    assert "--replace" in shell(*add, keys[1]).err
    assert shell(*add, keys[1], "--replace").code == 0
    revoked = shell("reviewers", "revoke", "bob", "--reason", "left the team", "--as", "olga")
    assert revoked.code == 0
    assert listed(shell)["bob"]["revoked"] is True
    assert "was revoked" in shell(*add, keys[1]).err
    acts = project.control.read()
    assert [item.event.type for item in acts] == ["reviewer.added", "reviewer.added", "reviewer.revoked"]
    assert shell("runs", "list").code == 0


def test_git_wins_over_what_was_recorded(shell: Shell) -> None:
    """A pinned key is listed with its file; adding another warns; revoking it counts at once, and says that git holds it."""
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILlaqvIcLC9kcH//T02PJzcBy77mPUp15SkiVD+qpLD6"
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAoQdIcsZ4A9X6DOjmiRQ8hyp5X+/y0DPDZ5UtAzAnIM"
    file = shell.folder / "contracts" / "environments" / "sandbox.yaml"
    file.write_text(file.read_text().replace("  - name: bob\n", f"  - name: bob\n    public_key: {key}\n"))
    pins = [item for item in json.loads(shell("reviewers", "list", "--json").out) if item["name"] == "bob"]
    assert {item["source"] for item in pins} == {None, "contracts/environments/sandbox.yaml"}
    added = shell("reviewers", "add", "bob", "--public-key", other)
    assert "contracts/environments/sandbox.yaml pins another key" in " ".join(added.err.split())
    revoked = shell("reviewers", "revoke", "bob", "--reason", "lost")
    assert "git still holds a key of bob" in " ".join(revoked.err.split())
    _, approval = suspended(shell)
    refused = shell("approvals", "approve", approval, "--as", "bob")
    assert (refused.code, "was revoked" in refused.err) == (2, True)
