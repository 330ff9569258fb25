"""An index that an older version made becomes what it would be if it were made anew, or is made anew; nothing lies between."""

import shutil
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import cast

import duckdb
import pytest

from agentctl.trace.index import database as database_module
from agentctl.trace.index import migrations
from agentctl.trace.index.database import SCHEMA_VERSION, opened
from agentctl.trace.index.migrations import leads, walk
from agentctl.trace.index.query_texts import query_names
from agentctl.trace.index.reading import Reader
from agentctl.trace.index.store import Index, Ingested, put_aside
from tests.fakes.recorded_index import RECORDED, lay_index, lay_journals, written_down
from tests.forks import exit_code_of, forked

VERSIONS = sorted(int(path.stem[1:]) for path in (RECORDED / "index").glob("v*.sql"))
OLDEST = VERSIONS[0]
RECORDS = 140


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journals of which the recorded indexes were made, and the oldest index from which steps lead to ours."""
    folder = tmp_path_factory.mktemp("recorded")
    lay_journals(folder / "journal")
    lay_index(OLDEST, folder / "old.duckdb", folder / "journal")
    return folder


@pytest.fixture
def folder(tmp_path: Path, recorded: Path) -> Path:
    """Where the journals lie."""
    return shutil.copytree(recorded / "journal", tmp_path / "journal")


@pytest.fixture
def old(tmp_path: Path, recorded: Path) -> Path:
    """Where the old index lies."""
    return Path(shutil.copy2(recorded / "old.duckdb", tmp_path))


@pytest.fixture
def index(old: Path, folder: Path) -> Index:
    """The old index, opened by the code of today."""
    return Index(old, folder, wait_seconds=0.05)


def content(database: Path) -> list[str]:
    """Return all that a database holds: tables with their columns and rows, in no order, and views."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return sorted(written_down(connection))


def shown(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what each view of a database shows."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        return {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for (name,) in names}


def version_of(database: Path) -> int:
    """Return the version that a database says it is of."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return int(connection.execute("SELECT schema_version FROM meta").fetchall()[0][0])


def change(database: Path, sql: str) -> None:
    """Do something to a database."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(sql)


class TestAnOlderIndex:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_becomes_what_it_would_be_if_it_were_made_anew(
        self, tmp_path: Path, folder: Path, version: int
    ) -> None:
        """Every table, column, row and view; and no journal is read for it."""
        brought, made = tmp_path / "brought.duckdb", tmp_path / "made.duckdb"
        lay_index(version, brought, folder)
        assert Ingested("done", brought_from=version) == Index(brought, folder).ingest()
        assert Index(made, folder).ingest().records == RECORDS
        assert content(brought) == content(made)
        assert shown(brought) == shown(made)
        assert [path for path in put_aside(brought) if path.exists()] == []

    @pytest.mark.parametrize("look", [Index.reader, Index.glance])
    def test_is_brought_forward_before_anybody_reads_it(
        self, index: Index, old: Path, look: Callable[[Index], AbstractContextManager[Reader]]
    ) -> None:
        """To read all journals instead would take much longer than to bring it forward."""
        with look(index) as reader:
            assert reader.rows("SELECT count(*) FROM events") == [(RECORDS,)]
            assert not reader.ahead
        assert (index.brought_from, version_of(old)) == (OLDEST, SCHEMA_VERSION)

    def test_is_brought_forward_by_who_catches_up(self, index: Index, old: Path) -> None:
        """Those who ask in SQL look at it at a glance first."""
        index.catch_up()
        assert version_of(old) == SCHEMA_VERSION

    def test_is_gone_round_while_others_read_it(self, index: Index, old: Path, folder: Path) -> None:
        """Who reads the old version goes on undisturbed; who comes reads the journals, and nothing waits."""
        other = Index(old, folder)
        with other.shared(), duckdb.connect(str(old), read_only=True) as before, index.reader() as reader:
            assert reader.rows("SELECT count(*) FROM events") == [(RECORDS,)]
            assert reader.ahead
            assert before.execute("SELECT schema_version FROM meta").fetchall() == [(OLDEST,)]
        assert index.ingest().brought_from == OLDEST

    def test_is_brought_forward_once_however_many_come(self, old: Path, folder: Path) -> None:
        """Four processes at once: one of them takes the steps, and the others find them taken."""

        def come() -> None:
            assert Index(old, folder, wait_seconds=30.0).ingest().journals == 0

        comers = [forked(come) for _ in range(4)]
        assert [exit_code_of(comer) for comer in comers] == [0] * 4
        assert version_of(old) == SCHEMA_VERSION
        assert not put_aside(old)[0].exists()


class TestAStep:
    def test_that_is_killed_leaves_the_version_before_it_whole(self, index: Index, old: Path) -> None:
        """At its last moment; the next one who comes takes it from the beginning."""
        before = content(old)

        def die() -> None:
            with opened(str(old)) as connection:
                walk(cast("duckdb.DuckDBPyConnection", _KilledAtCommit(connection)), OLDEST, SCHEMA_VERSION)

        assert exit_code_of(forked(die)) == -signal.SIGKILL
        assert content(old) == before
        assert index.ingest().brought_from == OLDEST

    def test_that_finds_no_room_leaves_the_version_before_it_whole(
        self, index: Index, old: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is not put aside for that: when there is room, the step is taken."""
        before = content(old)
        with monkeypatch.context() as patch:
            patch.setattr(database_module, "walk", _no_room)
            assert index.ingest() == Ingested("unavailable", detail="Failed: No space left on device")
        assert content(old) == before
        assert index.ingest().brought_from == OLDEST

    def test_that_fails_is_not_taken_and_the_index_is_made_anew(self, index: Index, old: Path) -> None:
        """An index that is not what its version says is put aside, as it was."""
        change(old, "ALTER TABLE spend RENAME COLUMN run TO ran")
        before = content(old)
        done = index.ingest()
        assert (done.records, done.brought_from) == (RECORDS, None)
        assert content(put_aside(old)[0]) == before
        assert version_of(old) == SCHEMA_VERSION

    def test_is_not_taken_where_somebody_elses_view_stands_for_a_table(
        self, index: Index, old: Path, tmp_path: Path
    ) -> None:
        """A view could name any file, and a step would read it into the index."""
        secret = tmp_path / "secret.csv"
        secret.write_text("run,kind\nX,secret\n")
        change(old, f"DROP TABLE runs; CREATE VIEW runs AS FROM read_csv('{secret}')")
        assert index.ingest().brought_from is None
        assert put_aside(old)[0].exists()


class TestAnIndexFromWhichNoStepsLead:
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE meta SET schema_version = 5",
            "UPDATE meta SET schema_version = 99",
            "UPDATE meta SET schema_version = NULL",
        ],
    )
    def test_is_put_aside_and_made_anew(self, index: Index, old: Path, sql: str) -> None:
        """Older than the first, newer than ours, of no version at all."""
        change(old, sql)
        before = content(old)
        done = index.ingest()
        assert (done.records, done.brought_from) == (RECORDS, None)
        assert content(put_aside(old)[0]) == before

    def test_is_one_behind_a_gap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every version between must be led to."""
        monkeypatch.setattr(migrations, "query_names", lambda _: ("0002_a", "0003_b", "0005_d"))
        assert [leads(found, 3) for found in (0, 1, 2, 3, 4)] == [False, True, True, False, False]
        assert not leads(2, 5)


def test_the_last_step_leads_to_our_version() -> None:
    """Who changes tables or views writes a step to the new version, and records the index of the one before."""
    numbers = [int(name[:4]) for name in query_names("migrations")]
    assert numbers == list(range(OLDEST + 1, SCHEMA_VERSION + 1))
    assert list(range(OLDEST, SCHEMA_VERSION)) == VERSIONS


class _KilledAtCommit:
    """A connection whose process is killed when it would make its changes last."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.begin, self.execute = connection.begin, connection.execute

    def commit(self) -> None:
        """Be killed."""
        signal.raise_signal(signal.SIGKILL)


def _no_room(*_: object) -> None:
    raise duckdb.TransactionException("Failed: No space left on device\nmore")
