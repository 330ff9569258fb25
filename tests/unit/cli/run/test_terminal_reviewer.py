"""Whoever sits at the terminal is asked for a name and a word, and is not waited for once the run is to stop."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pytest

from agentctl.approval.reviewer import Case, Evidence, Opinion
from agentctl.cli.run.terminal_reviewer import TerminalReviewer
from agentctl.cli.screen.terminal import Terminal
from agentctl.composition import Project
from agentctl.composition.people import answers
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.errors import UsageError
from tests.fakes.journals import RUN, requested

CALL = f"{RUN}/0/0"


@dataclass
class Seat:
    """Somebody at a terminal: what they type, and what they saw."""

    reviewer: TerminalReviewer
    seen: io.StringIO
    typing: int

    def type(self, *lines: str) -> None:
        """Type some lines."""
        for line in lines:
            os.write(self.typing, f"{line}\n".encode())


class LineByLine(io.RawIOBase):
    """A pipe that gives one line at a time, as a terminal does."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """Return what can be waited for."""
        return self._descriptor

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # text, as sys.stdin gives it
        """Return the next line."""
        del size
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self._descriptor, 1)
        return line.decode()


@pytest.fixture
def seat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seat]:
    """A seat in a project where alice has no key."""
    reading, typing = os.pipe()
    monkeypatch.setattr("sys.stdin", LineByLine(reading))
    monkeypatch.setattr(answers, "must_sign", lambda *_: False)
    seen = io.StringIO()
    reviewer = TerminalReviewer(Terminal(out=io.StringIO(), err=seen), cast("Project", object()))
    yield Seat(reviewer, seen, typing)
    for descriptor in (reading, typing):
        os.close(descriptor)


async def nothing(reviewer: str, tool: str, arguments: JsonObject) -> Evidence:
    """Look nothing up."""
    raise AssertionError((reviewer, tool, arguments))


async def asked(seat: Seat, *, reviewers: tuple[str, ...] = ("alice", "bob")) -> Opinion | None:
    """Ask whoever sits there."""
    request = requested(CALL, "t").model_copy(update={"reviewers": reviewers})
    return await seat.reviewer.review(Case(request, {}, {}, {}, "the whole call\x1b[2J"), nothing)


async def test_a_name_and_a_word_are_an_answer(seat: Seat) -> None:
    """With the reason behind the word; a denial without one says where it came from. The call is shown first."""
    seat.type("alice", "approve it is right")
    opinion = await asked(seat)
    assert opinion is not None
    assert (opinion.answer, opinion.reason, opinion.reviewer.id) == ("approve", "it is right", "alice")
    seat.type("bob", "deny")
    opinion = await asked(seat)
    assert opinion is not None
    assert (opinion.answer, opinion.reason) == ("deny", "denied at the terminal")
    assert seat.seen.getvalue().startswith("a call waits for approval\nthe whole call\\x1b[2J\n")


@pytest.mark.parametrize("lines", [("",), ("alice", ""), ("casey", ""), ("alice", "perhaps", "")])
async def test_nothing_leaves_it_open(seat: Seat, lines: tuple[str, ...]) -> None:
    """No name, no word; what was typed before it decides nothing."""
    seat.type(*lines)
    assert await asked(seat) is None
    assert seat.seen.getvalue().endswith("left open\n")


async def test_a_slip_is_told_and_asked_about_again(seat: Seat) -> None:
    """A name that is no reviewer's, a word that is none: nobody has to resume the run for it."""
    seat.type("alcie\x1b[2J", "alice", "aprove it", "approve it")
    opinion = await asked(seat)
    assert opinion is not None
    assert (opinion.answer, opinion.reason, opinion.reviewer.id) == ("approve", "it", "alice")
    seen = seat.seen.getvalue()
    assert "`alcie\\x1b[2J` may not answer this request" in seen
    assert "`aprove` is neither" in seen


async def test_nobody_is_asked_where_no_person_may_answer(seat: Seat) -> None:
    """Rules answer for themselves."""
    assert await asked(seat, reviewers=("system:rule",)) is None
    assert seat.seen.getvalue() == ""


async def test_nobody_is_waited_for_once_the_run_is_to_stop(seat: Seat) -> None:
    """What is not answered stays open."""
    seat.reviewer.leave()
    assert await asked(seat) is None
    assert seat.seen.getvalue().endswith("left open\n")


@pytest.mark.parametrize("key", [None, "SHA256:abc"])
async def test_who_has_a_key_signs(seat: Seat, monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    """The answer is a letter in the run's inbox, where it is judged; so nothing is said here."""

    @dataclass
    class Left:
        key: str | None

    monkeypatch.setattr(answers, "must_sign", lambda *_: True)
    monkeypatch.setattr(answers, "give_answer", lambda *_: Left(key))
    seat.type("alice", "approve")
    assert await asked(seat) is None
    said = "signed with SHA256:abc\n" if key else "left for the run\n"
    assert seat.seen.getvalue().endswith(said)


async def test_a_signature_that_fails_leaves_it_open(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on."""

    def fails(*_: object) -> None:
        raise UsageError("the passphrase is wrong", "another")

    monkeypatch.setattr(answers, "must_sign", lambda *_: True)
    monkeypatch.setattr(answers, "give_answer", fails)
    seat.type("alice", "approve")
    assert await asked(seat) is None
    assert "the passphrase is wrong" in seat.seen.getvalue()
    assert seat.seen.getvalue().endswith("left open\n")
