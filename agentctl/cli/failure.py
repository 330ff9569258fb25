"""The border of the command line: every known error becomes a sentence and an exit code; the unknown ones are bugs."""

import sys
import traceback
from collections.abc import Sequence

import typer

from agentctl.cli.terminal import Terminal
from agentctl.foundation.errors import AgentctlError, ExitCode, UsageError


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
        return int(app(args=list(arguments), standalone_mode=False) or ExitCode.OK)
    except AgentctlError as error:
        terminal.error(error)
        return error.exit_code
    except typer.Exit as end:
        return end.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except typer.TyperException as error:
        _complain(terminal, str(error))
        return ExitCode.INVALID
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - a bug: shown whole, and told apart from every answer a command can give
        traceback.print_exc()
        return ExitCode.INTERNAL


def _complain(terminal: Terminal, what: str) -> None:
    """Say what is wrong with a command line; one without a command is answered with the help."""
    if what.startswith("Usage: ") and not terminal.as_json:
        sys.stderr.write(f"{what}\n")
    else:
        terminal.error(UsageError(what, "what `--help` shows"))
