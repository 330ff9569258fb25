"""`agentctl audit` in this process: what is said beside an answer, and how tables are described where there is little room."""

import io
import re
import sys
from pathlib import Path

import pytest
from typing_extensions import override

from agentctl.cli.audit.commands import _offered_states
from agentctl.cli.failure import exit_code_of
from agentctl.cli.main import app
from tests.fakes.journals import refund_story, run_id, write_journal


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two runs; returns its folder."""
    (tmp_path / "agentctl.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for number in range(2):
        write_journal(tmp_path / "traces" / "journal", run_id(number), refund_story(run_id(number)))
    return tmp_path


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Type a command; return its exit code and what it said, on lines of any length."""
    code = exit_code_of(app, ["audit", *words])
    out, err = capsys.readouterr()
    return code, out, " ".join(err.split())


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("query", "--tool", "stripe.refnd"),
            "warning: no run ever had the tool `stripe.refnd`; did you mean `stripe.refund`?",
        ),
        (("spend-by", "--agent", "x"), "warning: no run ever had the agent `x`; they had `refund-assistant`"),
        (("why-denied", "01zz/0"), "warning: no run's id begins with `01zz`"),
        (("in-doubt", "latest"), ""),
        (("in-doubt", run_id(1)[:20]), ""),
        (("touched", "nothing"), ""),
    ],
)
def test_where_nothing_was_found_a_name_that_nothing_has_is_told(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    """An empty answer to a mistyped question passes for no answer."""
    assert typed(capsys, *words) == (0, "nothing was found\n", said)


@pytest.mark.usefixtures("told")
def test_the_newest_run_is_named_as_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    """`latest` is what other commands take too."""
    code, out, _ = typed(capsys, "who-approved", "latest", "--format", "jsonl")
    assert (code, [line.count(run_id(1)) for line in out.splitlines()]) == (0, [1])


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("query", "--status", "refusd"), "`refusd` is no status of `runs`; accepted: `running`,"),
        (("query", "--seconds", "nan"), "accepted: "),
        (("query", "--since", "0001-01-01T00:00+14:00"), "is no moment"),
        (("query", "-"), "the SQL on stdin is not UTF-8; accepted: text in UTF-8"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    """Words, numbers, moments and bytes that are none: one sentence, no traceback."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"SELECT '\xff'")))
    code, out, err = typed(capsys, *words)
    assert (code, out, said in err) == (2, "", True)


def test_states_of_runs_and_calls_are_offered() -> None:
    """Each once."""
    assert _offered_states("in_") == ["in_doubt"]
    assert _offered_states("ref") == ["refused"]


class _Tty(io.StringIO):
    """A terminal."""

    @override
    def isatty(self) -> bool:
        """Return that it is one."""
        return True


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (
            50,
            ["time  TIMESTAMP, UTC", "  When.", "role  VARCHAR", "  `user`, `assistant` or `tool`."],
        ),
        (120, ["time       TIMESTAMP  UTC     When."]),
    ],
)
def test_a_table_is_described_in_the_room_there_is(
    monkeypatch: pytest.MonkeyPatch, columns: int, lines: list[str]
) -> None:
    """Where words would be broken each column has lines of its own."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", shown := _Tty())
    assert exit_code_of(app, ["audit", "tables", "messages"]) == 0
    printed = re.sub(r"\x1b\[[0-9;]*m", "", shown.getvalue()).splitlines()
    assert max(map(len, printed)) <= columns
    assert "|".join(lines) in "|".join(printed)
