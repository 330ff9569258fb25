"""The options that several commands share."""

import pytest

from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app


@pytest.mark.parametrize(
    "words",
    [
        ["run", "refund-assistant", "--input", "4201"],
        ["runs", "label", "latest", "good", "--reason", "x"],
        ["reviewers", "add", "zoe", "--reason", "x"],
    ],
)
def test_an_empty_name_is_nobodys(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It is a variable that nobody set; who types would be recorded in the place of whoever was meant."""
    assert exit_code_of(app, [*words, "--as", ""]) == 2
    assert "the name behind `--as` is empty; accepted: a name, or no `--as`" in capsys.readouterr().err
