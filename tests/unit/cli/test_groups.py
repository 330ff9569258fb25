"""What the help of a group says of each of its commands."""

import pytest

from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app

GROUPS = ("", "runs", "approvals", "contract", "policy", "audit", "eval", "trace", "reviewers", "keys")


@pytest.mark.parametrize("group", GROUPS)
def test_the_first_sentence_about_a_command_is_whole(
    group: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However narrow the terminal is."""
    monkeypatch.setenv("COLUMNS", "60")
    assert exit_code_of(app, [*filter(None, [group]), "--help"]) == 0
    _, _, listed = capsys.readouterr().out.partition("\nCommands:\n")
    assert listed.rstrip().endswith(".")
    assert "..." not in listed
