"""The workflow in `docs/ci`: every line that it has GitHub type exists, and works in a project of one's own."""

import shlex
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import typer
import yaml

from agentctl.cli.main import app
from tests.scenarios.conftest import REPOSITORY, Shell

WORKFLOW = yaml.safe_load((REPOSITORY / "docs" / "ci" / "agentctl-eval.yml").read_text(encoding="utf-8"))
STEPS = WORKFLOW["jobs"]["eval"]["steps"]
LINES = [
    shlex.split(line, comments=True)[1:]
    for step in STEPS
    for line in step.get("run", "").splitlines()
    if line.startswith("agentctl ")
]


def test_it_is_a_workflow_that_may_do_little() -> None:
    """It has its triggers (YAML reads `on` as true), reads the repository and nothing more, and ends by itself."""
    assert set(WORKFLOW[True]) == {"pull_request", "push"}
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert 0 < WORKFLOW["jobs"]["eval"]["timeout-minutes"] <= 60
    assert "secrets." not in str(WORKFLOW)
    assert all(("run" in step) != ("uses" in step) for step in STEPS)


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_every_line_is_one_that_agentctl_takes(line: list[str]) -> None:
    """Commands, options and their values, as the command line itself reads them."""
    tree = typer.main.get_command(app)
    group = tree.commands[line[0]]  # type: ignore[attr-defined]  # typer's own click
    is_named = line[1] in group.commands
    command = group.commands[line[1] if is_named else "run"]
    assert command.make_context("agentctl", line[2 if is_named else 1 :]).params


def test_its_lines_pass_in_a_new_project(tmp_path: Path) -> None:
    """`init`, then what GitHub types: all pass, and the report and the summary are there."""
    page = tmp_path / "summary.md"
    outside = Shell(tmp_path, {"GITHUB_STEP_SUMMARY": str(page)})
    assert outside("init", "project").code == 0
    inside = Shell(tmp_path / "project", outside.variables)
    for line in LINES:
        answer = inside(*line)
        assert answer.code == 0, answer.err
    suite = ET.parse(tmp_path / "project" / "agentctl-eval.xml").getroot()  # noqa: S314 - our own file
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "0")
    assert page.read_text(encoding="utf-8").startswith("## agentctl eval: passed\n")
