"""How this command is typed here."""

import sys
from pathlib import Path

import pytest

from agentctl.cli import typed


@pytest.mark.parametrize(
    ("called", "found", "expected"),
    [
        ("{here}/.venv/bin/agentctl", None, ".venv/bin/agentctl"),
        ("/opt/bin/agentctl", None, "/opt/bin/agentctl"),
        ("/opt/bin/agentctl", "/opt/bin/agentctl", "agentctl"),
        ("/lib/agentctl/__main__.py", None, "agentctl"),
    ],
)
def test_a_line_can_be_typed_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, found: str | None, expected: str
) -> None:
    """Where the shell finds it: by name; else by the path it was called with, short where it lies below."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [called.format(here=tmp_path)])
    monkeypatch.setattr(typed.shutil, "which", lambda _: found)
    assert typed.program() == expected
