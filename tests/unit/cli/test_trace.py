"""`agentctl trace rebuild` makes the database from the journals, or says why it cannot."""

import fcntl
import json
import os
import threading
from pathlib import Path

import pytest

from agentctl.cli import trace
from agentctl.foundation.errors import InvalidInput, LockedError
from tests.fakes.journals import refund_story, run_id, write_journal


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two runs, that the command is typed in."""
    (tmp_path / "agentctl.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for number in (1, 2):
        write_journal(tmp_path / "traces" / "journal", run_id(number), refund_story(run_id(number)))
    return tmp_path


def rebuild(*words: str) -> int:
    """Type `agentctl trace rebuild`."""
    return int(trace.app(["rebuild", *words], standalone_mode=False))


def test_it_says_how_much_there_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As text and as JSON; a broken database is no obstacle."""
    database = project / "traces" / "agentctl.duckdb"
    database.write_text("not a database")
    assert rebuild() == 0
    assert capsys.readouterr().out == "2 journals, 52 records\n"
    assert rebuild("--json") == 0
    expected = {"state": "done", "journals": 2, "records": 52, "detail": ""}
    assert json.loads(capsys.readouterr().out) == expected


def test_somebody_else_using_it_is_an_error_of_its_own(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked for a rebuild learns that there was none."""
    monkeypatch.setattr(trace, "_PATIENCE_SECONDS", 0.05)
    descriptor = os.open(project / "traces" / "agentctl.duckdb.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        with pytest.raises(LockedError, match="another process is using the database"):
            rebuild()
    finally:
        os.close(descriptor)


def test_those_who_read_are_waited_for(project: Path) -> None:
    """They come and go; whoever asked for a rebuild gets it once they are gone."""
    descriptor = os.open(project / "traces" / "agentctl.duckdb.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    threading.Timer(1.0, os.close, [descriptor]).start()  # longer than anybody waits who only comes by
    assert rebuild() == 0


def test_a_place_that_cannot_hold_it_is_named(project: Path) -> None:
    """The error says which file, and what would be accepted."""
    (project / "traces" / "agentctl.duckdb.lock").mkdir()
    with pytest.raises(InvalidInput, match=r"traces/agentctl\.duckdb: cannot be made: .*; accepted: a file"):
        rebuild()
