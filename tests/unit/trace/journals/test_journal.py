"""Tests of journals as files: what is appended is read, and what no reader would take is not written."""

import stat
from contextlib import closing
from pathlib import Path

import pytest

from agentctl.foundation.clock import SystemClock
from agentctl.foundation.errors import JournalUnavailable, LockedError, UsageError
from agentctl.trace.disk import SystemDisk
from agentctl.trace.journals import journal as journal_module
from agentctl.trace.journals.chain import LINE_LIMITS
from agentctl.trace.journals.journal import FileJournals
from tests.fakes.events import proposed
from tests.fakes.place import EVENTS, OTHER, RUN, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an empty place."""
    return Place(tmp_path / "journal")


def test_what_is_appended_is_read(place: Place) -> None:
    """Records come back in order, linked, by whichever way they are read."""
    with closing(place.journals.create(RUN)) as journal:
        assert (journal.run, journal.epoch) == (RUN, 1)
        records = (*journal.append(EVENTS[:2]), *journal.append(()), *journal.append(EVENTS[2:]))
        assert place.journals.read(RUN) == records
    assert [record.event for record in records] == list(EVENTS)
    assert [record.seq for record in records] == [0, 1, 2, 3, 4]
    taken = place.journals.acquire(RUN)
    assert (taken.records, taken.repairs, taken.journal.epoch) == (records, (), 2)
    taken.journal.close()


def test_placeholders_go_with_the_first_record_of_a_batch(place: Place) -> None:
    """The digests of sealed values stand in the record that names them first."""
    with closing(place.journals.create(RUN)) as journal:
        first, second = journal.append(EVENTS[:2], {"[email:1]": "digest"})
    assert (first.sealed, second.sealed) == ({"[email:1]": "digest"}, {})


def test_a_batch_is_written_in_one_piece(place: Place) -> None:
    """An intent and what belongs to it reach the disk together."""
    with closing(place.journals.create(RUN)) as journal:
        journal.append(EVENTS)
    assert place.disk.count("write") == 1


def test_a_journal_and_its_folder_are_private(place: Place) -> None:
    """Nobody else reads them."""
    place.written()
    assert stat.S_IMODE(place.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700


def test_a_journal_lies_under_its_day(place: Place) -> None:
    """The folder is the date in UTC on which the run began."""
    place.written()
    assert place.file == place.folder / "2026-03-14" / f"{RUN}.jsonl"


def test_runs_are_listed_oldest_first(place: Place) -> None:
    """Ids sort by time; what lies beside the journals is no run."""
    assert place.journals.runs() == ()
    for run in (OTHER, RUN):
        place.journals.create(run).close()
        place.clock.move(-86_400)
    (place.file.parent / "notes.jsonl").write_bytes(b"hello")
    assert place.journals.runs() == (RUN, OTHER)


@pytest.mark.parametrize("run", [OTHER, "", "../../etc/passwd", "*", f"{RUN}\n"])
def test_a_run_that_is_not_there(place: Place, run: str) -> None:
    """An unknown id, and what is no id, is a usage error and never a path."""
    place.written()
    for ask in (place.journals.read, place.journals.acquire, place.journals.path_of):
        with pytest.raises(UsageError, match="there is no run"):
            ask(run)


def test_a_run_begins_once(place: Place) -> None:
    """The same id cannot begin again, not even on another day."""
    place.written()
    for days in (0, 1):
        place.clock.move(days * 86_400)
        with pytest.raises(UsageError, match=r"there is a run `.*` already"):
            place.journals.create(RUN)


@pytest.mark.parametrize("run", ["", "run", "../escape", f"{RUN}/x"])
def test_only_a_run_id_names_a_journal(place: Place, run: str) -> None:
    """Anything else never becomes a path."""
    with pytest.raises(UsageError, match="cannot name a run"):
        place.journals.create(run)
    assert not place.folder.exists()


def test_a_folder_that_cannot_be_made_is_said(place: Place) -> None:
    """Where no journal can be begun, nothing is executed."""
    place.folder.write_bytes(b"a file in the folder's place")
    with pytest.raises(JournalUnavailable, match="no journal can be begun"):
        place.journals.create(RUN)


def test_a_race_for_a_new_journal_has_one_winner(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second between the look and the creation is refused, and the first is left alone."""
    data = place.written()
    monkeypatch.setattr(FileJournals, "_files_of", lambda *_: [])
    with pytest.raises(JournalUnavailable, match="File exists"):
        place.journals.create(RUN)
    assert (place.folder / "2026-03-14" / f"{RUN}.jsonl").read_bytes() == data


def test_a_new_journal_that_somebody_else_took_is_locked(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between creating a file and locking it another process may lock it; the file is closed again."""
    before = _open_files()
    monkeypatch.setattr(journal_module.fcntl, "flock", _refuse_to_lock)
    with pytest.raises(LockedError):
        place.journals.create(RUN)
    assert _open_files() == before


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def _refuse_to_lock(*_: object) -> None:
    raise BlockingIOError


def test_a_link_is_no_journal(place: Place, tmp_path: Path) -> None:
    """A journal's name that points elsewhere is not written through."""
    place.written()
    target = tmp_path / "elsewhere"
    place.file.rename(target)
    (place.folder / "2026-03-14" / f"{RUN}.jsonl").symlink_to(target)
    with pytest.raises(JournalUnavailable, match="cannot be opened"):
        place.journals.acquire(RUN)


def test_a_journal_that_cannot_be_read_is_said(place: Place) -> None:
    """A folder in a journal's place is neither read nor written."""
    (place.folder / "2026-03-14" / f"{RUN}.jsonl").mkdir(parents=True)
    with pytest.raises(JournalUnavailable, match="cannot be read"):
        place.journals.read(RUN)
    with pytest.raises(JournalUnavailable, match="cannot be opened"):
        place.journals.acquire(RUN)


@pytest.mark.parametrize("arguments", [float("nan"), 2**53, "\ud800", {"\ud800": 1}], ids=repr)
def test_an_event_without_canonical_form_is_refused(place: Place, arguments: object) -> None:
    """It is refused before anything of its batch is written; the journal goes on."""
    with closing(place.journals.create(RUN)) as journal:
        journal.append(EVENTS[:1])
        if arguments == {"\ud800": 1}:
            event = proposed().model_copy(update={"tool": "\ud800"})
        else:
            event = proposed(arguments=arguments)  # type: ignore[arg-type]  # a model may say anything
        with pytest.raises(JournalUnavailable, match=r"`tool.proposed` cannot be journaled in run"):
            journal.append([EVENTS[1], event])
        journal.append(EVENTS[2:3])
    assert [record.event for record in place.journals.read(RUN)] == [EVENTS[0], EVENTS[2]]


def test_an_event_too_deep_to_be_read_back_is_refused(place: Place) -> None:
    """The reader would take it for a torn tail, and everything after it for damage."""
    deep: list[object] = []
    for _ in range(LINE_LIMITS.max_depth):
        deep = [deep]
    with closing(place.journals.create(RUN)) as journal:
        with pytest.raises(JournalUnavailable, match="nested deeper than"):
            journal.append([proposed(arguments=deep)])  # type: ignore[arg-type]  # JSON, only deep
        journal.append(EVENTS)
    assert len(place.journals.read(RUN)) == len(EVENTS)


async def test_it_works_with_the_machines_own_clock_and_disk(tmp_path: Path) -> None:
    """Nothing above depends on the fakes."""
    journals = FileJournals(tmp_path, SystemClock(), SystemDisk())
    with closing(journals.create(RUN)) as journal:
        records = journal.append(EVENTS)
        await journal.sync()
    assert journals.read(RUN) == records
