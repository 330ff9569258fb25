"""Asking for a passphrase: at a terminal, without showing it, and nowhere else."""

import getpass
import os
import sys

from agentctl.foundation.errors import UsageError


def ask_passphrase(prompt: str) -> str | None:
    """Return what is typed at the terminal; None where there is none. A pipe is no terminal, whatever it says."""
    if not _there_is_a_terminal():
        return None
    try:
        return getpass.getpass(prompt)
    except (EOFError, KeyboardInterrupt) as end:
        sys.stderr.write("\n")  # what is said next does not stand behind the prompt
        if isinstance(end, KeyboardInterrupt):
            raise
        return ""


def new_passphrase() -> str:
    """Return a passphrase that was typed twice.

    Raises:
        UsageError: there is no terminal, nothing was typed, or not the same twice.
    """
    first = ask_passphrase("new passphrase: ")
    if first is None:
        raise UsageError(
            "a passphrase is asked at a terminal, and there is none", "`--public-key`, or a terminal"
        )
    if not first:
        raise UsageError("the passphrase is empty", "a passphrase that nobody guesses")
    if ask_passphrase("the same again: ") != first:
        raise UsageError("the two passphrases differ", "the same passphrase twice")
    return first


def _there_is_a_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
