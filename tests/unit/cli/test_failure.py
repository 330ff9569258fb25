"""The border of the command line: what an error means to the shell."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app
from agentctl.cli.screen.terminal import Terminal
from agentctl.foundation.errors import ExitCode, IntegrityError, JournalUnavailable, LockedError, UsageError

REPOSITORY = Path(__file__).parents[3]


def ending(error: BaseException) -> typer.Typer:
    """Return a command line whose only command ends like this."""
    app = typer.Typer()

    @app.command()
    def end() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), ExitCode.INVALID),
        (IntegrityError("x"), ExitCode.INTEGRITY),
        (JournalUnavailable("x"), ExitCode.JOURNAL),
        (LockedError("x"), ExitCode.LOCKED),
        (typer.Exit(4), ExitCode.WAITING),
        (typer.Abort(), ExitCode.INTERRUPTED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (ZeroDivisionError("x"), ExitCode.INTERNAL),
    ],
    ids=lambda item: type(item).__name__,
)
def test_every_end_has_its_exit_code(error: BaseException, code: ExitCode) -> None:
    """Known errors have their codes, and a bug is told apart from every answer."""
    assert exit_code_of(ending(error), []) == code


def test_a_bug_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is left with a number alone."""
    exit_code_of(ending(ZeroDivisionError("on purpose")), [])
    assert "ZeroDivisionError: on purpose" in capsys.readouterr().err


def test_a_wrong_command_line_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """What does not exist is named, with exit code 2."""
    assert exit_code_of(ending(typer.Exit(0)), ["--nope"]) == ExitCode.INVALID
    said = capsys.readouterr().err
    assert "--nope" in said
    assert "behind a lone" not in said


def test_a_text_that_is_taken_for_an_option_is_told_where_to_stand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """SQL may begin with a comment, which begins as options do."""
    assert exit_code_of(app, ["audit", "query", "-- all of them\nSELECT 1"]) == ExitCode.INVALID
    assert "a text that begins with `-` behind a lone `--`" in capsys.readouterr().err


def test_what_is_wrong_with_an_option_is_said_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """With its name, and with the help of the very command that was typed."""
    assert exit_code_of(app, ["replay", "latest", "--mode", "polcy"]) == ExitCode.INVALID
    said = capsys.readouterr().err
    assert "Invalid value for '--mode': 'polcy' is not one of 'verify', 'policy', 'tools-taped'" in said
    assert exit_code_of(app, ["eval", "run", "an-agent", "--trials", "0"]) == ExitCode.INVALID
    assert "'--trials'" in capsys.readouterr().err
    assert exit_code_of(app, ["nope"]) == ExitCode.INVALID
    assert "what `agentctl --help` shows" in capsys.readouterr().err


@pytest.mark.parametrize("started", ["agentctl", "python -m agentctl", "/usr/bin/agentctl"])
def test_the_help_of_the_command_is_named(started: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the program was started as."""
    error = typer.BadParameter("no number")
    error.ctx = SimpleNamespace(command_path=f"{started} eval run", color=None)  # type: ignore[assignment]  # as much as is looked at
    exit_code_of(ending(error), [])
    assert "no number; accepted: what `agentctl eval run --help` shows" in capsys.readouterr().err


def test_a_command_line_without_a_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """As it is, not as an error; the exit code says that nothing was done."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    app.command("one")(lambda: None)
    app.command("two")(lambda: None)
    assert exit_code_of(app, []) == ExitCode.INVALID
    out, err = capsys.readouterr()
    assert (out, err.lstrip().startswith("Usage: ")) == ("", True)
    assert exit_code_of(app, ["--json"]) == ExitCode.INVALID
    assert "error" in capsys.readouterr().out


def test_an_argument_that_is_no_text_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes of another encoding reach no file and no question."""
    assert exit_code_of(app, ["runs", "list", "--agent", "caf\udce9"]) == ExitCode.INVALID
    assert "argument 4 is no text: `caf\\udce9`; accepted: text in UTF-8" in capsys.readouterr().err


def test_the_program_is_called_the_same_however_it_was_started(capsys: pytest.CaptureFixture[str]) -> None:
    """A completion for `python -m agentctl` would be a script that no shell can read."""
    assert exit_code_of(app, ["runs", "--help"]) == ExitCode.OK
    assert capsys.readouterr().out.lstrip().startswith("Usage: agentctl runs ")


def test_an_answer_without_room_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said in a sentence; a file of ours that fails so is another matter."""
    assert exit_code_of(ending(OSError(28, "No space left on device")), []) == ExitCode.UNHEARD
    assert capsys.readouterr().err == "error: the answer cannot be written: No space left on device\n"
    assert exit_code_of(ending(OSError(28, "No space left on device", "x")), []) == ExitCode.INTERNAL
    assert exit_code_of(ending(OSError(5, "Input/output error")), []) == ExitCode.INTERNAL


def test_what_belongs_to_somebody_else_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    """The file is named, and who says more of it; without a name nobody knows what it is."""
    closed = PermissionError(13, "Permission denied", "/shop/traces/journal")
    assert exit_code_of(ending(closed), []) == ExitCode.INVALID
    said = capsys.readouterr().err
    assert said.startswith(
        "error: /shop/traces/journal: permission denied; accepted: files that you may read"
    )
    assert "`agentctl doctor`" in said
    read_only = OSError(30, "Read-only file system", "/home/zoe/.zshrc")
    assert exit_code_of(ending(read_only), []) == ExitCode.INVALID
    assert capsys.readouterr().err.startswith("error: /home/zoe/.zshrc: read-only file system; accepted: ")
    assert exit_code_of(ending(PermissionError(13, "Permission denied")), []) == ExitCode.INTERNAL


class TestWhoReadsTheOutputMayCloseIt:
    @pytest.mark.parametrize(
        "command", [("--help",), ("contract", "show", "refund-assistant"), ("contract", "check", "--json")]
    )
    def test_then_the_command_ends_quietly(self, command: tuple[str, ...]) -> None:
        """With the exit code that a shell gives to SIGPIPE, and without a word."""
        ours, theirs = os.pipe()
        os.close(ours)
        done = subprocess.run(
            [sys.executable, "-m", "agentctl", *command],
            stdout=theirs,
            stderr=subprocess.PIPE,
            cwd=REPOSITORY,
            check=False,
        )
        os.close(theirs)
        assert (done.returncode, done.stderr) == (ExitCode.UNHEARD, b"")

    @pytest.mark.parametrize("way", ["straight", "while an error is told"])
    def test_however_it_comes_to_light(self, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """In the command itself, or when its error is printed."""
        broken = BrokenPipeError(32, "Broken pipe")
        if way == "straight":
            assert exit_code_of(ending(broken), []) == ExitCode.UNHEARD
            return

        def told(_: Terminal, error: Exception) -> None:
            raise broken from error

        monkeypatch.setattr(Terminal, "error", told)
        assert exit_code_of(ending(LockedError("x")), []) == ExitCode.UNHEARD

    def test_an_end_of_another_kind_stays_what_it_is(self) -> None:
        """Nobody's exit is taken for it."""
        with pytest.raises(SystemExit) as end:
            exit_code_of(ending(SystemExit(3)), [])
        assert end.value.code == 3
