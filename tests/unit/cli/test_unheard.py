"""What is said of names that no run ever had."""

import io

import pytest

from agentctl.audit.names import Unheard
from agentctl.cli import unheard
from agentctl.cli.screen.terminal import Terminal
from agentctl.settings import find_settings


def test_of_very_many_names_not_all_are_listed(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are counted; and what a stranger called something is made visible."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "agentctl.toml").touch()
    known = tuple(f"\x1b{number}" for number in range(20))
    found = (Unheard("tool", "x", known, ""), Unheard("agent", "y", (), ""))
    monkeypatch.setattr("agentctl.audit.names.unheard_of", lambda *_: found)
    said = io.StringIO()
    unheard.say_unheard(Terminal(err=said), find_settings(folder).paths, {"tool": "x", "agent": "y"})
    told = " ".join(said.getvalue().split())
    assert told.startswith("warning: no run ever had the tool `x`; they had `\\x1b0`, `\\x1b1`,")
    assert told.endswith("`\\x1b15` and 4 others warning: no run ever had the agent `y`")
