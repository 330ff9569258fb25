"""A project of one's own, from nothing to a checked contract and a finished run, as a user types it."""

import json
import shlex
from pathlib import Path

import pytest

from agentctl.contract.golden_files import golden_file
from tests.fakes.trials import trials_of, wanting
from tests.scenarios.conftest import Shell


@pytest.fixture
def made(tmp_path: Path) -> Shell:
    """A shell inside a project that `agentctl init` made."""
    assert Shell(tmp_path)("init", "mine", "--agent", "helper").code == 0
    return Shell(tmp_path / "mine")


def test_the_new_project_passes_its_check(made: Shell) -> None:
    """`agentctl contract check` in the new project ends 0 and finds nothing."""
    checked = made("contract", "check")
    assert (checked.code, checked.err) == (0, "")
    assert "helper in sandbox: 0 errors, 0 warnings, 0 notes" in checked.out


def test_the_new_agent_meets_its_golden_case(made: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first golden case holds as it was shipped."""
    monkeypatch.setenv("XDG_STATE_HOME", made.environment["XDG_STATE_HOME"])
    trials = trials_of(made.folder, golden_file(made.folder, "helper"), agent="helper")
    assert wanting(trials) == {}
    assert [trial.tools for trial in trials.values()] == [("notes.find",)]


def test_the_new_agent_does_not_guess(made: Shell) -> None:
    """Another question takes another way through the script: an answer that admits that nothing was found."""
    ran = made("run", "helper", "--input", "Is there water on Mars?")
    assert ran.code == 0
    assert ran.out.startswith("The notes say nothing about that, and I do not guess.\n")
    assert "exit 0, 1 tool call, 0 refused, " in ran.out


def test_the_lines_it_prints_can_be_typed(tmp_path: Path) -> None:
    """Each line that `init` ends with ends 0 itself."""
    lines = Shell(tmp_path)("init", "mine", "--json").document["next"]
    assert isinstance(lines, list)
    (change, folder), *commands = [shlex.split(str(line)) for line in lines]
    assert change == "cd"
    shell = Shell(tmp_path / folder)
    assert [(command[0], shell(*command[1:]).code) for command in commands] == [("agentctl", 0)] * 3


def test_schemas_are_those_of_the_command(made: Shell) -> None:
    """What `init` wrote for editors is byte for byte what `agentctl contract schema --out` writes."""
    assert made("contract", "schema", "--out", "again").code == 0
    for path in (made.folder / "again").iterdir():
        assert path.read_bytes() == (made.folder / "contracts" / "schemas" / path.name).read_bytes()


def test_a_second_project_inside_is_refused(made: Shell) -> None:
    """Projects do not nest: exit 2, the outer one is named, nothing is written."""
    refused = made("init", "inner")
    assert refused.code == 2
    assert str(made.folder) in refused.err
    assert not (made.folder / "inner").exists()


def called_tools(shell: Shell) -> list[str]:
    """Return the tools that the project's only run called, by its journal."""
    (journal,) = (shell.folder / "traces" / "journal").glob("*/*.jsonl")
    records = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return [record["data"]["tool"] for record in records if record["type"] == "tool.proposed"]
