"""Tests of recovery: what a crash, a damage or a clock left behind is told apart, kept and reported."""

import hashlib
import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from agentctl.events.run import ClockAnomaly, JournalRecovered
from agentctl.foundation.errors import IntegrityError, JournalUnavailable
from agentctl.trace.journals import journal as journal_module
from tests.fakes.disk import FakeDisk
from tests.fakes.place import EVENTS, OTHER, RUN, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an empty place."""
    return Place(tmp_path / "journal")


def test_every_cut_of_the_unsynced_tail_is_recovered(place: Place) -> None:
    """Cut at any byte: the record before stays, the rest is kept aside and reported, and the run goes on."""
    with closing(place.journals.create(RUN)) as journal:
        (synced,) = journal.append(EVENTS[1:2])
        start = place.file.stat().st_size
        journal.append(EVENTS[2:3])
    data, path = place.file.read_bytes(), place.file
    for size in range(start, len(data)):
        path.write_bytes(data[:size])
        taken = place.journals.acquire(RUN)
        repairs = taken.journal.append(taken.repairs)
        taken.journal.close()
        assert taken.records == (synced,)
        assert taken.repairs == _recovered(data[start:size])
        assert list(place.torn().values()) == [torn for torn in [data[start:size]] if torn]
        assert place.journals.read(RUN) == (synced, *repairs)
        shutil.rmtree(path.parent / "torn", ignore_errors=True)


def _recovered(torn: bytes) -> tuple[JournalRecovered, ...]:
    if not torn:
        return ()
    return (JournalRecovered(bytes=len(torn), sha256=hashlib.sha256(torn).hexdigest()),)


def test_recovering_twice_is_recovering_once(place: Place) -> None:
    """Until the repair is journaled every writer is told of it; the tail is cut and kept once."""
    data = place.written()
    place.file.write_bytes(data[:-10])
    for _ in range(3):
        taken = place.journals.acquire(RUN)
        taken.journal.close()
        assert taken.repairs == _recovered(data.splitlines(keepends=True)[-1][:-10])
        assert len(place.torn()) == 1
    with place.acquired() as journal:
        journal.append(taken.repairs)
    taken = place.journals.acquire(RUN)
    taken.journal.close()
    assert (taken.repairs, taken.records[-1].event.type) == ((), "journal.recovered")


def test_a_second_tail_in_the_same_place_is_kept_as_well(place: Place) -> None:
    """A recovery that crashed before it was journaled, and then another: no tail takes the other's place."""
    data = place.written()
    for tail in (b"one", b"another"):
        with place.file.open("ab") as file:
            file.write(tail)
        taken = place.journals.acquire(RUN)
        taken.journal.close()
    assert set(place.torn().values()) == {b"one", b"another"}
    assert set(taken.repairs) == {*_recovered(b"one"), *_recovered(b"another")}
    assert place.file.read_bytes() == data


@pytest.mark.parametrize("step", ["make_private_folder", "write_once", "ftruncate", "sync"])
def test_a_crash_in_recovery_is_recovered_from(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Wherever recovery is cut short, running it again ends the same, and no byte is lost."""
    data = place.written()
    place.file.write_bytes(data[:-10])
    with monkeypatch.context() as patch:
        match step:
            case "ftruncate":
                patch.setattr(os, step, _refuse_to_cut)
            case "sync":
                patch.setattr(FakeDisk, step, _refuse_to_cut)
            case _:
                patch.setattr(journal_module, step, _refuse_to_cut)
        with pytest.raises(JournalUnavailable, match="cannot be opened: Read-only file system"):
            place.journals.acquire(RUN)
    taken = place.journals.acquire(RUN)
    taken.journal.close()
    torn = data.splitlines(keepends=True)[-1][:-10]
    assert taken.repairs == _recovered(torn)
    assert place.file.read_bytes() + torn == data[:-10]
    assert list(place.torn().values()) == [torn]


def test_reading_recovers_nothing(place: Place) -> None:
    """Who is not the writer reads the whole records and changes nothing."""
    data = place.written()[:-10]
    place.file.write_bytes(data)
    assert len(place.journals.read(RUN)) == len(EVENTS) - 1
    assert place.file.read_bytes() == data
    assert place.torn() == {}


def test_damage_is_left_as_it_is(place: Place) -> None:
    """A journal that is not what was written is refused, named by file and record, unchanged and unlocked."""
    data = place.written()
    damaged = data.replace(b"refund_charge", b"refund_chargf", 1)
    place.file.write_bytes(damaged)
    named = (
        f"the journal {place.file.parent.name}/{RUN}.jsonl: record 0: the record's bytes are not the bytes"
    )
    for _ in range(2):
        with pytest.raises(IntegrityError, match=named):
            place.journals.acquire(RUN)
        with pytest.raises(IntegrityError, match=named):
            place.journals.read(RUN)
    assert place.file.read_bytes() == damaged
    place.file.write_bytes(data)
    place.journals.acquire(RUN).journal.close()


@pytest.mark.parametrize("data", [b"", b'{"data"'])
def test_a_journal_without_a_beginning_cannot_go_on(place: Place, data: bytes) -> None:
    """A run that died before its first record has nothing to resume; the file is left as it is."""
    place.journals.create(RUN).close()
    place.file.write_bytes(data)
    with pytest.raises(IntegrityError, match="holds no valid record"):
        place.journals.acquire(RUN)
    assert place.file.read_bytes() == data


def test_another_runs_journal_is_refused(place: Place) -> None:
    """A journal that was copied under this run's name does not become this run."""
    data = place.written()
    (place.file.parent / f"{OTHER}.jsonl").write_bytes(data)
    with pytest.raises(IntegrityError, match=f"belongs to run `{RUN}`"):
        place.journals.acquire(OTHER)


def test_flipped_bits_are_noticed_by_a_new_writer(place: Place) -> None:
    """Every 97th bit of the file: refused, or reported as a torn tail and kept aside."""
    data, path = place.written(), place.file
    for bit in range(0, len(data) * 8, 97):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            taken = place.journals.acquire(RUN)
        except IntegrityError:
            continue
        taken.journal.close()
        assert [type(repair) for repair in taken.repairs] == [JournalRecovered]
        assert path.read_bytes() + b"".join(place.torn().values()) == damaged
        shutil.rmtree(path.parent / "torn")


def _refuse_to_cut(*_: object) -> None:
    raise OSError(30, "Read-only file system")


def test_times_never_go_back(place: Place) -> None:
    """Turning the clock back while writing changes nothing: effective time stands until the clock has caught up."""
    moves = (0, -3_600, 1, 7_200, -1)
    with closing(place.journals.create(RUN)) as journal:
        for seconds, event in zip(moves, EVENTS, strict=True):
            place.clock.move(seconds)
            journal.append([event])
    records = place.journals.read(RUN)
    times = [record.time for record in records]
    assert times == sorted(times)
    assert times[0] == times[1] == times[2] < times[3] == times[4]
    assert [record.mono_us for record in records] == sorted(record.mono_us for record in records)


def test_a_clock_that_went_back_is_reported_to_the_next_writer(place: Place) -> None:
    """The report says what the clock says and how far behind it is; times go on from where they were."""
    place.written()
    place.clock.move(-90)
    taken = place.journals.acquire(RUN)
    assert taken.repairs == (ClockAnomaly(wall="2026-03-14T08:58:30.000000Z", behind_seconds=90.0),)
    (record,) = taken.journal.append(taken.repairs)
    taken.journal.close()
    assert record.time == taken.records[-1].time
    assert place.journals.read(RUN)[-1] == record


@pytest.mark.parametrize("seconds", [0, -1.0, 1.0, 86_400])
def test_a_clock_that_is_about_right_is_not_reported(place: Place, seconds: float) -> None:
    """A second back is a correction; forward is how time goes."""
    place.written()
    place.clock.move(seconds)
    taken = place.journals.acquire(RUN)
    taken.journal.close()
    assert taken.repairs == ()


def test_a_torn_tail_and_a_clock_gone_back_are_both_reported(place: Place) -> None:
    """One does not hide the other."""
    data = place.written()
    place.file.write_bytes(data[:-1])
    place.clock.move(-10)
    taken = place.journals.acquire(RUN)
    taken.journal.close()
    assert [type(repair) for repair in taken.repairs] == [JournalRecovered, ClockAnomaly]
