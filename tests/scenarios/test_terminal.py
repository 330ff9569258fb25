"""Somebody sits at the terminal: what is shown, what is asked, what an answer does."""

import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tests.fakes.screen import Screen
from tests.scenarios.conftest import Shell

# A shell gives its terminal to the commands it starts; `/dev/tty` is then where a passphrase is asked.
AT_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, '-m', 'agentctl', *sys.argv[1:]])
"""


Answer: TypeAlias = str | bytes | tuple[int, int]
"""What is done when a text appears: a line or a key is typed, or the terminal becomes so many columns and rows large."""


@dataclass
class Talk:
    """What somebody at a terminal saw of a command."""

    code: int
    screen: Screen
    seen: list[str]
    """The whole screen, each time that something was sent to it."""

    @property
    def text(self) -> str:
        """All that was told, without how it was broken into lines."""
        return " ".join(" ".join(self.screen.told).split())


def converse(
    shell: Shell, answers: Sequence[tuple[str, Answer]], *arguments: str, size: tuple[int, int] = (100, 30)
) -> Talk:
    """Type `agentctl` at a pseudo-terminal; whenever a text appears, do what is to be done then."""
    ours, theirs = pty.openpty()
    columns, height = size
    termios.tcsetwinsize(theirs, (height, columns))
    process = subprocess.Popen(
        [sys.executable, "-c", AT_A_TERMINAL, *arguments],
        cwd=shell.folder,
        env={**shell.environment, "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    screen, seen, waiting, sent = Screen(columns, height), list[str](), list(answers), ""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and (piece := _read(ours)):
        screen.feed(piece)
        sent += piece.decode("utf-8", "replace")
        seen.append(" ".join(screen.seen))
        if waiting and waiting[0][0] in sent:
            sent = ""
            _do(ours, screen, waiting.pop(0)[1])
    os.close(ours)
    return Talk(process.wait(timeout=60), screen, seen)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # everybody at the other end is gone
        return b""


def _do(terminal: int, screen: Screen, answer: Answer) -> None:
    match answer:
        case str():
            os.write(terminal, f"{answer}\n".encode())
        case bytes():
            os.write(terminal, answer)
        case columns, height:
            screen.resize(columns, height)
            termios.tcsetwinsize(terminal, (height, columns))


REFUND = ("run", "refund-assistant", "--input", "4202")


def test_a_person_approves_at_the_terminal(shell: Shell) -> None:
    """The whole call is shown, with who asks, what it does and what is left; approved, it happens.

    What goes on is shown below while it goes on. The terminal becomes narrower in between, and the story stays whole.
    """
    answers: list[tuple[str, Answer]] = [
        ("deciding what comes next", (70, 20)),
        ("who answers?", "alice"),
        ("`approve`, or `deny`", "approve it is right"),
    ]
    talk = converse(shell, answers, *REFUND)
    assert talk.code == 0, talk.text
    for text in (
        "stripe.create_refund",
        "irreversible",
        "25000",
        "casey (asserted)",
        "budget left",
        "arguments, complete",
        "step 0 scripted-small: ",
        "call 2/0 alice: approve: it is right",
        "call 2/0 stripe.create_refund (irreversible): approved, ok, ",
        "I refunded charge",
    ):
        assert text in talk.text
    assert any("deciding what comes next cost 0" in seen for seen in talk.seen)
    assert "deciding what comes next" not in talk.text  # only the story is left
    asked = [seen for seen in talk.seen if seen.endswith("nothing leaves it open):")]
    assert asked
    assert not any("cost 0" in seen for seen in asked)


def test_a_person_denies_at_the_terminal(shell: Shell) -> None:
    """The reason reaches the record; nothing is refunded. A small terminal is large enough."""
    answers: list[tuple[str, Answer]] = [
        ("who answers?", "bob"),
        ("`approve`, or `deny`", "deny too much"),
    ]
    talk = converse(shell, answers, *REFUND, size=(40, 20))
    assert talk.code == 0
    assert "bob denied it: too much" in talk.text


def test_no_answer_leaves_it_open(shell: Shell) -> None:
    """An empty line, or Ctrl-C, suspends the run; after a name that is no reviewer's it is asked again."""
    for typed in ("", "casey\n", b"\x03"):
        talk = converse(shell, [("who answers?", typed)], *REFUND)
        assert talk.code == 4
        assert "left open" in talk.text


def test_who_wants_plain_lines_gets_them_at_a_terminal_too(shell: Shell) -> None:
    """Nothing is drawn anew, and there are no colours."""
    shell.variables["NO_COLOR"] = "1"
    talk = converse(shell, [], "run", "refund-assistant")
    assert talk.code == 0
    assert "call 0/0 zendesk.read_ticket (read), attempt 1" in talk.text
    assert not any("cost 0 of" in seen for seen in talk.seen)
