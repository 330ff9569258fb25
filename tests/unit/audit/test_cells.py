"""Questions about single journals: each has a process of its own behind all walls, and none of them is begun from nothing."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.audit import cells as room
from agentctl.audit.cells import Cells
from agentctl.audit.hearing import Question
from agentctl.foundation.errors import InvalidInput, UsageError
from tests.fakes.journals import refund_story, run_id, write_journal
from tests.forks import exit_code_of, forked

STORY = len(refund_story())
ENDLESS = "SELECT count(*) FROM range(1000000000000)"


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    """One for all tests here, as one serves all trials of an eval."""
    with closing(Cells()) as found:
        yield found


@pytest.fixture
def journals(tmp_path: Path) -> list[Path]:
    """Two runs, the second of which has only begun."""
    write_journal(tmp_path, run_id(1), refund_story(run_id(1)))
    write_journal(tmp_path, run_id(2), refund_story(run_id(2))[:1])
    return sorted(tmp_path.rglob("*.jsonl"))


def told(error: pytest.ExceptionInfo[InvalidInput]) -> str:
    """Return the only problem."""
    (problem,) = error.value.problems
    return problem.found


def test_each_question_sees_its_own_journal_alone(cells: Cells, journals: list[Path]) -> None:
    """Every table holds what the one journal says, and nothing that another question looked at; no file is made."""
    before = sorted(journals[0].parent.iterdir())
    counts = [
        cells.ask(journal, "SELECT count(*), count(DISTINCT run) FROM events").rows for journal in journals
    ]
    assert counts == [[[STORY, 1]], [[1, 1]]]
    assert cells.ask(journals[0], "SELECT gen_ai_tool_name FROM tool_calls LIMIT 1").rows != []
    assert cells.ask(journals[1], "FROM tool_calls").rows == []
    assert sorted(journals[0].parent.iterdir()) == before


def test_walls_stand_round_each(cells: Cells, journals: list[Path], tmp_path: Path) -> None:
    """No file is read, and what a question changes in its own memory no other one sees."""
    (tmp_path / "canary").write_text("a secret")
    assert set(cells.ask(journals[0], "SELECT 1").walls) <= {"landlock", "seccomp"}
    for sql in (f"FROM read_text('{tmp_path}/canary')", "COPY events TO 'x'", "DROP TABLE fresh.events"):
        with pytest.raises(InvalidInput) as caught:
            cells.ask(journals[0], sql)
        assert "a secret" not in str(caught.value)
    gone = cells.ask(
        journals[0], "WITH gone AS (DELETE FROM fresh.events RETURNING *) SELECT count(*) FROM gone"
    )
    assert gone.rows == [[STORY]]
    assert cells.ask(journals[0], "SELECT count(*) FROM events").rows == [[STORY]]


@pytest.mark.parametrize(
    ("sql", "found", "meant"),
    [
        ("SELECT 1 FROM tool_call", "there is no table `tool_call`", "tool_calls"),
        ("SELECT atempts FROM tool_calls", "there is no column `atempts`", "attempts"),
        ("SELEC 1", 'syntax error at or near "SELEC"', ""),
    ],
)
def test_what_cannot_be_answered_is_told_without_a_journal(
    cells: Cells, sql: str, found: str, meant: str
) -> None:
    """A table, a column or a word that there is not, each with what was probably meant."""
    with pytest.raises(InvalidInput) as caught:
        cells.check(sql)
    assert (told(caught), caught.value.problems[0].nearest) == (found, meant)


def test_what_is_no_question_is_refused_without_a_journal(cells: Cells) -> None:
    """Two statements, or one that changes something."""
    for sql in ("SELECT 1; SELECT 2", "DELETE FROM events"):
        with pytest.raises(UsageError):
            cells.check(sql)


def test_checking_computes_nothing(cells: Cells) -> None:
    """What would never end, or take all memory, or has no rows to look at yet, can be answered for all one knows."""
    for sql in (
        ENDLESS,
        "SELECT repeat('x', 2000000000)",
        "SELECT error('none') WHERE NOT EXISTS (FROM runs)",
    ):
        cells.check(sql)


def test_what_takes_too_long_is_ended(
    cells: Cells, journals: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks hangs up, the copy ends, and the next question is answered."""
    question = Question(ENDLESS, kind=None)
    short = replace(question, bounds=replace(question.bounds, seconds=0.2))
    monkeypatch.setattr(room, "Question", lambda *_, **__: short)
    with pytest.raises(InvalidInput) as caught:
        cells.ask(journals[0], ENDLESS)
    assert told(caught) == "no answer within 0.2 s, so the question was stopped"
    monkeypatch.undo()
    assert _ends(lambda: not _copies_of(cells))
    assert cells.ask(journals[0], "SELECT 1").rows == [[1]]


def test_forked_processes_share_what_stands_ready(cells: Cells, journals: list[Path]) -> None:
    """A fork asks through the same door, beside this process."""
    cells.open()

    def ask() -> None:
        assert cells.ask(journals[0], "SELECT 7").rows == [[7]]

    pid = forked(ask)
    assert cells.ask(journals[1], "SELECT 8").rows == [[8]]
    assert exit_code_of(pid) == 0


def test_many_ask_at_once(cells: Cells, journals: list[Path]) -> None:
    """Askers hang up while copies end, in any order; each has its own answer."""
    cells.open()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: cells.ask(journals[1], f"SELECT {number}").rows, range(16)))
    assert found == [[[number]] for number in range(16)]


def test_nothing_stays_when_it_is_closed(journals: list[Path]) -> None:
    """Neither what copies are made from nor a copy that still works."""
    cells = Cells()
    failed: list[InvalidInput] = []

    def ask() -> None:
        try:
            cells.ask(journals[0], ENDLESS)
        except InvalidInput as error:
            failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    assert _ends(lambda: bool(_copies_of(cells)))
    cells.close()
    asking.join(60)
    assert not asking.is_alive()
    assert [error.problems[0].found for error in failed] == [
        "the process that answers ended without an answer"
    ]
    with pytest.raises(InvalidInput, match="ended without an answer"):
        cells.check("SELECT 1")
    Cells().close()  # one that nobody asked


def test_it_ends_when_its_last_asker_is_killed(journals: list[Path]) -> None:
    """Nobody has its door open any more, so it goes, and with it what it copied."""
    heard, told_to = os.pipe()

    def ask() -> None:
        cells = Cells()
        cells.check("SELECT 1")
        assert _ends(lambda: not _copies_of(cells))
        os.write(told_to, f"{_pid_of(cells)}\n".encode())
        cells.ask(journals[0], ENDLESS)

    pid = forked(ask)
    mould = int(os.read(heard, 32))
    assert _ends(lambda: bool(_children(mould)))
    (copy,) = _children(mould)
    os.kill(pid, signal.SIGKILL)
    assert exit_code_of(pid) == -signal.SIGKILL
    assert _ends(lambda: not _is_there(mould) and not _is_there(copy))
    os.close(heard)
    os.close(told_to)


def _pid_of(cells: Cells) -> int:
    assert cells._process is not None
    return cells._process.pid


def _copies_of(cells: Cells) -> list[int]:
    return [] if cells._process is None else _children(_pid_of(cells))


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if not Path("/proc/self/task").exists():
        pytest.skip("the system lists no processes as files")
    try:
        return [int(child) for child in listed.read_text().split()]
    except FileNotFoundError:
        return []


def _is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # who should wait for it was killed


def _ends(is_so: Callable[[], bool]) -> bool:
    """Return whether something becomes so in time."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if is_so():
            return True
        threading.Event().wait(0.02)
    return False
