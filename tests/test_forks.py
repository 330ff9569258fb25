"""A copy of a test's process ends where its work does, whatever the work comes to."""

import os
import signal
import sys

import pytest

from tests.forks import exit_code_of, forked


def test_its_exit_code_says_whether_the_work_was_done() -> None:
    """0 where it was; the number of a signal, negative, where one ended it."""
    assert exit_code_of(forked(lambda: None)) == 0
    assert exit_code_of(forked(lambda: os.kill(os.getpid(), signal.SIGKILL))) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (lambda: {}["x"], "KeyError"),
        (lambda: pytest.fail("no"), "Failed"),
        (lambda: sys.exit(0), "SystemExit"),
    ],
    ids=["error", "failed assertion", "exit"],
)
def test_it_never_goes_on_as_the_test(leave: object, reason: str, capfd: pytest.CaptureFixture[str]) -> None:
    """An exception ends it with 1, and why is told on standard error."""
    assert callable(leave)
    assert exit_code_of(forked(leave)) == 1
    assert reason in capfd.readouterr().err
