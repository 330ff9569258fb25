"""An index finds every run's journal, and nothing else."""

from pathlib import Path

import pytest

from agentctl.foundation.errors import JournalUnavailable
from agentctl.trace.journals.journal_files import (
    dates_in,
    is_as_it_was,
    journals_among,
    journals_in,
    runs_in,
)
from tests.fakes.journals import run_id


def write(path: Path, data: bytes = b"") -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_only_journals_of_runs_are_found_the_oldest_run_first(tmp_path: Path) -> None:
    """Names that are no run ids, links and other folders are left out."""
    later = write(tmp_path / "2026-03-15" / f"{run_id(2)}.jsonl", b"12")
    first = write(tmp_path / "2026-03-14" / f"{run_id(1)}.jsonl")
    write(tmp_path / "control" / "reviewers.jsonl")
    write(tmp_path / "2026-03-14" / "torn" / f"{run_id(3)}.jsonl")
    write(tmp_path / "2026-03-14" / f"{run_id(4)}.bin")
    (tmp_path / "2026-03-14" / f"{run_id(5)}.jsonl").symlink_to(first)
    found = journals_in(tmp_path)
    assert list(found) == [run_id(1), run_id(2)]
    assert found[run_id(2)].path == later
    assert found[run_id(2)].mark == (f"2026-03-15/{run_id(2)}.jsonl", 2, later.stat().st_mtime_ns)


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    """A project without runs is not an error."""
    assert journals_in(tmp_path / "nowhere") == {}


def test_a_copy_in_another_folder_does_not_count(tmp_path: Path) -> None:
    """A run has one journal: the older."""
    name = f"{run_id(1)}.jsonl"
    copy, original = write(tmp_path / "2026-03-15" / name), write(tmp_path / "2026-03-14" / name)
    assert [journal.path for journal in journals_among([copy, original]).values()] == [original]


def test_a_journal_that_vanished_is_left_out(tmp_path: Path) -> None:
    """Between listing and looking a file may go."""
    assert journals_among([tmp_path / "2026-03-14" / f"{run_id(1)}.jsonl"]) == {}


def test_an_eval_is_found_beside_the_runs_under_a_name_of_its_own(tmp_path: Path) -> None:
    """And by that name it can be looked at again."""
    day = tmp_path / "evals" / "2026-03-14"
    path = write(day / f"{run_id(1)}.jsonl", b"12")
    (found,) = journals_in(tmp_path).values()
    assert (found.path, found.name) == (path, f"evals/2026-03-14/{run_id(1)}.jsonl")
    assert is_as_it_was(tmp_path, found.mark)
    write(path, b"123")
    assert not is_as_it_was(tmp_path, found.mark)
    assert dates_in(tmp_path) == {}


def test_dates_can_be_left_out(tmp_path: Path) -> None:
    """Of those no file is looked at."""
    kept = write(tmp_path / "2026-03-14" / f"{run_id(1)}.jsonl")
    write(tmp_path / "2026-03-15" / f"{run_id(2)}.jsonl")
    assert list(journals_in(tmp_path, {"2026-03-14"})) == [run_id(2)]
    assert dates_in(tmp_path)["2026-03-14"] == kept.parent.stat().st_mtime_ns


def test_a_link_is_not_as_it_was(tmp_path: Path) -> None:
    """It could name any file, one of the same size and age too."""
    path = write(tmp_path / "2026-03-14" / f"{run_id(1)}.jsonl", b"12")
    (found,) = journals_in(tmp_path).values()
    path.rename(tmp_path / "elsewhere")
    assert not is_as_it_was(tmp_path, found.mark)
    path.symlink_to(tmp_path / "elsewhere")
    assert not is_as_it_was(tmp_path, found.mark)


def test_a_folder_that_cannot_be_looked_at_is_said_so_of(tmp_path: Path) -> None:
    """It does not pass for one without journals."""
    (tmp_path / "journal").symlink_to("journal")
    with pytest.raises(JournalUnavailable, match="cannot be looked at: Too many levels of symbolic links"):
        journals_in(tmp_path / "journal")
    with pytest.raises(JournalUnavailable, match="cannot be looked at"):
        runs_in(tmp_path / "journal")
