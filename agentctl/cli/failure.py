"""The border of the command line: every known error becomes a sentence and an exit code; the unknown ones are bugs."""

import traceback
from collections.abc import Sequence

import typer

from agentctl.cli.terminal import Terminal
from agentctl.foundation.errors import AgentctlError, ExitCode, UsageError


def exit_code_of(app: typer.Typer, arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; a command that returns nothing went well."""
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
        terminal.error(UsageError(str(error), "what `--help` shows"))
        return ExitCode.INVALID
    except Exception:  # noqa: BLE001 - a bug: shown whole, and told apart from every answer a command can give
        traceback.print_exc()
        return ExitCode.INTERNAL
