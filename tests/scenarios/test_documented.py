"""What the README tells a user to type works, and what can be typed stands in the README."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from agentctl.cli.main import app
from agentctl.contract.project import ProjectFiles
from tests.scenarios.conftest import REPOSITORY, Shell

README = (REPOSITORY / "README.md").read_text()
STORIES = re.findall(r"^\| (\d+) \|.*?exit (\d)", README, flags=re.MULTILINE)


def documented_commands() -> set[str]:
    """Return every command the README's list names: `runs list`, `init`."""
    block = README[README.index("## Commands") : README.index("Every command has")]
    found: set[str] = set()
    for line in re.findall(r"^    agentctl (.+)$", block, flags=re.MULTILINE):
        names = [name.strip() for name in line.split("|")]
        group, _, first = names[0].partition(" ")
        found |= {f"{group} {name}" for name in [first, *names[1:]]} if first else set(names)
    return found


def real_commands() -> set[str]:
    """Return every command of the command line."""
    tree = typer.main.get_command(app)
    found: set[str] = set()
    for name, command in tree.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {f"{name} {child}" for child in inner} if inner else {name}
    return found


def test_every_command_is_documented_and_exists() -> None:
    """The README's list and the command line are the same."""
    assert documented_commands() == real_commands()


def test_every_command_takes_json() -> None:
    """`--json` everywhere; `keys jwks` prints JSON anyway."""
    tree = typer.main.get_command(app)
    commands = [*tree.commands.values()]  # type: ignore[attr-defined]
    leaves = [leaf for item in commands for leaf in getattr(item, "commands", {"": item}).values()]
    without = {leaf.name for leaf in leaves if not any("--json" in option.opts for option in leaf.params)}
    assert without <= {"jwks"}


@pytest.mark.parametrize(("ticket", "code"), STORIES)
def test_the_stories_end_as_the_readme_says(shell: Shell, ticket: str, code: str) -> None:
    """Each row of the table of tickets."""
    assert shell("run", "refund-assistant", "--input", ticket).code == int(code)


def test_the_transcript_is_real(shell: Shell) -> None:
    """Every line of the README's transcript that holds no number of its own appears in a real run."""
    answer = shell("run", "refund-assistant", "--input", "4202")
    seen = re.sub(r"\s+", " ", answer.err + answer.out)
    for line in (
        "zendesk.read_ticket (read), attempt 1",
        "stripe.create_refund needs approval: the contract says `requires_approval: true` for",
        "system:sandbox-reviewer: escalate: 250 USD in this run; above 200 USD a person decides",
        "suspended (approval): somebody must answer the approval requests",
    ):
        assert line in re.sub(r"\s+", " ", README)
        assert line in seen


def test_the_lines_for_an_agent_of_your_own_can_be_typed(shell: Shell, tmp_path: Path) -> None:
    """`init`, then the lines after it, in a fresh folder."""
    block = README[README.index("## Your own agent") : README.index("`init` writes")]
    lines = [shlex.split(line) for line in re.findall(r"^    (.+)$", block, flags=re.MULTILINE)]
    here = Shell(tmp_path, shell.variables)
    for line in lines:
        if line[0] == "cd":
            here = Shell(here.folder / line[1], shell.variables)
        else:
            answer = here(*line[1:])
            assert answer.code == 0, answer.err


def test_the_contract_in_the_readme_is_a_part_of_the_real_one() -> None:
    """What the README shows of the contract stands in the file, line by line."""
    block = README[README.index("    agent:\n") : README.index("A run of it on a ticket")]
    shown = [line.removeprefix("    ") for line in block.splitlines() if line.strip()]
    real = (REPOSITORY / "contracts" / "refund-assistant.yaml").read_text().splitlines()
    assert set(shown) <= set(real)


def test_exit_codes_are_documented() -> None:
    """Every exit code a command of this version can give stands in the README."""
    told = set(re.findall(r"(?:· |codes: |·\n)(\d+) ", README))
    assert {"0", "2", "3", "4", "5", "6", "7", "8", "10", "11", "70", "130"} <= told


def test_the_policies_in_the_readme_load(shell: Shell) -> None:
    """The YAML of the section on policies fits the documents it belongs to."""
    block = README[README.index("    policies:  ") : README.index("A rule asks for an approval by denying")]
    text = "\n".join(line.removeprefix("    ") for line in block.splitlines())
    policies, points = text.split("decision_points:")
    contract, environment = (
        shell.folder / "contracts" / name for name in ("refund-assistant.yaml", "environments/sandbox.yaml")
    )
    contract.write_text(f"{contract.read_text()}\n{policies}")
    environment.write_text(f"{environment.read_text()}\ndecision_points:{points}")
    files = ProjectFiles(shell.folder)
    named = files.agent("refund-assistant").document.policies
    assert [item.engine for item in named or ()] == ["cedar", "rego", "opa"]
    assert files.environment("sandbox").document.decision_points["central"].token_env == "OPA_TOKEN"


def test_the_long_form_of_an_approval_in_the_readme_loads(shell: Shell) -> None:
    """`requires_approval` with a threshold, reviewers, a quorum and a deadline."""
    line = next(
        line.strip() for line in README.splitlines() if line.strip().startswith("requires_approval: {")
    )
    contract = shell.folder / "contracts" / "refund-assistant.yaml"
    contract.write_text(contract.read_text().replace("requires_approval: true", line))
    rule = ProjectFiles(shell.folder).agent("refund-assistant").document.allowed("stripe.create_refund")
    assert rule is not None
    assert rule.approval is not None
    assert (rule.approval.quorum, rule.approval.reviewers) == (2, ("alice", "bob"))
