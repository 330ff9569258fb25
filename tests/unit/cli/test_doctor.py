"""`agentctl doctor` as a command: how it reads, how it ends; and that the shell completes commands."""

import json
import sys
from pathlib import Path

import pytest
import typer

from agentctl.cli.doctor import doctor
from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import main
from tests.fakes.waiting_run import a_project

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(doctor)


@pytest.fixture(autouse=True)
def _in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(a_project(tmp_path).paths.root)


def test_without_problems_it_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, and the last line counts."""
    assert exit_code_of(app, ["--env", "sandbox"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "this machine"
    assert lines[-1].startswith("0 problems, ")


def test_a_problem_stands_above_what_to_type(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1; sentence and remedy are below each other."""
    assert exit_code_of(app, ["--env", "live"]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("  problem  `OPENAI_API_KEY` is not set; the model `gpt-4o-mini` needs it")
    assert lines[at + 1] == "           export OPENAI_API_KEY=..."


def test_json_has_the_same_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """One document with sections, and the same exit code."""
    assert exit_code_of(app, ["--env", "live", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    found = [item for section in answer["sections"] for item in section["observations"]]
    assert answer["problems"] == sum(item["health"] == "problem" for item in found) > 0
    assert {"health", "text", "remedy"} == set(found[0])


def test_an_environment_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and the nearest name."""
    assert exit_code_of(app, ["--env", "sandbx"]) == 2
    assert "did you mean `sandbox`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "completed"), [("doc", "doctor"), ("policy syn", "synthesize"), ("doctor --re", "--reach")]
)
def test_the_shell_completes_commands_and_options(
    typed: str, completed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `--install-completion` makes a shell ask is answered, in groups too."""
    monkeypatch.setattr(sys, "argv", ["agentctl"])
    monkeypatch.setattr(sys.modules["__main__"], "__package__", None)  # as if the script had been started
    monkeypatch.setenv("_AGENTCTL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"agentctl {typed}")
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split())))
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, capsys.readouterr().out.split()) == (0, [completed])
