"""A question sees the same rows wherever they lie, and reads few of them whole where few are shown."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agentctl.audit.tables import tables
from agentctl.trace.index import reading
from agentctl.trace.index.reading import connect_for_reading, leave_out_other_kinds, take_in
from agentctl.trace.index.store import Index
from tests.fakes.journals import refund_story, run_id, started, write_journal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OF_EVERYBODY = {"journals", "contents", "evals", "trials", "scores", "replays", "labels"}
_ABOUT_RUNS = [table for table in tables() if table.name not in _OF_EVERYBODY]


def write(folder: Path, number: int, kind: str = "live") -> Path:
    """Write the journal of a run of some kind."""
    _, *later = refund_story(run_id(number))
    begun = started(run_id(number))
    envelope = begun.envelope.model_copy(update={"kind": kind})
    return write_journal(folder, run_id(number), [begun.model_copy(update={"envelope": envelope}), *later])


@contextmanager
def connected(database: Path | None, folder: Path) -> "Iterator[DuckDBPyConnection]":
    """A connection that sees everything."""
    connection, _ = connect_for_reading(database, folder)
    with closing(connection):
        yield connection


def numbers(connection: "DuckDBPyConnection", table: str) -> set[int]:
    """Return the numbers of the runs of which a table shows something."""
    if table == "contracts":
        ((runs,),) = connection.execute("SELECT sum(runs)::BIGINT FROM contracts").fetchall()
        return set(range(runs))
    found = connection.execute(f"SELECT DISTINCT run FROM {table}").fetchall()  # noqa: S608 - our own words
    return {int(run[-2:]) for (run,) in found}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two live runs, and one of an eval, none of them in an index."""
    folder = tmp_path / "journal"
    for number, kind in enumerate(("live", "live", "eval")):
        write(folder, number, kind)
    return folder


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where their index will be."""
    return tmp_path / "index.duckdb"


@pytest.mark.parametrize("taken_in", ["nothing", "all", "some", "little"])
def test_runs_of_other_kinds_are_left_out_wherever_they_lie(
    folder: Path, database: Path, taken_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the index alone, in journals alone, and in both; then there may be few runs or many that changed."""
    if taken_in != "nothing":
        Index(database, folder).ingest()
    if taken_in in {"some", "little"}:
        monkeypatch.setattr(reading, "_FEW", 0 if taken_in == "little" else 50)
        for number, kind in ((0, "live"), (3, "eval"), (4, "live")):
            write(folder, number, kind)
    live = {0, 1, 4} if taken_in in {"some", "little"} else {0, 1}
    with connected(database, folder) as connection:
        everybody = numbers(connection, "runs")
        assert everybody > live
        leave_out_other_kinds(connection, "live")
        for table in _ABOUT_RUNS:
            assert numbers(connection, table.name) in (live, {*range(len(live))}, set()), table.name
        assert numbers(connection, "journals") == everybody


def test_a_run_is_left_out_of_every_table_that_shows_it(folder: Path, database: Path) -> None:
    """And of none when everybody is asked for."""
    Index(database, folder).ingest()
    with connected(database, folder) as connection:
        before = {table.name: numbers(connection, table.name) for table in _ABOUT_RUNS}
        leave_out_other_kinds(connection, "eval")
        after = {table.name: numbers(connection, table.name) for table in _ABOUT_RUNS}
    showing = {name for name, found in before.items() if len(found) == 3}
    assert showing > {"runs", "events", "spans", "messages", "decisions", "tool_calls", "writes", "spend"}
    assert {name: len(after[name]) for name in showing} == dict.fromkeys(showing, 1)


@pytest.mark.parametrize("kind", [None, "live"])
def test_no_join_stands_between_a_question_and_the_index(
    folder: Path, database: Path, kind: str | None
) -> None:
    """The newest rows of a table of the index are found in its time alone; only they are read whole."""
    Index(database, folder).ingest()
    with connected(database, folder) as connection:
        if kind:
            leave_out_other_kinds(connection, kind)
        for table in ("runs", "events", "tool_calls", "model_calls", "decisions", "spend"):
            time = next(one.time for one in tables() if one.name == table)
            sql = f"EXPLAIN SELECT * FROM {table} ORDER BY {time} DESC LIMIT 1"  # noqa: S608 - our own words
            plan = str(connection.execute(sql).fetchall())
            assert "MARK" not in plan
            assert "UNION" not in plan.upper()


def test_one_more_journal_can_be_taken_in(folder: Path) -> None:
    """Where there is no index."""
    with connected(None, folder.parent / "nowhere") as connection:
        take_in(connection, write(folder, 7))
        assert numbers(connection, "events") == {7}


def test_an_index_catches_up_with_what_can_be_seen_at_a_glance(folder: Path, database: Path) -> None:
    """New runs, and those that went on; where nothing is new it is left alone."""
    index = Index(database, folder)
    index.catch_up()
    assert not database.exists()
    index.ingest()
    before = database.read_bytes()
    index.catch_up()
    assert database.read_bytes() == before
    write(folder, 5)
    index.catch_up()
    with connected(database, folder) as connection:
        assert connection.execute("SELECT count(*) FROM fresh.outdated").fetchall() == [(0,)]
        assert numbers(connection, "events") == {0, 1, 2, 5}


def test_a_database_that_is_no_index_is_behind(folder: Path, database: Path) -> None:
    """It is put aside, and made anew."""
    database.write_bytes(b"something else")
    Index(database, folder).catch_up()
    with connected(database, folder) as connection:
        assert numbers(connection, "indexed.main.events") == {0, 1, 2}
