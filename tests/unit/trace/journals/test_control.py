"""Tests of the control journal: one chain for all processes, found damaged where it was cut, and never taken for a run."""

import json
import multiprocessing
import os
import shutil
from pathlib import Path

import pytest

from agentctl.events.base import Principal
from agentctl.events.control import ReviewerAdded, ReviewerRevoked
from agentctl.foundation.errors import IntegrityError, JournalUnavailable, LockedError
from agentctl.trace.disk import Disk, SystemDisk
from agentctl.trace.file_lock import file_lock
from agentctl.trace.index.store import Index
from agentctl.trace.journals.control import ControlJournal
from agentctl.trace.journals.journal import FileJournals
from agentctl.trace.journals.journal_files import journals_in
from tests.fakes.clock import StandingClock
from tests.fakes.disk import FakeDisk

OLGA = Principal(id="olga", kind="user", assurance="asserted")


def added(name: str) -> ReviewerAdded:
    """Return somebody's key."""
    return ReviewerAdded(
        reviewer=name, public_key="ssh-ed25519 A", fingerprint="SHA256:a", by=OLGA, reason=""
    )


REVOKED = ReviewerRevoked(reviewer="alice", fingerprint="SHA256:a", by=OLGA, reason="lost")


def control(place: Path, *, disk: Disk | None = None, wait_seconds: float = 5.0) -> ControlJournal:
    """Return the control journal of a folder, as any process finds it."""
    return ControlJournal(
        place / "journal",
        place / "state" / "control.json",
        StandingClock(),
        disk or SystemDisk(),
        wait_seconds=wait_seconds,
    )


def file(place: Path) -> Path:
    """Return where the journal lies."""
    return place / "journal" / "control" / "control.jsonl"


def filled(place: Path) -> Path:
    """Add somebody and revoke them; return the file."""
    for event in (added("alice"), REVOKED):
        with control(place).writing() as journal:
            journal.append(event)
    return file(place)


def test_where_nothing_happened_nothing_stands(tmp_path: Path) -> None:
    """And reading makes no file."""
    assert control(tmp_path).read() == ()
    assert list(tmp_path.iterdir()) == []


def test_acts_follow_each_other_in_one_chain(tmp_path: Path) -> None:
    """Each act is a writer of its own, with the form of a run's records."""
    filled(tmp_path)
    records = control(tmp_path).read()
    assert [record.event for record in records] == [added("alice"), REVOKED]
    assert [(record.run, record.seq, record.epoch) for record in records] == [
        ("control", 0, 1),
        ("control", 1, 2),
    ]
    assert records[1].prev == records[0].hash


def test_what_a_writer_reads_still_holds_when_it_writes(tmp_path: Path) -> None:
    """Several events of one act see each other."""
    with control(tmp_path).writing() as journal:
        journal.append(added("alice"))
        journal.append(REVOKED)
        assert len(journal.records) == 2
    assert len(control(tmp_path).read()) == 2


def test_no_run_is_seen_in_it(tmp_path: Path) -> None:
    """Neither the list of runs nor the index takes it for one; nobody can begin a run of its name."""
    filled(tmp_path)
    journals = FileJournals(tmp_path / "journal", StandingClock(), SystemDisk())
    assert journals.runs() == ()
    assert journals_in(tmp_path / "journal") == {}
    assert Index(tmp_path / "index.duckdb", tmp_path / "journal").ingest().journals == 0


def add_many(place: str, name: str) -> None:
    """Add somebody several times, as one of several processes."""
    for number in range(10):
        with control(Path(place), wait_seconds=30).writing() as journal:
            journal.append(added(f"{name}-{number}"))


def test_processes_at_once_write_one_chain(tmp_path: Path) -> None:
    """Nobody's act is lost, and nobody's stands twice."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=add_many, args=(str(tmp_path), name)) for name in ("a", "b", "c")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    records = control(tmp_path).read()
    assert [record.seq for record in records] == list(range(30))
    assert len({record.event for record in records if isinstance(record.event, ReviewerAdded)}) == 30


def test_somebody_who_does_not_end_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    """The wait is bounded, and the refusal says what to do."""
    filled(tmp_path)
    with file_lock(file(tmp_path).with_suffix(".lock"), "exclusive", 1):  # noqa: SIM117 - one holds, one waits
        with pytest.raises(LockedError, match="try again"), control(tmp_path, wait_seconds=0).writing():
            pass


@pytest.mark.parametrize("place", range(0, 40, 3))
def test_a_changed_byte_is_found(tmp_path: Path, place: int) -> None:
    """Anywhere in the journal: nothing of it is believed any more."""
    path = filled(tmp_path)
    data = bytearray(path.read_bytes())
    at = place * (len(data) - 1) // 39
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match=r"control\.jsonl"):
        control(tmp_path).read()
    with pytest.raises(IntegrityError), control(tmp_path).writing():
        pass


@pytest.mark.parametrize("kept", [0, 1])
def test_a_journal_that_was_cut_is_found(tmp_path: Path, kept: int) -> None:
    """A revocation that was cut off would let a key count again; what is left is whole, and is not believed."""
    path = filled(tmp_path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:kept]))
    with pytest.raises(IntegrityError, match="ends before record 1"):
        control(tmp_path).read()


def test_a_journal_that_was_thrown_away_is_found(tmp_path: Path) -> None:
    """With the file, or with all that runs left behind; the sentence says how to begin anew on purpose."""
    filled(tmp_path)
    shutil.rmtree(tmp_path / "journal")
    with pytest.raises(IntegrityError, match=r"remove .*control\.json"):
        control(tmp_path).read()
    (tmp_path / "state" / "control.json").unlink()
    assert control(tmp_path).read() == ()


def test_another_journal_in_its_place_is_found(tmp_path: Path) -> None:
    """A whole chain, made elsewhere, is not the one that was known here."""
    filled(tmp_path / "one")
    with control(tmp_path / "other").writing() as journal:
        for name in ("mallory", "mallory", "mallory"):
            journal.append(added(name))
    shutil.copy(file(tmp_path / "other"), file(tmp_path / "one"))
    with pytest.raises(IntegrityError, match="holds another one"):
        control(tmp_path / "one").read()


@pytest.mark.parametrize("mark", [b"", b"{}", b'{"seq":"1","hash":"a"}', b"\xff", b"[" * 600])
def test_a_mark_that_says_nothing_is_damage(tmp_path: Path, mark: bytes) -> None:
    """It is not taken for none."""
    filled(tmp_path)
    (tmp_path / "state" / "control.json").write_bytes(mark)
    with pytest.raises(IntegrityError, match=r"control\.json"):
        control(tmp_path).read()


def test_a_mark_behind_the_journal_is_none_of_damage(tmp_path: Path) -> None:
    """Whoever died between journal and mark left both whole."""
    with control(tmp_path).writing() as journal:
        journal.append(added("alice"))
        mark = (tmp_path / "state" / "control.json").read_bytes()
        journal.append(REVOKED)
    (tmp_path / "state" / "control.json").write_bytes(mark)
    assert len(control(tmp_path).read()) == 2


def test_half_a_line_of_a_writer_that_died_is_cut_off(tmp_path: Path) -> None:
    """It was never acted on; the next act follows the last whole one."""
    path = filled(tmp_path)
    whole = path.read_bytes()
    with path.open("ab") as opened:
        opened.write(b'{"v":2,"run":"cont')
    assert len(control(tmp_path).read()) == 2
    with control(tmp_path).writing() as journal:
        journal.append(added("bob"))
    assert path.read_bytes().startswith(whole + b'{"data"')
    assert [record.seq for record in control(tmp_path).read()] == [0, 1, 2]


@pytest.mark.parametrize(
    "broken", [{"full_at": 1, "short_bytes": 9}, {"broken_at": 1}], ids=["write", "sync"]
)
def test_a_disk_that_refuses_is_told(tmp_path: Path, broken: dict[str, int]) -> None:
    """The act is not done, and the next one finds a whole journal."""
    disk = FakeDisk(**broken)  # type: ignore[arg-type]  # its fields are numbers
    with (
        pytest.raises(JournalUnavailable, match="control journal"),
        control(tmp_path, disk=disk).writing() as w,
    ):
        w.append(added("alice"))
    assert not (tmp_path / "state").exists()
    with control(tmp_path).writing() as journal:
        journal.append(added("bob"))
    assert control(tmp_path).read()[-1].event == added("bob")


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """Nobody makes us write elsewhere."""
    path = filled(tmp_path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalUnavailable):
        control(tmp_path).read()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask says; the mark as well."""
    before = os.umask(0)
    try:
        path = filled(tmp_path)
    finally:
        os.umask(before)
    for found in (path, tmp_path / "state" / "control.json"):
        assert found.stat().st_mode & 0o077 == 0


def test_time_never_goes_back_in_it(tmp_path: Path) -> None:
    """A clock that was turned back writes the last time again."""
    clock = StandingClock()
    journal = ControlJournal(tmp_path / "journal", tmp_path / "mark", clock, SystemDisk())
    with journal.writing() as writer:
        writer.append(added("alice"))
    clock.move(-3_600)
    with journal.writing() as writer:
        writer.append(REVOKED)
    first, second = journal.read()
    assert first.time == second.time
    assert json.loads((tmp_path / "mark").read_text())["seq"] == 1
