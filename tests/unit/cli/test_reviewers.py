"""Tests of `agentctl reviewers`: what cannot be done is said, and nothing is journaled."""

import shutil
from pathlib import Path

import pytest

from agentctl.cli import passphrase
from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app
from agentctl.composition import Project, open_project
from tests.fakes.clock import StandingClock

REPOSITORY = Path(__file__).parents[3]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILlaqvIcLC9kcH//T02PJzcBy77mPUp15SkiVD+qpLD6"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project in which commands are typed, away from any terminal and any agent."""
    root = tmp_path / "shop"
    shutil.copytree(REPOSITORY / "contracts", root / "contracts")
    (root / "agentctl.toml").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(passphrase, "_there_is_a_terminal", lambda: False)
    monkeypatch.chdir(root)
    return open_project(root, StandingClock())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "Alice", "--public-key", "ssh-ed25519 AAAA"), "cannot name a reviewer"),
        (("add", "alice", "--public-key", "ssh-rsa AAAA"), "`ssh-rsa`"),
        (("add", "alice", "--public-key-file", "nowhere.pub"), "cannot be read"),
        (("revoke", "alice", "--reason", "lost"), "no key that could be revoked"),
        (("revoke", "alice", "--reason", "ask a@b.com"), "must not lie in a file"),
        (("unlock", "alice"), "no key of `alice`"),
        (("unlock", "alice", "--for", "2d"), "longer than a day"),
        (("add", "alice"), "there is none"),
    ],
    ids=range(8),
)
def test_what_cannot_be_done_is_said(
    project: Project, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    """What was found and what would be accepted; nothing is journaled."""
    assert exit_code_of(app, ["reviewers", *words]) == 2
    assert why in " ".join(capsys.readouterr().err.split())
    assert project.control.read() == ()


def test_one_key_is_one_persons(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever signs with it could be either."""
    add = ["reviewers", "add", "--public-key", KEY]
    assert exit_code_of(app, [*add, "alice"]) == 0
    assert exit_code_of(app, [*add, "bob"]) == 2
    assert "the key of `alice`" in capsys.readouterr().err
    assert len(project.control.read()) == 1


def test_a_file_that_cannot_be_read_keeps_nobody_from_revoking(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that was lost cannot wait until somebody has repaired a file."""
    assert exit_code_of(app, ["reviewers", "add", "alice", "--public-key", KEY]) == 0
    (project.files.contracts / "environments" / "live.yaml").write_text("][")
    assert exit_code_of(app, ["reviewers", "revoke", "alice", "--reason", "lost"]) == 0
    assert [item.event.type for item in project.control.read()] == ["reviewer.added", "reviewer.revoked"]
    capsys.readouterr()
