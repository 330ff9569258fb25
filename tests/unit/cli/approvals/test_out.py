"""An answer that is taken away: signed, in a file, for `approvals deliver` to hand in."""

import json
from pathlib import Path

import pytest
import yaml

from agentctl import composition
from agentctl.cli import passphrase
from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app
from agentctl.composition.project import Project
from agentctl.trace.ports import Received
from tests.fakes.journals import RUN
from tests.fakes.waiting_run import a_project, request_in, wait

SECRET = "correct horse"
APPROVAL = request_in(RUN).approval


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A run waits for alice, who has a key here, or for bob, who has none; we are in the project, and know her passphrase."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(passphrase, "ask_passphrase", lambda _: SECRET)
    project = a_project(tmp_path)
    key = project.reviewer_keys.make("alice", SECRET)
    path = project.files.contracts / "environments" / "sandbox.yaml"
    people = [{"name": "alice", "public_key": key.text}, {"name": "bob"}]
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"reviewers": people}))
    monkeypatch.chdir(project.paths.root)
    monkeypatch.setattr(composition, "open_project", lambda: project)  # its clock stands
    wait(project)
    return project


def typed(*arguments: str) -> int:
    """Type a command about approvals and return its exit code."""
    return exit_code_of(app, ["approvals", *arguments])


def inbox(project: Project) -> list[tuple[str, str | None]]:
    """Return who said something in the run's inbox, and whether it is void."""
    return [
        (item.message.by, item.message.void) for item in project.inbox.read(RUN) if isinstance(item, Received)
    ]


def test_an_answer_is_taken_away_and_handed_in(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is left for the run until it is delivered; the command says how."""
    assert typed("deny", APPROVAL, "--as", "alice", "--reason", "no", "--out", "my answer.json") == 0
    out = capsys.readouterr().out
    assert "written to my answer.json: deny by alice (signed with SHA256:" in " ".join(out.split())
    assert "agentctl approvals deliver 'my answer.json'" in out
    assert inbox(project) == []
    assert typed("deliver", "my answer.json") == 0
    assert inbox(project) == [("alice", None)]


def test_as_json_the_file_is_named(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A program learns where it lies, and which key signed."""
    assert typed("approve", APPROVAL, "--as", "alice", "--out", "a.json", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["file"], said["assurance"], said["answer"]) == ("a.json", "signed", "approve")
    assert json.loads((project.paths.root / "a.json").read_bytes())["signature"]


def test_whoever_has_no_key_takes_nothing_away(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Anybody could change it on its way; the attempt is on record."""
    assert typed("approve", APPROVAL, "--as", "bob", "--out", "b.json") == 2
    assert "`bob` has no key" in capsys.readouterr().err
    assert not (project.paths.root / "b.json").exists()
    assert inbox(project) == [("bob", "refused")]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--out", "there.json"), "`there.json` is there already"),
        (("--out", "no/where.json"), "`no/where.json` cannot be written"),
        (("--out", "new.json", "--resume"), "reaches no run here"),
    ],
)
def test_what_cannot_be_written_is_told(
    project: Project, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], told: str
) -> None:
    """No file of anybody's is overwritten, and a run is not resumed for an answer it does not get."""
    there = project.paths.root / "there.json"
    there.write_text("mine")
    assert typed("approve", APPROVAL, "--as", "alice", *more) == 2
    assert told in capsys.readouterr().err
    assert there.read_text() == "mine"
    assert inbox(project) == []
