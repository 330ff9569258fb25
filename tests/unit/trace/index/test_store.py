"""The index holds what the journals hold, once, whatever state the database is in and whoever else uses it."""

import fcntl
import hashlib
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from agentctl.events.record import Record, body_of
from agentctl.events.tool import GrantUse, ToolAmended, ToolRefused
from agentctl.foundation.canonical import canonical_bytes
from agentctl.trace.index import batches, store
from agentctl.trace.index.reading import Damage, Reader
from agentctl.trace.index.store import Index, Ingested
from agentctl.trace.journals.chain import line_of
from tests.fakes.journals import (
    chained,
    decided,
    intended,
    journal_bytes,
    proposed,
    refund_story,
    requested,
    run_id,
    started,
    write_journal,
)

COUNT = "SELECT count(*), count(DISTINCT (run, seq)) FROM events"
STORY = len(refund_story())
_HEADERS, _BLOCK = 3 * 4096, 256 * 1024  # the form of a DuckDB file
TABLES = (
    "events",
    "journals",
    "runs",
    "routes",
    "model_calls",
    "tool_calls",
    "reads",
    "writes",
    "decisions",
    "approvals",
    "spend",
    "messages",
    "overrides",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journals lie."""
    return tmp_path / "journal"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the database is to be."""
    return tmp_path / "agentctl.duckdb"


@pytest.fixture
def index(database: Path, folder: Path) -> Index:
    """An index that does not wait long."""
    return Index(database, folder, wait_seconds=0.05)


def write_story(folder: Path, number: int = 0, *, torn: bytes = b"") -> Path:
    """Write one whole run."""
    return write_journal(folder, run_id(number), refund_story(run_id(number)), torn=torn)


def counted(index: Index) -> tuple[int, int]:
    """Return how many records a reader sees, and how many different ones."""
    with index.reader() as reader:
        (found,) = reader.rows(COUNT)
    return found  # type: ignore[return-value]  # two counts


def stored(database: Path) -> int:
    """Return how many records stand in the database itself."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return int(connection.execute("SELECT count(*) FROM events").fetchall()[0][0])


def damage(index: Index) -> tuple[Damage, ...]:
    """Return what a reader finds damaged."""
    with index.reader() as reader:
        return reader.damaged()


def held(folder: Path) -> tuple[tuple[int, int], tuple[Damage, ...]]:
    """Return how many records the journals hold, and how many different ones, and what is damaged; without a database."""
    with Reader(None, folder) as reader:
        ((count, different),) = reader.rows(COUNT)
        return (int(str(count)), int(str(different))), reader.damaged()


@contextmanager
def another_process(code: str, *arguments: Path) -> Iterator[subprocess.Popen[str]]:
    """Run code that says when it is ready, and end it afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.communicate("")


class TestIngesting:
    def test_takes_over_every_record_and_keeps_the_file_private(
        self, index: Index, folder: Path, database: Path
    ) -> None:
        """All journals are in the database afterwards, and nobody else may read it."""
        write_story(folder, 0)
        write_story(folder, 1)
        assert Ingested("done", 2, 2 * STORY) == index.ingest()
        assert stored(database) == 2 * STORY
        assert database.stat().st_mode & 0o777 == 0o600

    def test_no_file_of_a_database_is_open_to_others_for_a_moment(
        self, index: Index, folder: Path, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither one whose making failed, on a full disk say, nor the log of what is written to one."""
        write_story(folder)
        seen: dict[str, int] = {}

        def fail(_: object) -> None:
            seen.update({file.name: file.stat().st_mode & 0o777 for file in database.parent.glob("*duckdb*")})
            raise duckdb.IOException("No space left on device")

        monkeypatch.setattr(store, "note_dates", lambda connection, _: fail(connection))
        assert index.ingest().state == "unavailable"
        monkeypatch.setattr(store, "create_everything", fail)
        assert index.rebuild().state == "unavailable"
        assert {f"{database.name}.wal", database.name} <= seen.keys()
        assert set(seen.values()) == {0o600}

    def test_does_nothing_the_second_time(self, index: Index, folder: Path, database: Path) -> None:
        """What is there already is not taken again."""
        write_story(folder)
        index.ingest()
        assert Ingested("done") == index.ingest()
        assert stored(database) == STORY

    def test_takes_what_was_added_since(self, index: Index, folder: Path) -> None:
        """A journal that grew is there whole, and once."""
        events = refund_story(run_id(0))
        write_journal(folder, run_id(0), events[:5])
        index.ingest()
        write_journal(folder, run_id(0), events)
        assert Ingested("done", 1, STORY) == index.ingest()
        assert counted(index) == (STORY, STORY)

    def test_forgets_a_journal_that_is_gone(self, index: Index, folder: Path, database: Path) -> None:
        """The index is a function of the journals: what is gone there is gone here."""
        path = write_story(folder, 0)
        write_story(folder, 1)
        index.ingest()
        path.unlink()
        assert counted(index) == (STORY, STORY)
        assert stored(database) == STORY

    def test_needs_no_database_where_there_is_no_journal(self, index: Index, database: Path) -> None:
        """A project without runs gets an empty answer and no file."""
        assert Ingested("done") == index.ingest()
        assert counted(index) == (0, 0)
        assert not database.exists()

    def test_loads_in_batches(
        self, index: Index, folder: Path, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """More journals than fit into one batch are loaded all the same."""
        monkeypatch.setattr(batches, "_BYTES", 1)
        for number in range(3):
            write_story(folder, number)
        assert index.ingest().records == 3 * STORY
        assert stored(database) == 3 * STORY


class TestJournalsThatAreNotWhole:
    def test_a_torn_tail_is_ignored(self, folder: Path) -> None:
        """Bytes after the last newline were never exposed; they are neither a record nor damage."""
        write_story(folder, torn=b'{"v":1,"run":"01')
        assert held(folder)[0] == (STORY, STORY)
        assert held(folder)[1] == ()

    @pytest.mark.parametrize(
        ("found", "instead"),
        [
            (b'"amount":4900', b'"amount":4901'),
            (b'"seq":11', b'"seq":12'),
            (b'"v":2}', b'"v":3}'),
            (b'"epoch":1', b'"epoch":"x"'),
            (b"zendesk.read_ticket", b"\xff\xfe"),
            (b'{"data":', b'{"dta":'),
            (b"}\n", b"]\n"),
        ],
    )
    def test_what_follows_a_line_that_was_changed_is_not_believed(
        self, folder: Path, found: bytes, instead: bytes
    ) -> None:
        """Records count up to the first line that is not the next link of the chain, and the journal is named."""
        path = write_story(folder)
        whole = path.read_bytes()
        assert found in whole
        path.write_bytes(whole.replace(found, instead, 1))
        (harm,) = held(folder)[1]
        assert (harm.run, harm.path, harm.lines) == (run_id(0), f"2026-03-14/{run_id(0)}.jsonl", STORY)
        assert harm.records < STORY
        assert held(folder)[0] == (harm.records, harm.records)

    def test_a_line_left_out_breaks_the_chain(self, folder: Path) -> None:
        """A whole record that was removed is noticed by its successor."""
        path = write_story(folder)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:7] + lines[8:]))
        assert [harm.records for harm in held(folder)[1]] == [7]

    def test_records_of_another_run_do_not_count(self, folder: Path) -> None:
        """A journal under another run's name holds nothing."""
        path = write_story(folder)
        path.rename(path.with_name(f"{run_id(9)}.jsonl"))
        assert held(folder)[0] == (0, 0)
        assert [(harm.run, harm.records) for harm in held(folder)[1]] == [(run_id(9), 0)]

    def test_a_chain_that_was_forged_with_another_link_does_not_count(self, folder: Path) -> None:
        """A record whose own hash holds but that names another predecessor is not believed."""
        records = chained(run_id(0), refund_story(run_id(0)))
        forged = replace(records[5], prev="1" * 64)
        forged = replace(forged, hash=_hash(forged))
        path = write_story(folder)
        path.write_bytes(b"".join(map(line_of, [*records[:5], forged, *records[6:]])))
        assert [harm.records for harm in held(folder)[1]] == [5]

    def test_a_journal_that_cannot_be_read_is_named_and_tried_again(self, index: Index, folder: Path) -> None:
        """A file that cannot be read hides no other, and is read once it can be."""
        write_story(folder, 1)
        path = folder / "2026-03-14" / f"{run_id(0)}.jsonl"
        path.mkdir()
        assert damage(index) == (Damage(run_id(0), f"2026-03-14/{run_id(0)}.jsonl", 0, None),)
        assert counted(index) == (STORY, STORY)
        path.rmdir()
        write_story(folder, 0)
        assert damage(index) == ()
        assert counted(index) == (2 * STORY, 2 * STORY)


class TestReading:
    def test_sees_what_is_not_in_the_database_yet_and_brings_it_there(
        self, index: Index, folder: Path, database: Path
    ) -> None:
        """The index and the journals ahead of it are one; afterwards the index has caught up."""
        events = refund_story(run_id(0))
        write_journal(folder, run_id(0), events[:9])
        write_story(folder, 1)
        index.ingest()
        write_journal(folder, run_id(0), events)
        write_story(folder, 2)
        with index.reader() as reader:
            assert reader.rows(COUNT) == [(3 * STORY, 3 * STORY)]
            assert reader.ahead
            assert stored(database) == STORY + 9
        assert stored(database) == 3 * STORY

    def test_two_readers_share_the_database(self, index: Index, folder: Path) -> None:
        """A reader does not shut another one out."""
        write_story(folder)
        index.ingest()
        with index.reader() as one, index.reader() as other:
            assert one.rows(COUNT) == other.rows(COUNT) == [(STORY, STORY)]
            assert not one.ahead
            assert not other.ahead

    def test_a_reader_can_change_nothing_and_reach_no_file(
        self, index: Index, folder: Path, tmp_path: Path
    ) -> None:
        """The tables cannot be written, no file be read or written, and no setting be changed back."""
        write_story(folder)
        index.ingest()
        with index.reader() as reader:
            for sql in (
                "DELETE FROM indexed.main.events",
                f"COPY events TO '{tmp_path / 'out.csv'}'",
                f"FROM read_text('{tmp_path / 'agentctl.duckdb.lock'}')",
                f"ATTACH '{tmp_path / 'other.duckdb'}'",
                "SET enable_external_access = true",
                "SET lock_configuration = false",
            ):
                with pytest.raises(duckdb.Error):
                    reader.rows(sql)
            assert reader.rows(COUNT) == [(STORY, STORY)]
            assert not reader.found_damage

    def test_every_table_is_the_same_in_memory_and_in_the_database(
        self, index: Index, folder: Path, database: Path
    ) -> None:
        """A reader that had to go round the database answers as the database does, and as a rebuilt one."""
        for number in range(3):
            write_story(folder, number)
        with Reader(None, folder) as reader:
            expected = {name: sorted(map(repr, reader.rows(f"FROM {name}"))) for name in TABLES}
        index.ingest()
        assert _tables(database) == expected
        assert Ingested("done", 3, 3 * STORY) == index.rebuild()
        assert _tables(database) == expected

    def test_a_path_with_a_quote_is_only_a_path(self, tmp_path: Path) -> None:
        """The database's name never becomes SQL, the journals' folder never a pattern."""
        odd = tmp_path / "it's [a] *dir*"
        write_story(odd / "journal")
        index = Index(odd / "a'b.duckdb", odd / "journal")
        assert index.ingest().records == STORY
        assert counted(index) == (STORY, STORY)


class TestReadsAndWrites:
    def rows(self, folder: Path, sql: str) -> list[tuple[object, ...]]:
        """Return what a reader of the journals answers."""
        with Reader(None, folder) as reader:
            return reader.rows(sql)

    def test_each_call_is_in_exactly_one_of_the_two_views(self, folder: Path) -> None:
        """Refused and waiting calls, unknown tools and a reviewer's look-ups too; the columns are the same."""
        call = f"{run_id(1)}/0/0"
        waiting = [proposed(call, "t.x", {}), decided(call, "needs_approval"), requested(call, "t.x")]
        write_story(folder)
        write_journal(folder, run_id(1), [started(run_id(1)), *waiting])
        counted = """
            WITH acted AS (SELECT run, call FROM reads UNION ALL SELECT run, call FROM writes)
            SELECT count(*), count(DISTINCT (run, call)) FROM acted
        """
        assert self.rows(folder, counted) == [(5, 5)]
        assert self.rows(folder, "SELECT count(*) FROM tool_calls") == [(5,)]
        columns = "SELECT column_name FROM (DESCRIBE {}) ORDER BY ALL"
        assert self.rows(folder, columns.format("reads")) == self.rows(folder, columns.format("writes"))

    def test_a_read_is_in_the_one_and_a_refund_in_the_other(self, folder: Path) -> None:
        """What nobody knows the effect of counts as a write: it may have been meant to be one."""
        write_story(folder)
        names = "SELECT gen_ai_tool_name, effect, outcome FROM {} ORDER BY call"
        assert self.rows(folder, names.format("reads")) == [
            ("zendesk.read_ticket", "read", "ok"),
            ("stripe.read_charge", "read", "ok"),
        ]
        assert self.rows(folder, names.format("writes")) == [
            ("stripe.refund", "irreversible", "ok"),
            ("stripe.payout", None, "refused"),
        ]

    def test_a_call_that_was_never_made_is_what_its_tool_is(self, folder: Path) -> None:
        """A read that policy denied is a read: the decision says what kind of call it judged."""
        read, write = f"{run_id(0)}/0/0", f"{run_id(0)}/0/1"
        events = [
            event
            for call, effect in ((read, "read"), (write, "write"))
            for event in (
                proposed(call, "t.x", {}),
                decided(call, "deny").model_copy(update={"effect": effect}),
                ToolRefused(call=call, stage="permitted", reasons=("no",)),
            )
        ]
        write_journal(folder, run_id(0), [started(run_id(0)), *events])
        told = "SELECT call, effect, decision, attempts, principal, actor FROM {}"
        who = ("deny", 0, "casey", "agent:refund-assistant")
        assert self.rows(folder, told.format("reads")) == [(read, "read", *who)]
        assert self.rows(folder, told.format("writes")) == [(write, "write", *who)]

    def test_a_write_says_who_for_whom_and_what_allowed_it(self, folder: Path) -> None:
        """One row answers for one call: people, tool, arguments, decision, policies, approval, credential, end."""
        write_story(folder)
        found = self.rows(
            folder,
            """
            SELECT run, environment, kind, actor, principal, principal_assurance, on_behalf_of, arguments_digest,
                decision, policies, approvals, grant_used, credential_kind, credential_jti, attempts, outcome, time
            FROM writes WHERE attempts > 0
            """,
        )
        assert found == [
            (
                run_id(0),
                "sandbox",
                "live",
                "agent:refund-assistant",
                "casey",
                "asserted",
                ["helpdesk"],
                "sha256:" + "d0" * 32,
                "allow",
                ["contract:allowlist sha256:" + "a0" * 32],
                [f"{run_id(0)}-1-0-1"],
                None,
                "brokered",
                "jti-1",
                1,
                "ok",
                datetime(2026, 3, 14, 9, 0, 19),  # noqa: DTZ001 - times of the index are UTC and say so in its comment
            )
        ]

    def test_a_grant_that_stood_for_an_approval_is_named(self, folder: Path) -> None:
        """And so are the arguments that reviewers put in the place of the model's."""
        call, digest = f"{run_id(0)}/0/0", "sha256:" + "e1" * 32
        amended = ToolAmended(call=call, approval="a", by=("alice",), arguments={}, arguments_digest=digest)
        write_journal(folder, run_id(0), [started(run_id(0)), proposed(call, "t.x", {}), amended])
        assert self.rows(folder, "SELECT arguments_digest, outcome FROM writes") == [(digest, "proposed")]
        used = intended(call, "t.x", {}, effect="write")
        granted = used.model_copy(update={"grant": GrantUse(grant="g-1", amounts={})})
        write_journal(folder, run_id(0), [started(run_id(0)), proposed(call, "t.x", {}), amended, granted])
        assert self.rows(folder, "SELECT grant_used, approvals, outcome FROM writes") == [("g-1", [], "open")]


class TestADatabaseThatCannotBeUsed:
    @pytest.mark.parametrize("content", [b"", b"not a database" * 1000])
    def test_a_damaged_one_is_put_aside_and_made_again(
        self, index: Index, folder: Path, database: Path, content: bytes
    ) -> None:
        """Reading goes round it, and then it is whole again; what lay there is kept once."""
        write_story(folder)
        database.write_bytes(content)
        database.with_name("agentctl.duckdb.wal").write_bytes(b"old")
        assert counted(index) == (STORY, STORY)
        assert stored(database) == STORY
        assert database.with_name("agentctl.duckdb.aside").read_bytes() == content
        assert database.with_name("agentctl.duckdb.aside.wal").read_bytes() == b"old"

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE meta SET schema_version = 99",
            "UPDATE meta SET duckdb_version = '0.0.1'",
            "DELETE FROM meta",
            "DROP TABLE meta",
        ],
    )
    def test_one_of_another_version_is_made_again(
        self, index: Index, folder: Path, database: Path, sql: str
    ) -> None:
        """Neither a reader nor an ingest trusts tables that another version made."""
        write_story(folder)
        index.ingest()
        with duckdb.connect(str(database)) as connection:
            connection.execute("DELETE FROM events")
            connection.execute(sql)
        assert counted(index) == (STORY, STORY)
        assert stored(database) == STORY

    def test_one_whose_tables_are_views_of_somebody_else_is_not_believed(
        self, index: Index, folder: Path, database: Path, tmp_path: Path
    ) -> None:
        """A view could name any file, and would be read before the connection is locked down."""
        write_story(folder)
        index.ingest()
        secret = tmp_path / "secret.csv"
        secret.write_text("run,path,size,changed,lines,records\nX,secret,1,1,1,1\n")
        with duckdb.connect(str(database)) as connection:
            connection.execute("DROP TABLE journals")
            connection.execute(f"CREATE VIEW journals AS SELECT * FROM read_csv('{secret}')")  # noqa: S608 - a path of the test
        with index.reader() as reader:
            assert reader.rows("SELECT run FROM journals") == [(run_id(0),)]
        assert stored(database) == STORY

    def test_one_that_is_damaged_inside_is_noticed_in_the_middle_of_an_answer(
        self, index: Index, folder: Path, database: Path
    ) -> None:
        """A block that nobody had looked at yet turns out to be rotten; the answer comes from the journals."""
        for number in range(40):
            write_story(folder, number)
        index.ingest()
        _rot_data(database)
        with index.reader() as reader:
            assert len(reader.rows("SELECT data, hash FROM events")) == 40 * STORY
            assert reader.found_damage
        assert counted(index) == (40 * STORY, 40 * STORY)
        assert stored(database) == 40 * STORY

    def test_one_that_another_program_holds_is_gone_round(
        self, index: Index, folder: Path, database: Path
    ) -> None:
        """A program that knows nothing of our lock stops neither ingest nor reader."""
        write_story(folder, 0)
        index.ingest()
        write_story(folder, 1)
        hold = """
            import sys, duckdb
            held = duckdb.connect(sys.argv[1])
            print("ready", flush=True)
            sys.stdin.read()
        """
        with another_process(hold, database):
            assert Ingested("busy", detail="another program has the database open") == index.ingest()
            assert counted(index) == (2 * STORY, 2 * STORY)
        assert stored(database) == STORY
        assert index.ingest().state == "done"

    def test_one_whose_lock_another_process_holds_is_gone_round(
        self, index: Index, folder: Path, database: Path
    ) -> None:
        """While somebody ingests, readers look into the journals and other ingests give up."""
        write_story(folder, 0)
        index.ingest()
        write_story(folder, 1)
        descriptor = os.open(database.with_name("agentctl.duckdb.lock"), os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            assert Ingested("busy", detail="another process is using the database") == index.ingest()
            assert counted(index) == (2 * STORY, 2 * STORY)
        finally:
            os.close(descriptor)
        assert stored(database) == STORY

    def test_a_place_that_cannot_hold_one_hides_nothing(self, tmp_path: Path, folder: Path) -> None:
        """Where no database can be made, there is an index in memory."""
        write_story(folder)
        (tmp_path / "file").write_text("in the way")
        index = Index(tmp_path / "file" / "agentctl.duckdb", folder)
        assert index.ingest().state == "unavailable"
        assert counted(index) == (STORY, STORY)

    def test_a_lock_that_cannot_be_made_hides_nothing(
        self, index: Index, folder: Path, database: Path
    ) -> None:
        """Without the lock nobody touches the database."""
        write_story(folder, 0)
        index.ingest()
        write_story(folder, 1)
        lock = database.with_name("agentctl.duckdb.lock")
        lock.unlink()
        lock.mkdir()
        assert index.ingest().state == "unavailable"
        assert counted(index) == (2 * STORY, 2 * STORY)

    def test_one_that_cannot_be_made_again_either_is_an_answer(
        self, index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A full disk is said, not raised."""

        def refuse(*_: object, **__: object) -> Ingested:
            raise duckdb.IOException("no space left on device\nand more")

        write_story(folder)
        monkeypatch.setattr(store, "_bring_up_to_date", refuse)
        assert Ingested("unavailable", detail="no space left on device") == index.ingest()
        assert counted(index) == (STORY, STORY)


def test_many_processes_ingest_and_read_at_once(tmp_path: Path, folder: Path) -> None:
    """Nobody fails, nobody sees a record twice, and in the end nothing is lost."""
    worker = """
        import sys
        from pathlib import Path
        from agentctl.trace.index.store import Index
        print("ready", flush=True)
        index = Index(Path(sys.argv[1]), Path(sys.argv[2]), wait_seconds=0.2)
        seen = 0
        for _ in range(4):
            state = index.ingest().state
            assert state in {"done", "busy"}, state
            with index.reader() as reader:
                ((count, different),) = reader.rows("SELECT count(*), count(DISTINCT (run, seq)) FROM events")
                assert count == different >= seen, (count, different, seen)
                assert reader.damaged() == ()
                seen = count
        print(seen)
    """
    database = tmp_path / "agentctl.duckdb"
    command = [sys.executable, "-c", textwrap.dedent(worker), str(database), str(folder)]
    write_story(folder, 0)
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for number in range(1, 30):
        data = journal_bytes(run_id(number), refund_story(run_id(number)))
        path = folder / "2026-03-14" / f"{run_id(number)}.jsonl"
        with path.open("ab", buffering=0) as journal:
            for start in range(0, len(data), 4000):  # mostly in the middle of a line
                journal.write(data[start : start + 4000])
    for process in workers:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert said.startswith("ready\n")
    index = Index(database, folder)
    assert counted(index) == (30 * STORY, 30 * STORY)
    assert stored(database) == 30 * STORY


def test_importing_the_index_does_not_import_duckdb() -> None:
    """Whoever only names the index does not pay for it."""
    code = "import sys, agentctl.trace.index.store, agentctl.trace.reports.questions; sys.exit('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _tables(database: Path) -> dict[str, list[str]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        shown = "SELECT COLUMNS(lambda name: name <> 'run_kind')"
        return {
            name: sorted(map(repr, connection.execute(f"{shown} FROM {name}").fetchall())) for name in TABLES
        }


def _hash(record: Record) -> str:
    return hashlib.sha256(b"\x00" + canonical_bytes(body_of(record))).hexdigest()


def _rot_data(database: Path) -> None:
    """Spoil a block that holds records and none that one must read to open the database."""
    whole = database.read_bytes()
    for place in range(_HEADERS, len(whole), _BLOCK):
        spoilt = bytearray(whole)
        spoilt[place + 1000 : place + 1016] = b"rotten, rotten! "
        database.write_bytes(spoilt)
        if _opens(database) and not _answers(database, "SELECT data, hash FROM events"):
            return
    raise AssertionError("no such block")


def _opens(database: Path) -> bool:
    return _answers(database, "FROM meta") and _answers(
        database, "SELECT run, path, size, changed FROM journals"
    )


def _answers(database: Path, sql: str) -> bool:
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            connection.execute(sql).fetchall()
    except duckdb.Error:
        return False
    return True
