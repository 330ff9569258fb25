"""One question costs at most one process: whatever the SQL is, it reads what the journals hold, or nothing happens."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from agentctl.audit import asking
from agentctl.audit.asking import Bounds, Question, ask
from agentctl.audit.canned import CANNED, Canned, question_of
from agentctl.foundation.errors import InvalidInput, JournalUnavailable
from agentctl.trace.index.store import Index
from tests.fakes.journals import model_call, refund_story, run_id, started, write_journal
from tests.unit.audit.conftest import Store

COUNT = "SELECT count(*), count(DISTINCT (run, seq)) FROM events"
STORY = len(refund_story())
CANARY = "SELECT content FROM read_text('{folder}/canary')"


def found(error: pytest.ExceptionInfo[InvalidInput]) -> str:
    """Return what the only problem says."""
    (problem,) = error.value.problems
    return problem.found


def state(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class TestAnswers:
    def test_holds_what_the_index_does_not_hold_yet(self, store: Store) -> None:
        """The index united with what was written since; afterwards the index has it too."""
        Index(store.database, store.journals).ingest()
        write_journal(store.journals, run_id(7), refund_story(run_id(7))[:5])
        assert store.rows(COUNT) == [[3 * STORY + 5, 3 * STORY + 5]]
        with duckdb.connect(str(store.database), read_only=True) as connection:
            assert connection.execute("SELECT count(*) FROM events").fetchall() == [(3 * STORY + 5,)]

    def test_gives_types_that_programs_can_read(self, store: Store) -> None:
        """Money is exact text, moments are RFC 3339 in UTC, JSON is JSON, lists are lists."""
        (row,) = store.rows(
            "SELECT cost_usd, started_at, on_behalf_of, timezone('UTC', started_at) FROM runs ORDER BY run LIMIT 1"
        )
        moment = "2026-03-14T09:00:00.000000Z"
        assert row == ["0.0032", moment, ["helpdesk"], moment]
        assert store.rows("SELECT facts FROM decisions LIMIT 1") == [[{"amount_usd": "49"}]]

    def test_says_that_the_journals_cannot_be_looked_at(self, store: Store) -> None:
        """That is no fault of the question; links in a circle stand for a folder that one may not enter."""
        Index(store.database, store.journals).ingest()
        store.journals.rename(store.folder / "away")
        store.journals.symlink_to(store.journals.name)
        with pytest.raises(JournalUnavailable, match="cannot be looked at"):
            store.rows(COUNT)

    def test_says_that_there_is_more(self, store: Store) -> None:
        """Rows beyond the bound are left out, and that is said; a bound that is met exactly hides nothing."""
        assert (len(store.ask("FROM events", rows=10).rows), store.ask("FROM events", rows=10).more) == (
            10,
            True,
        )
        assert not store.ask("FROM events", rows=3 * STORY).more

    def test_looks_at_live_runs_unless_told(self, store: Store) -> None:
        """Runs of other kinds are left out of every view, counted by kind, and there when they are asked for."""
        envelope = started(run_id(8)).envelope.model_copy(update={"kind": "eval"})
        begun = started(run_id(8)).model_copy(update={"envelope": envelope})
        write_journal(store.journals, run_id(8), [begun, *model_call(0, "hello")])
        live, every = (
            store.ask("SELECT count(*) FROM runs"),
            store.ask("SELECT count(*) FROM runs", kind=None),
        )
        assert (live.rows, live.left_out) == ([[3]], {"eval": 1})
        assert (every.rows, every.left_out) == ([[4]], {})
        assert store.ask("SELECT count(*) FROM model_calls").rows == [[9]]

    def test_takes_parameters_as_values(self, store: Store) -> None:
        """What stands in a parameter is never SQL."""
        question = Question("SELECT $text AS text", {"text": "'; DROP TABLE runs; --"})
        assert ask(store.database, store.journals, question).rows == [["'; DROP TABLE runs; --"]]

    def test_needs_no_journal(self, tmp_path: Path) -> None:
        """Before the first run every view is empty, and that is an answer."""
        assert Store(tmp_path).rows("FROM runs") == []


class TestADatabaseThatIsNotOurs:
    @pytest.mark.parametrize("content", [b"", b"no database at all" * 500], ids=["empty", "garbage"])
    def test_is_put_aside(self, store: Store, content: bytes) -> None:
        """What is no database is gone round, and made again from the journals."""
        store.database.write_bytes(content)
        assert store.rows(COUNT) == [[3 * STORY, 3 * STORY]]

    def test_is_not_believed(self, store: Store) -> None:
        """A database of somebody else, whatever stands in it, answers nothing."""
        with duckdb.connect(str(store.database)) as connection:
            connection.execute("CREATE TABLE events AS SELECT 'forged' AS run")
        assert store.rows("SELECT count(*) FROM runs") == [[3]]

    def test_that_rots_in_the_middle_of_an_answer_is_gone_round(self, store: Store) -> None:
        """A block that cannot be read costs a second question, not the answer; then the index is made again."""
        for number in range(10, 60):
            write_journal(store.journals, run_id(number), refund_story(run_id(number)))
        Index(store.database, store.journals).ingest()
        sound = store.rows("SELECT md5(string_agg(data::VARCHAR, '' ORDER BY run, seq)) FROM events")
        whole = bytearray(store.database.read_bytes())
        for place in range(3 * 4096 + 100, len(whole), 256 * 1024):
            whole[place : place + 64] = bytes(64)
        store.database.write_bytes(whole)
        assert store.rows("SELECT md5(string_agg(data::VARCHAR, '' ORDER BY run, seq)) FROM events") == sound
        assert store.database.with_name("agentctl.duckdb.aside").exists()
        with duckdb.connect(str(store.database), read_only=True) as connection:
            assert connection.execute("SELECT count(*) FROM events").fetchall() == [(53 * STORY,)]

    def test_that_somebody_holds_hides_nothing(self, store: Store) -> None:
        """While another program writes the database, the journals answer."""
        Index(store.database, store.journals).ingest()
        code = f"import duckdb, sys; c = duckdb.connect({str(store.database)!r}); print('held', flush=True); sys.stdin.read()"
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            assert store.rows(COUNT) == [[3 * STORY, 3 * STORY]]
            holder.communicate("")


# What must not happen, whatever its form. What is refused by its kind is in `test_statement.py`; most of these are not.
REFUSED = {
    "two statements": "SELECT 1; DROP TABLE events",
    "copy": "COPY (SELECT 1) TO '{folder}/copied'",
    "file": "SELECT * FROM read_csv('/etc/passwd')",
    "bytes": "SELECT content FROM read_blob('{folder}/agentctl.duckdb')",
    "network": "SELECT * FROM read_csv('http://127.0.0.1:{port}/x.csv')",
    "variable of ours": "SELECT * FROM task",
    "variable of theirs": "SELECT * FROM python_local",
    "view changed": "WITH gone AS (DELETE FROM runs RETURNING *) SELECT * FROM gone",
    "index changed": "WITH gone AS (DELETE FROM indexed.main.events RETURNING *) SELECT * FROM gone",
    "nested": "SELECT * FROM query('DROP TABLE indexed.main.events')",
}  # fmt: skip


class TestAttacks:
    @pytest.mark.parametrize("name", REFUSED)
    def test_are_refused_without_effect(self, store: Store, name: str) -> None:
        """Nothing is written, read, reached or changed, and the answer says in one problem that it was not done."""
        Index(store.database, store.journals).ingest()
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.05)
            before = state(store.folder)
            sql = REFUSED[name].format(folder=store.folder, port=server.getsockname()[1])
            with pytest.raises(InvalidInput) as caught:
                store.ask(sql)
            assert len(caught.value.problems) == 1
            with pytest.raises(TimeoutError):
                server.accept()
        assert "root:" not in str(caught.value)
        assert state(store.folder) == before

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT count(*) FROM range(1000000000000)",
            "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
            "SELECT count(*) FROM events a, events b, events c, events d, events e, events f, events g",
        ],
        ids=["10^12 rows", "endless recursion", "cross join"],
    )
    def test_without_end_are_killed_in_time(self, store: Store, sql: str) -> None:
        """What does not end is ended, with its process."""
        began = time.monotonic()
        with pytest.raises(InvalidInput) as caught:
            store.ask(sql, seconds=0.5)
        assert found(caught) == "no answer within 0.5 s, so the question was stopped"
        assert time.monotonic() - began < 60

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT length(repeat('x', 2000000000))",
            "SELECT list(range) FROM range(200000000)",
            "SELECT count(*) FROM (SELECT DISTINCT hash(range) FROM range(100000000))",
        ],
        ids=["huge text", "huge list", "huge table"],
    )
    def test_on_memory_end_at_the_limit(self, store: Store, sql: str) -> None:
        """What wants more memory than a question may have gets none of it."""
        with pytest.raises(InvalidInput) as caught:
            store.ask(sql)
        assert found(caught) == "the question needs more than 512 MB"

    def test_on_our_own_memory_end_at_the_size_of_an_answer(self, store: Store) -> None:
        """An answer is not read on for ever."""
        question = Question("SELECT repeat('x', 2000000)", bounds=Bounds(answer_mb=1))
        with pytest.raises(InvalidInput) as caught:
            ask(store.database, store.journals, question)
        assert found(caught) == "the answer is larger than 1 MB"


# The child's own code with some of its walls taken down.
_HOLES = {
    "DuckDB's": "cell.lock_down = lambda connection: None",
    "the kernel's": "walls.close_off = lambda: ()",
    "the limits": "walls.limit = lambda **limits: None",
}
_START = "import sys; sys.path.insert(0, sys.argv[1]); from agentctl.audit import cell, walls; {holes}; cell.main()"


# Instead of an answer: which variables there are, and which files are open.
INSIDE = """
import os, sys
sys.path.insert(0, sys.argv[1])
from agentctl.audit import cell
def files():
    for number in range(256):
        try:
            yield os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            pass
def answer(connection, task, say):
    say({"columns": [["variables", "JSON"], ["files", "JSON"]]})
    say({"rows": [[sorted(os.environ), sorted(files())]]})
    say({"end": {"more": False}})
cell.answer = answer
cell.main()
"""


class TestWalls:
    @pytest.mark.parametrize(
        "down",
        [
            (),
            ("DuckDB's",),
            ("DuckDB's", "the limits"),
            ("DuckDB's", "the kernel's"),
            ("the kernel's", "the limits"),
        ],
        ids=lambda down: " and ".join(down) or "none",
    )
    def test_each_holds_alone(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, down: tuple[str, ...]
    ) -> None:
        """Whichever wall fails, no file is read: each of the others is enough."""
        if sys.platform != "linux" and down == ("DuckDB's", "the limits"):
            pytest.skip("only Linux has the kernel's walls")
        self._take_down(monkeypatch, down)
        (store.folder / "canary").write_text("a secret")
        with pytest.raises(InvalidInput):
            store.ask(CANARY.format(folder=store.folder))

    def test_are_what_holds(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """With all of them down the same question reads the file: the test before could fail."""
        self._take_down(monkeypatch, tuple(_HOLES))
        (store.folder / "canary").write_text("a secret")
        assert store.rows(CANARY.format(folder=store.folder)) == [["a secret"]]

    def test_of_the_kernel_stand_where_there_are_any(self, store: Store) -> None:
        """The answer says which walls stood."""
        assert set(store.ask("SELECT 1").walls) <= {"landlock", "seccomp"}

    def test_nothing_of_ours_is_inside(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """The process has none of our variables, and none of our open files but those of the store."""
        if not Path("/proc/self/fd").exists():
            pytest.skip("the system lists no open files")
        monkeypatch.setenv("AGENTCTL_CANARY", "a secret")
        command = [*asking._COMMAND]
        command[command.index("-c") + 1] = INSIDE
        monkeypatch.setattr(asking, "_COMMAND", tuple(command))
        Index(store.database, store.journals).ingest()
        with (tmp_path / "canary").open("w") as canary:
            os.set_inheritable(canary.fileno(), True)  # noqa: FBT003 - it has no other form
            variables, files = store.ask("SELECT 1").rows[0]
        assert isinstance(variables, list)
        assert isinstance(files, list)
        assert set(variables) <= {"LC_CTYPE"}  # Python sets it for itself
        kinds = ("pipe:", "/dev/null", str(store.database), "anon_inode:", "/proc", "/sys")
        assert [file for file in files if not str(file).startswith(kinds)] == []

    @staticmethod
    def _take_down(monkeypatch: pytest.MonkeyPatch, down: tuple[str, ...]) -> None:
        holes = "; ".join(_HOLES[name] for name in down) or "pass"
        command = [*asking._COMMAND]
        command[command.index("-c") + 1] = _START.format(holes=holes)
        monkeypatch.setattr(asking, "_COMMAND", tuple(command))


ASKER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from agentctl.audit.asking import Bounds, Question, ask
question = Question("SELECT count(*) FROM range(1000000000000)", bounds=Bounds(seconds=60))
ask(Path(sys.argv[2]), Path(sys.argv[3]), question)
"""


def test_no_process_stays_when_the_one_that_asks_is_killed(store: Store) -> None:
    """Nobody waits for the answer any more, so nobody computes it."""
    with subprocess.Popen(
        [sys.executable, "-c", ASKER, asking._COMMAND[-1], str(store.database), str(store.journals)]
    ) as asker:
        child = _only_child(asker.pid)
        os.kill(asker.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and Path(f"/proc/{child}").exists():
        threading.Event().wait(0.05)
    assert not Path(f"/proc/{child}").exists()


def _only_child(parent: int) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children")
    if not children.parent.exists():
        pytest.skip("the system lists no processes as files")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := children.read_text().split():
            return int(found[0])
        threading.Event().wait(0.02)
    raise AssertionError("no process was started")


@pytest.mark.campaign
@pytest.mark.parametrize("canned", CANNED, ids=lambda canned: canned.name)
def test_many_runs_are_asked_about_within_the_bounds(
    tmp_path_factory: pytest.TempPathFactory, canned: Canned
) -> None:
    """Every question over 500 runs that no index holds yet, and again over the index."""
    store = Store(tmp_path_factory.mktemp(canned.name))
    for number in range(500):
        write_journal(store.journals, run_id(number), refund_story(run_id(number)))
    argument = {"dimension": "agent", "resource": "ch_1001", "id": None}[canned.wants]
    question = question_of(canned, argument, {}, kind="live", bounds=Bounds(rows=10_000))
    first, second = (ask(store.database, store.journals, question) for _ in range(2))
    assert first == second
    assert len(first.rows) == {"spend-by": 1, "touched": 1_000, "who-approved": 500, "why-denied": 500}.get(
        canned.name, 0
    )
