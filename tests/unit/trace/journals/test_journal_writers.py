"""Tests of the one writer: in this process and in others, closed and killed."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agentctl.foundation.errors import JournalUnavailable, LockedError
from tests.fakes.place import EVENTS, OTHER, RUN, Place

ROOT = Path(__file__).parents[4]
SECONDS_OF_A_BUSY_MACHINE = 30
"""Whoever waited for the other process would wait for good: it ends only when it is told to."""
_WRITE_IN_A_PROCESS = """
import asyncio, sys
from pathlib import Path
from agentctl.events.tool import ToolInDoubt
from agentctl.foundation.clock import SystemClock
from agentctl.foundation.errors import LockedError
from agentctl.trace.disk import SystemDisk
from agentctl.trace.journals.journal import FileJournals

try:
    acquired = FileJournals(Path(sys.argv[1]), SystemClock(), SystemDisk()).acquire(sys.argv[2])
except LockedError as error:
    print("locked:", error, flush=True)
    sys.exit(error.exit_code)
acquired.journal.append([ToolInDoubt(call="c", reason="another process")])
asyncio.run(acquired.journal.sync())
print(acquired.journal.epoch, flush=True)
sys.stdin.readline()
acquired.journal.close()
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an empty place."""
    return Place(tmp_path / "journal")


async def test_a_writer_hands_on_to_another_in_its_process(place: Place) -> None:
    """The next one goes on under its own epoch and the same lock; the first can do nothing more, nor let the lock go."""
    first = place.journals.create(RUN)
    records = list(first.append(EVENTS[:2]))
    second = first.next_writer()
    with pytest.raises(JournalUnavailable, match="has another writer"):
        first.append(EVENTS)
    first.close()
    with pytest.raises(LockedError):
        place.journals.acquire(RUN)
    records += second.append(EVENTS[2:])
    await second.sync()
    assert (first.epoch, second.epoch, place.disk.count("sync")) == (1, 2, 1)
    second.close()
    assert place.journals.read(RUN) == tuple(records)
    assert {record.epoch for record in records} == {1, 2}


def test_a_second_writer_is_refused_at_once(place: Place) -> None:
    """The same run, opened again, is locked until the first writer closes it."""
    journal = place.journals.create(RUN)
    journal.append(EVENTS)
    with pytest.raises(LockedError, match=f"another process is writing run {RUN}"):
        place.journals.acquire(RUN)
    journal.close()
    with place.acquired() as second:
        assert second.epoch == 2
        assert {record.epoch for record in second.append(EVENTS)} == {2}
    with place.acquired() as third:
        assert third.epoch == 3


def test_two_runs_have_two_writers(place: Place) -> None:
    """Locks are one per run."""
    with closing(place.journals.create(RUN)), closing(place.journals.create(OTHER)):
        assert place.journals.runs() == (RUN, OTHER)


@contextlib.contextmanager
def _writer_process(place: Place) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _WRITE_IN_A_PROCESS, str(place.folder), RUN],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield process
        process.kill()


def _says(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _close(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=30)


def _kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)


@pytest.mark.parametrize("end", [_close, _kill])
def test_a_writer_in_another_process_holds_the_run(
    place: Place, end: Callable[[subprocess.Popen[str]], None]
) -> None:
    """It is refused to us at once while that process lives; when it closed or was killed, it is ours."""
    place.written()
    with _writer_process(place) as process:
        assert _says(process) == "2"
        began = time.perf_counter()
        with pytest.raises(LockedError):
            place.journals.acquire(RUN)
        assert time.perf_counter() - began < SECONDS_OF_A_BUSY_MACHINE
        end(process)
    taken = place.journals.acquire(RUN)
    taken.journal.close()
    assert taken.journal.epoch == 3
    assert [record.epoch for record in taken.records] == [1, 1, 1, 1, 1, 2]


def test_our_writer_is_refused_to_another_process(place: Place) -> None:
    """The other way round: the other process is told which run, and ends with the documented code."""
    place.written()
    with place.acquired(), _writer_process(place) as process:
        assert _says(process).startswith(f"locked: another process is writing run {RUN}")
        assert process.wait(timeout=30) == 10
