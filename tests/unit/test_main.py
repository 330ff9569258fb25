"""How the program ends: at once when all is said, in the ordinary way when not."""

import io
import os
import subprocess
import sys
from typing import NoReturn

import pytest

from agentctl import __main__ as program
from agentctl import __version__
from agentctl.foundation.errors import ExitCode


class _Left(Exception):
    """Raised where the process would have ended."""


@pytest.fixture(autouse=True)
def left(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the exit codes with which the process would have left at once."""
    codes: list[int] = []

    def leave(code: int) -> NoReturn:
        codes.append(code)
        raise _Left

    monkeypatch.setattr(os, "_exit", leave)
    return codes


def test_the_version_is_shown_and_the_program_ends(
    left: list[int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No command is asked for, and what was printed has arrived."""
    monkeypatch.setattr(sys, "argv", ["agentctl", "--version"])
    with pytest.raises(_Left):
        program.main()
    assert left == [0]
    assert capsys.readouterr().out == f"agentctl {__version__}\n"


def test_a_wrong_command_line_ends_with_its_code(left: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code is the command line's own."""
    monkeypatch.setattr(sys, "argv", ["agentctl", "no-such-command"])
    with pytest.raises(_Left):
        program.main()
    assert left == [2]


class _Full(io.StringIO):
    """A file on a disk without room."""

    def flush(self) -> None:
        """Fail."""
        raise OSError(28, "No space left on device")


def test_what_could_not_be_said_is_told_in_the_ordinary_way(
    left: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interpreter then complains at its end, as it does for every program."""
    monkeypatch.setattr(program, "command_line", lambda: sys.exit(0))
    monkeypatch.setattr(sys, "stdout", _Full())
    with pytest.raises(SystemExit):
        program.main()
    assert left == []


def test_what_was_told_already_is_not_told_again(left: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has heard that the answer found no room hears no more of it."""
    monkeypatch.setattr(program, "command_line", lambda: sys.exit(ExitCode.UNHEARD))
    monkeypatch.setattr(sys, "stdout", _Full())
    with pytest.raises(_Left):
        program.main()
    assert left == [ExitCode.UNHEARD]


def test_streams_that_are_closed_lead_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a daemon starts us: nothing fails for it, and no file of ours gets the number of one."""
    monkeypatch.undo()
    seen = "import os, sys; from agentctl.__main__ import _open_missing_streams as fill; fill(); "
    seen += (
        "sys.stdout.write('x'); sys.stderr.write('x'); sys.stdin.read(); os._exit(os.open('.', os.O_RDONLY))"
    )
    closed = 'exec "$0" -c "$1" <&- >&- 2>&-'
    done = subprocess.run(["/bin/sh", "-c", closed, sys.executable, seen], check=False)
    assert done.returncode == 3


def test_ctrl_c_before_anything_was_begun_is_no_traceback() -> None:
    """While the command line itself is loaded."""
    pressed = """
import sys

class Pressed:
    def find_spec(self, name, *_):
        if name == "agentctl.cli.main":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Pressed())
import agentctl.__main__
"""
    done = subprocess.run([sys.executable, "-c", pressed], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (ExitCode.INTERRUPTED, b"")
