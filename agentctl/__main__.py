"""`python -m agentctl` and the `agentctl` command."""

import gc
import os
import sys

# Nearly all that is made while a command loads stays until its end; to look for rubbish in it costs a twentieth of the start.
# A whole run makes a hundred thousand objects.
gc.set_threshold(200_000, 20, 50)
# Nothing that is installed beside us looks into what we validate; to search all packages for it costs another hundredth.
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"  # noqa: TID251 - read by the library while it is loaded

try:
    from agentctl.cli.main import main as command_line
    from agentctl.foundation.errors import ExitCode
except KeyboardInterrupt:  # Ctrl-C before anything was begun
    os._exit(130)


def main() -> None:
    """Run the command line and end this process.

    All is closed by then; taking the interpreter apart would only keep whoever waits for a tenth of a second longer.
    """
    _open_missing_streams()
    try:
        command_line()
    except SystemExit as end:
        if isinstance(end.code, int):
            _leave(end.code)
        raise


def _open_missing_streams() -> None:
    """Let the standard streams that whoever started us had closed lead nowhere.

    Else a journal would be the next file that is opened, and have the number to which others write what goes wrong.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            setattr(sys, name, os.fdopen(descriptor, "w" if number else "r", encoding="utf-8"))


def _leave(code: int) -> None:
    """End this process where everything that was printed has arrived, or where nobody is left to read it."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        os._exit(ExitCode.UNHEARD)
    except OSError:
        if code != ExitCode.UNHEARD:
            return  # the interpreter complains of it
    os._exit(code)


if __name__ == "__main__":
    main()
