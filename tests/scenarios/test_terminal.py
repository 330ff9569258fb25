"""Somebody sits at the terminal: what is shown, what is asked, what an answer does."""

import os
import pty
import subprocess
import sys
import time

from tests.scenarios.conftest import Shell

# A shell gives its terminal to the commands it starts; `/dev/tty` is then where a passphrase is asked.
AT_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, '-m', 'agentctl', *sys.argv[1:]])
"""


def converse(shell: Shell, answers: list[tuple[str, str]], *arguments: str) -> tuple[int, str]:
    """Type `agentctl` at a pseudo-terminal; whenever a text appears, type the answer to it. Return exit code and screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", AT_A_TERMINAL, *arguments],
        cwd=shell.folder,
        env={**shell.environment, "TERM": "xterm", "COLUMNS": "100"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    screen, answered, waiting, deadline = "", 0, list(answers), time.monotonic() + 50
    while time.monotonic() < deadline:
        try:
            piece = os.read(ours, 65_536)
        except OSError:
            break
        if not piece:
            break
        screen += piece.decode("utf-8", "replace")
        if waiting and waiting[0][0] in screen[answered:]:
            answered = len(screen)
            os.write(ours, (waiting.pop(0)[1] + "\n").encode())
    os.close(ours)
    return process.wait(timeout=20), screen


def test_a_person_approves_at_the_terminal(shell: Shell) -> None:
    """The whole call is shown, with who asks, what it does and what is left; approved, it happens."""
    answers = [("who answers?", "alice"), ("`approve`, or `deny`", "approve")]
    code, screen = converse(shell, answers, "run", "refund-assistant", "--input", "4202")
    assert code == 0, screen
    for text in (
        "stripe.create_refund",
        "irreversible",
        "25000",
        "casey (asserted)",
        "budget left",
        "arguments, complete",
    ):
        assert text in screen


def test_a_person_denies_at_the_terminal(shell: Shell) -> None:
    """The reason reaches the record; nothing is refunded."""
    answers = [("who answers?", "bob"), ("`approve`, or `deny`", "deny too much")]
    code, screen = converse(shell, answers, "run", "refund-assistant", "--input", "4202")
    assert code == 0
    assert "bob denied it: too much" in " ".join(screen.split())


def test_no_answer_leaves_it_open(shell: Shell) -> None:
    """An empty line, or a name that is no reviewer's, suspends the run."""
    for name in ("", "casey"):
        code, screen = converse(shell, [("who answers?", name)], "run", "refund-assistant", "--input", "4202")
        assert code == 4
        assert "left open" in screen
