"""The border of the command line: what an error means to the shell."""

import pytest
import typer

from agentctl.cli.failure import exit_code_of
from agentctl.foundation.errors import ExitCode, IntegrityError, JournalUnavailable, LockedError, UsageError


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
    assert "--nope" in capsys.readouterr().err
