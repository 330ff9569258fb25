"""`agentctl init` as a command: what it prints, and how it refuses."""

import json
from pathlib import Path

import pytest
import typer

from agentctl.cli.failure import exit_code_of
from agentctl.cli.init import init
from agentctl.cli.init_files import starter

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(init)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_says_what_each_file_is_for_and_what_to_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every file stands on a line with its purpose; the commands to type end the answer."""
    assert exit_code_of(app, ["mine", "--agent", "helper"]) == 0
    printed = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    for file in starter():
        assert f"{file.path} {file.about}".replace("{agent}", "helper") in lines
    assert f"made a project in {tmp_path / 'mine'}" in lines
    assert lines[-4:] == [
        "cd mine",
        'agentctl run helper --input "How long do I have to send in receipts?"',
        "agentctl policy test",
        "agentctl doctor",
    ]
    assert (tmp_path / "mine" / "agentctl.toml").is_file()


def test_the_working_folder_needs_no_cd(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a folder the project is made here, for `my-agent`."""
    assert exit_code_of(app, []) == 0
    printed = capsys.readouterr().out
    assert "cd " not in printed
    assert "agentctl run my-agent --input" in printed
    assert (tmp_path / "contracts" / "my-agent.yaml").is_file()


def test_a_folder_with_spaces_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    """The line to type is quoted for the shell."""
    assert exit_code_of(app, ["my shop"]) == 0
    assert "  cd 'my shop'\n" in capsys.readouterr().out


def test_json_has_the_same_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--json` the answer is one document, and nothing else is printed."""
    assert exit_code_of(app, ["mine", "--json"]) == 0
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert (answer["project"], answer["agent"]) == (str(tmp_path / "mine"), "my-agent")
    assert {file["path"] for file in answer["files"]} >= {"agentctl.toml", "contracts/my-agent.yaml"}
    assert all(file["about"] for file in answer["files"])
    assert answer["next"][0] == "cd mine"
    assert captured.err == ""


def test_conflicts_end_with_exit_2_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every file in the way is named, and nothing is written."""
    for name in ("agentctl.toml", "goldensets"):
        (tmp_path / name).touch()
    assert exit_code_of(app, []) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "agentctl.toml: exists already" in captured.err
    assert "goldensets: exists already" in captured.err
    assert {path.name for path in tmp_path.iterdir()} == {"agentctl.toml", "goldensets"}


def test_a_refusal_is_json_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--json` a refusal is a document too."""
    assert exit_code_of(app, ["--agent", "Not Plain", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "usage"
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A variable of the shell that is not set does not mean the working folder."""
    assert exit_code_of(app, [""]) == 2
    assert "the folder's name is empty" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_from_a_folder_that_is_gone_one_elsewhere_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of the working folder is needed where the project's is named whole."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert exit_code_of(app, [str(tmp_path / "mine")]) == 0
    assert f"cd {tmp_path / 'mine'}" in capsys.readouterr().out
