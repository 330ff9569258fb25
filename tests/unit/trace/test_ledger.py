"""Tests of the ledger: of all that claim an effect, one has it."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typing_extensions import override

from agentctl.foundation.errors import JournalUnavailable
from agentctl.trace.ledger import SqliteLedger
from agentctl.trace.pace import Pace
from tests.fakes.clock import StandingClock

ROOT = Path(__file__).parents[3]
KEY = "refund:ch_1:4900"
_CLAIM_IN_A_PROCESS = """
import sys, threading
from pathlib import Path
from agentctl.trace.ledger import SqliteLedger

ledger, name, won = SqliteLedger(Path(sys.argv[1])), sys.argv[2], []
claim = lambda number: won.append(ledger.claim("live", sys.argv[3], f"{name}{number}") is None)
threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
print("ready", flush=True)
sys.stdin.readline()
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*won)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the ledger lies; its folder does not exist yet."""
    return tmp_path / "ledger" / "effects.sqlite"


@pytest.fixture
def ledger(path: Path) -> SqliteLedger:
    """Return a ledger."""
    return SqliteLedger(path)


def test_the_first_to_claim_has_it(ledger: SqliteLedger) -> None:
    """The second is told who was first, and asking again changes nothing."""
    assert ledger.claim("live", KEY, "call-1") is None
    assert ledger.claim("live", KEY, "call-2") == "call-1"
    assert ledger.claim("live", KEY, "call-1") is None
    assert ledger.claim("live", KEY, "call-2") == "call-1"


def test_effects_and_scopes_are_apart(ledger: SqliteLedger) -> None:
    """Another effect, and the same one in another world, are free."""
    assert ledger.claim("live", KEY, "call-1") is None
    assert ledger.claim("live", "refund:ch_2:4900", "call-2") is None
    assert ledger.claim("sandbox:demo", KEY, "call-3") is None


def test_a_claim_outlives_its_process(ledger: SqliteLedger, path: Path) -> None:
    """Whoever opens the file later finds the claim."""
    ledger.claim("live", KEY, "call-1")
    assert SqliteLedger(path).claim("live", KEY, "call-2") == "call-1"


def test_only_its_holder_releases_an_effect(ledger: SqliteLedger) -> None:
    """Another call, another scope and another effect release nothing."""
    ledger.claim("live", KEY, "call-1")
    ledger.release("live", KEY, "call-2")
    ledger.release("sandbox", KEY, "call-1")
    ledger.release("live", "refund:ch_2:4900", "call-1")
    assert ledger.claim("live", KEY, "call-2") == "call-1"
    ledger.release("live", KEY, "call-1")
    assert ledger.claim("live", KEY, "call-2") is None


def test_releasing_what_nobody_holds_is_nothing(ledger: SqliteLedger) -> None:
    """A release may come twice, or before any claim."""
    ledger.release("live", KEY, "call-1")
    assert ledger.claim("live", KEY, "call-1") is None


def test_texts_are_values_not_sql(ledger: SqliteLedger) -> None:
    """Quotes and wild cards in an effect's name mean themselves."""
    assert ledger.claim("live", "x' or '1'='1", "call-1") is None
    assert ledger.claim("live", "%", "call-2") is None
    ledger.release("live", "%", "call-1")
    assert ledger.claim("live", "%", "call-3") == "call-2"


def test_one_of_64_claimants_wins(ledger: SqliteLedger, path: Path) -> None:
    """48 threads here and 8 in each of two other processes claim one effect: one has it."""
    ledger.claim("live", "another effect", "call")  # the file exists before all begin
    others = [_process(path, name) for name in ("a", "b")]
    for other in others:
        assert _line(other) == "ready"
    won: list[bool] = []
    threads = [
        threading.Thread(target=lambda call=number: won.append(ledger.claim("live", KEY, str(call)) is None))
        for number in range(48)
    ]
    for other in others:
        _say_go(other)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        won.extend(word == "True" for word in other.communicate(timeout=60)[0].split())
    assert (len(won), sum(won)) == (64, 1)


def test_many_may_begin_a_ledger_at_once(path: Path) -> None:
    """The file, its table and the first claim are made under contention as well."""
    won: list[str | None] = []
    threads = [
        threading.Thread(
            target=lambda call=number: won.append(SqliteLedger(path).claim("live", KEY, str(call)))
        )
        for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 16
    assert won.count(None) == 1
    assert len(set(won) - {None}) == 1


def test_a_commit_is_synced_with_its_folder(ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """With less than `extra` a power failure could bring back the moment before the claim."""
    asked: list[str] = []

    class Watched(sqlite3.Connection):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # type: ignore[arg-type]  # handed through
            self.set_trace_callback(asked.append)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **options: connect(*a, **options, factory=Watched))
    ledger.claim("live", KEY, "call-1")
    assert asked.index("pragma synchronous = extra") < asked.index("begin immediate") < asked.index("commit")


def test_a_claim_outlives_a_process_that_was_killed(path: Path) -> None:
    """Nothing was closed, and the claim stands: it was durable when it was told."""
    script = (
        "import os, sys; from pathlib import Path; from agentctl.trace.ledger import SqliteLedger; "
        "held = SqliteLedger(Path(sys.argv[1])).claim('live', sys.argv[2], 'call-1'); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path), KEY], cwd=ROOT, check=False, timeout=60)
    assert killed.returncode == -9
    assert SqliteLedger(path).claim("live", KEY, "call-2") == "call-1"


def test_a_ledger_that_was_put_away_is_begun_anew(ledger: SqliteLedger, path: Path) -> None:
    """A claim goes into the file that has the ledger's name, where others look for it too."""
    ledger.claim("live", KEY, "call-1")
    path.rename(path.with_suffix(".old"))
    assert ledger.claim("live", KEY, "call-2") is None
    assert SqliteLedger(path).claim("live", KEY, "call-3") == "call-2"
    path.unlink()
    assert ledger.claim("live", KEY, "call-4") is None


class SlowClock(StandingClock):
    """A clock by which so many seconds lie between two looks at it."""

    seconds = 0.0

    @override
    def monotonic_ns(self) -> int:
        """Return a later moment with each look."""
        self.move(self.seconds)
        return super().monotonic_ns()


def test_a_quick_ledger_is_waited_for_by_a_run_that_is_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before it is known to be quick, nor beside other runs, nor once it was slow."""
    clock = SlowClock()
    ledger = SqliteLedger(path, clock)
    monkeypatch.setattr(Pace, "open", 1)
    assert not ledger.is_waited_for
    ledger.claim("live", KEY, "call-1")
    assert ledger.is_waited_for
    monkeypatch.setattr(Pace, "open", 2)
    assert not ledger.is_waited_for
    monkeypatch.setattr(Pace, "open", 1)
    clock.seconds = 0.001
    ledger.release("live", KEY, "call-1")
    assert not ledger.is_waited_for


def test_a_ledger_that_was_given_back_is_opened_again(ledger: SqliteLedger, path: Path) -> None:
    """Closing it twice is nothing, and what was claimed is still there."""
    ledger.close()
    ledger.claim("live", KEY, "call-1")
    ledger.close()
    ledger.close()
    assert not path.with_name(f"{path.name}-wal").exists()
    assert ledger.claim("live", KEY, "call-2") == "call-1"


def test_an_interrupted_claim_leaves_nothing_open(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever claims next does not wait for a transaction that nobody will end."""
    ledger.claim("live", "another effect", "call")
    with pytest.raises(KeyboardInterrupt), ledger._transaction():
        raise KeyboardInterrupt
    assert SqliteLedger(ledger._path).claim("live", KEY, "call-2") is None
    monkeypatch.setattr("agentctl.trace.ledger._SCHEMA", "create nonsense")
    ledger.close()
    with pytest.raises(JournalUnavailable):
        ledger.claim("live", KEY, "call-3")


def test_a_disk_that_knows_only_the_old_way_will_do(path: Path) -> None:
    """Where others have the file open in a way that keeps it from being changed, a claim is made all the same."""
    path.parent.mkdir()
    reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    reader.execute("create table mine (x)")
    reader.execute("begin")
    reader.execute("select * from mine").fetchall()
    threading.Timer(0.2, reader.close).start()
    assert SqliteLedger(path).claim("live", KEY, "call-1") is None


def test_a_file_that_is_no_ledger_is_said(path: Path) -> None:
    """Another file in its place is not overwritten."""
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(JournalUnavailable, match="cannot be written: file is not a database"):
        SqliteLedger(path).claim("live", KEY, "call-1")
    assert path.read_bytes() == b"not a database" * 100


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A disk that refuses is an unavailable journal: nothing is executed."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(JournalUnavailable, match="cannot be written"):
        SqliteLedger(tmp_path / "file" / "deep" / "effects.sqlite").release("live", KEY, "call-1")


def _process(path: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _CLAIM_IN_A_PROCESS, str(path), name, KEY],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _say_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
