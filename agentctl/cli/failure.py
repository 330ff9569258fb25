"""The border of the command line: every known error becomes a sentence and an exit code; the unknown ones are bugs."""

import errno
import sys
import traceback
from collections.abc import Sequence
from typing import Final

import typer

from agentctl.cli.screen.terminal import Terminal
from agentctl.foundation.errors import AgentctlError, ExitCode, InvalidInput, Place, Problem, UsageError

_CLOSED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NAME = "agentctl"
"""What the program is called in all that it says, however it was started; a shell completes what is called so."""


def exit_code_of(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; a command that returns nothing went well.

    Whoever reads what is printed may close it, as `| head` does. That ends the command, like every other Unix tool.
    """
    try:
        return _exit_code_of(app, arguments)
    except BrokenPipeError:
        return ExitCode.UNHEARD
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # typer makes this of it
            return ExitCode.UNHEARD
        raise


def _exit_code_of(app: typer.Typer, arguments: Sequence[str]) -> int:
    terminal = Terminal(as_json="--json" in arguments)
    try:
        _refuse_what_is_no_text(arguments)
        return int(app(args=list(arguments), prog_name=_NAME, standalone_mode=False) or ExitCode.OK)
    except AgentctlError as error:
        terminal.error(error)
        return error.exit_code
    except typer.Exit as end:
        return end.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except typer.TyperException as error:
        _complain(terminal, error)
        return ExitCode.INVALID
    except BrokenPipeError:
        raise
    except OSError as error:
        return _failed(terminal, error)
    except Exception:  # noqa: BLE001 - a bug: shown whole, and told apart from every answer a command can give
        traceback.print_exc()
        return ExitCode.INTERNAL


def _refuse_what_is_no_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are not in the encoding of the surroundings: nothing that is asked or written could hold them.

    Raises:
        UsageError: an argument holds some.
    """
    for place, argument in enumerate(arguments, 1):
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError as error:
            found = f"argument {place} is no text: `{argument[:80]}`"
            raise UsageError(found, "text in UTF-8") from error


def _failed(terminal: Terminal, error: OSError) -> int:
    """Tell an answer that found no room, and a file that is somebody else's, apart from a bug."""
    if _is_of_a_stream(error):
        sys.stderr.write(f"error: the answer cannot be written: {error.strerror}\n")
        return ExitCode.UNHEARD
    if error.errno in _CLOSED and error.filename is not None:
        terminal.error(_closed(error))
        return ExitCode.INVALID
    traceback.print_exc()
    return ExitCode.INTERNAL


def _closed(error: OSError) -> InvalidInput:
    """Return that a file is somebody else's, or of a file system that is read-only; who knows what that means says so there."""
    accepted = "files that you may read and write; `agentctl doctor` says what to do"
    return InvalidInput([Problem(Place(str(error.filename)), str(error.strerror).lower(), accepted)])


def _is_of_a_stream(error: OSError) -> bool:
    """Return whether it was an answer that found no room: who fails at a file of ours says which."""
    return error.filename is None and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def _complain(terminal: Terminal, error: typer.TyperException) -> None:
    """Say what is wrong with a command line; one without a command is answered with the help."""
    if str(error).startswith("Usage: ") and not terminal.as_json:
        sys.stderr.write(f"{error}\n")
        return
    said = error.format_message().replace("Value error, ", "").rstrip(".")
    terminal.error(UsageError(said, _accepted(error)))


def _accepted(error: typer.TyperException) -> str:
    """Return what would be accepted; a text may begin like an option, as SQL does that begins with a comment."""
    shown = f"what `{_command_of(error)} --help` shows"
    is_text = any(letter.isspace() for letter in str(getattr(error, "option_name", "")))
    return f"{shown}; a text that begins with `-` behind a lone `--`" if is_text else shown


def _command_of(error: typer.TyperException) -> str:
    """Return the command that somebody typed wrongly, whatever the program was started as; without one, the program."""
    path = str(getattr(getattr(error, "ctx", None), "command_path", ""))
    return f"agentctl{path.partition('agentctl')[2]}"
