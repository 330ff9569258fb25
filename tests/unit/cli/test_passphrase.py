"""Asking for a passphrase, and what is said where nobody types one."""

import getpass

import pytest

from agentctl.cli import passphrase
from agentctl.cli.passphrase import ask_passphrase, new_passphrase
from agentctl.foundation.errors import UsageError


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str | BaseException]:
    """Return what somebody will type at their terminal, or do instead."""
    lines: list[str | BaseException] = []

    def line(_: str) -> str:
        said = lines.pop(0)
        if isinstance(said, BaseException):
            raise said
        return said

    monkeypatch.setattr(passphrase, "_there_is_a_terminal", lambda: True)
    monkeypatch.setattr(getpass, "getpass", line)
    return lines


def test_what_was_typed_twice_is_taken(typed: list[str | BaseException]) -> None:
    """As it was typed."""
    typed += ["größer als 1", "größer als 1"]
    assert new_passphrase() == "größer als 1"


@pytest.mark.parametrize(
    ("lines", "why"), [(["a", "b"], "differ"), ([""], "is empty"), ([EOFError()], "is empty")]
)
def test_anything_else_is_refused(
    typed: list[str | BaseException], lines: list[str | BaseException], why: str
) -> None:
    """Two that differ, and none."""
    typed += lines
    with pytest.raises(UsageError, match=why):
        new_passphrase()


@pytest.mark.parametrize("end", [EOFError(), KeyboardInterrupt()], ids=["Ctrl-D", "Ctrl-C"])
def test_what_follows_does_not_stand_behind_the_prompt(
    typed: list[str | BaseException], end: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line of the prompt is ended by whoever typed nothing, too."""
    typed.append(end)
    if isinstance(end, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            ask_passphrase("passphrase: ")
    else:
        assert ask_passphrase("passphrase: ") == ""
    assert capsys.readouterr().err == "\n"
