"""Tests of looking whether a run has a writer: whoever looks is in nobody's way and says nothing that was not so."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from agentctl.events.record import AnyEvent
from agentctl.events.run import RunFinished, RunSuspended
from agentctl.foundation.errors import IntegrityError, JournalUnavailable, LockedError, UsageError
from agentctl.trace.journals import journal as journal_module
from tests.fakes.journals import refund_story
from tests.fakes.place import RUN, Place

SUSPENDED = RunSuspended(reason="approval", detail="somebody must answer")
FINISHED = RunFinished(status="answered", answer="done")
_LOOK_AND_LOOK = """
import sys
from pathlib import Path
from agentctl.foundation.clock import SystemClock
from agentctl.trace.disk import SystemDisk
from agentctl.trace.journals.journal import FileJournals

journals = FileJournals(Path(sys.argv[1]), SystemClock(), SystemDisk())
print("looking", flush=True)
while True:
    journals.is_held(sys.argv[2])
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an empty place."""
    return Place(tmp_path / "journal")


def story(*more: AnyEvent) -> list[AnyEvent]:
    """Return a run up to the middle of its work, and what came then."""
    return [event for event in refund_story() if not isinstance(event, RunFinished)] + list(more)


@contextmanager
def somebody_who_looks(place: Place) -> Iterator[None]:
    """Let another process look at the run again and again."""
    command = [sys.executable, "-c", _LOOK_AND_LOOK, str(place.folder), RUN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[4]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"looking\n"
        try:
            yield
        finally:
            process.kill()


def test_a_run_is_held_while_somebody_writes_it(place: Place) -> None:
    """From the creation to the end of its writer, and again when another one goes on."""
    with closing(place.journals.create(RUN)) as journal:
        assert place.journals.is_held(RUN)
        journal.append(story())
        assert not place.journals.is_stopped(RUN)
    assert not place.journals.is_held(RUN)
    with place.acquired():
        assert place.journals.is_held(RUN)
        assert not place.journals.is_stopped(RUN)


@pytest.mark.parametrize(
    ("events", "stopped"),
    [
        (story(), True),
        (story(SUSPENDED), False),
        (story(FINISHED), False),
        ([*story(SUSPENDED), *story()[1:]], False),
        ([], False),
    ],
    ids=["under way", "suspended", "finished", "swept while suspended", "not begun"],
)
def test_a_run_is_stopped_when_it_was_under_way_and_nobody_writes_it(
    place: Place, events: list[AnyEvent], *, stopped: bool
) -> None:
    """What waits, ended or never began is not called stopped."""
    with closing(place.journals.create(RUN)) as journal:
        journal.append(events)
    assert place.journals.is_stopped(RUN) is stopped


def test_a_torn_tail_says_nothing(place: Place) -> None:
    """Half of the record that would have ended the run is no end of it."""
    with closing(place.journals.create(RUN)) as journal:
        journal.append(story(FINISHED))
    place.file.write_bytes(place.file.read_bytes()[:-2])
    assert place.journals.is_stopped(RUN)


def test_who_looks_keeps_no_writer_out(place: Place) -> None:
    """Two hundred writers, one after the other, while another process looks all the time: none is refused."""
    place.written()
    with somebody_who_looks(place):
        for _ in range(200):
            place.journals.acquire(RUN).journal.close()


def test_a_writer_waits_for_a_glance(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds the run shared knows that nobody writes it, and tries again."""
    place.written()
    with place.file.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        monkeypatch.setattr(journal_module.os, "sched_yield", lambda: fcntl.flock(file, fcntl.LOCK_UN))
        place.journals.acquire(RUN).journal.close()


def test_who_looks_without_end_is_taken_for_a_writer(place: Place) -> None:
    """A process that keeps a shared lock keeps the run; waiting for it could last for ever."""
    place.written()
    with place.file.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        with pytest.raises(LockedError):
            place.journals.acquire(RUN)


def test_what_cannot_be_looked_at_is_said(place: Place, tmp_path: Path) -> None:
    """No such run, a link, a damaged journal."""
    with pytest.raises(UsageError, match="there is no run"):
        place.journals.is_held(RUN)
    place.written()
    place.file.write_bytes(place.file.read_bytes().replace(b'"seq":1', b'"seq":7', 1))
    with pytest.raises(IntegrityError):
        place.journals.is_stopped(RUN)
    path = place.file
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalUnavailable, match="cannot be read"):
        place.journals.is_held(RUN)
