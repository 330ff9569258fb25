"""An index finds every run's journal, and nothing else."""

from pathlib import Path

from agentctl.trace.journal_files import complete_lines, journals_among, journals_in
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


def test_lines_are_complete_only_with_their_newline(tmp_path: Path) -> None:
    """A torn tail is no line."""
    path = write(tmp_path / "j", "é\n".encode() + b"\xff\n\n{to")
    assert complete_lines(path) == ["é".encode(), b"\xff", b""]
    assert complete_lines(write(tmp_path / "empty")) == []
