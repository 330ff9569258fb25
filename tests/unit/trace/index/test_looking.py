"""A glance finds every change that a writer can make, without a look at journals that are closed."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentctl.events.record import AnyEvent
from agentctl.events.run import RunFinished, RunSuspended
from agentctl.trace.index import looking
from agentctl.trace.index.database import opened
from agentctl.trace.index.looking import Seen, glance, look, quiet_dates
from agentctl.trace.index.store import Index
from tests.fakes.clock import StandingClock
from tests.fakes.journals import refund_story, run_id, started, write_journal

LONG_AGO = 1_700_000_000
END = RunFinished(status="answered", answer="x")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Journals of four runs, finished, suspended, killed and torn, in a folder that was quiet for long; all are taken in."""
    folder = tmp_path / "journal"
    write_journal(folder, run_id(0), refund_story(run_id(0)))
    write(folder, 1, RunSuspended(reason="approval", detail="wait"))
    write(folder, 2)
    write_journal(folder, run_id(3), [started(run_id(3)), END], torn=b'{"da')
    shutil.copytree(folder / "2026-03-14", folder / "evals" / "2026-03-14", copy_function=lambda *_: None)
    shutil.copy(day(folder) / f"{run_id(1)}.jsonl", folder / "evals" / "2026-03-14" / f"{run_id(8)}.jsonl")
    settle(folder)
    assert Index(tmp_path / "index.duckdb", folder).ingest().state == "done"
    return folder


def write(folder: Path, number: int, *events: AnyEvent) -> Path:
    """Write a run that began, and what happened then."""
    return write_journal(folder, run_id(number), [started(run_id(number)), *events])


def day(folder: Path) -> Path:
    """Return the folder in which runs lie."""
    return folder / "2026-03-14"


def settle(folder: Path) -> None:
    """Let the folder be as if nothing had come or gone for long."""
    os.utime(day(folder), (LONG_AGO, LONG_AGO))


def seen(folder: Path) -> Seen:
    """Return what a glance sees, and make sure that a look sees the same."""
    found = glanced(folder)
    assert sorted(found.outdated) == sorted(_compared(folder, look).outdated)
    return found


def glanced(folder: Path) -> Seen:
    """Return what a glance sees."""
    return _compared(folder, glance)


def _compared(folder: Path, how: object) -> Seen:
    with opened(str(folder.parent / "index.duckdb")) as connection:
        return how(connection, "main", folder)  # type: ignore[operator,no-any-return]  # look or glance


@pytest.fixture
def stats(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The journals that were looked at."""
    looked: list[str] = []
    real, mark = looking.journals_in, looking.is_as_it_was

    def listing(folder: Path, but: object = ()) -> object:
        found = real(folder, but)  # type: ignore[arg-type]  # as it came
        looked.extend(found)
        return found

    def one(folder: Path, journal: tuple[str, int, int]) -> bool:
        looked.append(Path(journal[0]).stem)
        return mark(folder, journal)

    monkeypatch.setattr(looking, "journals_in", listing)
    monkeypatch.setattr(looking, "is_as_it_was", one)
    yield looked
    looked.clear()


def test_where_nothing_changed_nothing_is_seen_and_no_closed_journal_looked_at(
    folder: Path, stats: list[str]
) -> None:
    """Suspended, killed and torn ones are looked at, and all evals."""
    assert glanced(folder) == Seen(())
    assert sorted(stats) == [run_id(1), run_id(2), run_id(3), run_id(8)]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_run_that_goes_on_is_seen_though_its_folder_does_not_change(folder: Path, number: int) -> None:
    """Resumed, still at work, or cut back to where it was whole."""
    write(folder, number, RunSuspended(reason="approval", detail="wait"), END)
    settle(folder)
    assert seen(folder).outdated == [run_id(number)]


def test_a_new_run_is_seen(folder: Path) -> None:
    """Its folder changed, or is new."""
    write(folder, 5)
    assert seen(folder).outdated == [run_id(5)]
    shutil.copytree(day(folder), folder / "2026-03-15")
    (folder / "2026-03-15" / f"{run_id(5)}.jsonl").rename(folder / "2026-03-15" / f"{run_id(6)}.jsonl")
    assert sorted(seen(folder).outdated) == [run_id(5), run_id(6)]


@pytest.mark.parametrize("number", range(4))
def test_a_journal_that_is_gone_is_seen(folder: Path, number: int) -> None:
    """Whatever its run was up to."""
    (day(folder) / f"{run_id(number)}.jsonl").unlink()
    assert seen(folder) == Seen((), frozenset({run_id(number)}))


def test_an_open_journal_that_vanishes_between_two_looks_is_gone(folder: Path) -> None:
    """Its folder is as it was, says whoever moved its clock; its file is not."""
    (day(folder) / f"{run_id(2)}.jsonl").unlink()
    settle(folder)
    assert seen(folder) == Seen((), frozenset({run_id(2)}))


def test_an_eval_that_goes_on_is_seen(folder: Path) -> None:
    """There are few of them, and all are looked at."""
    path = folder / "evals" / "2026-03-14" / f"{run_id(8)}.jsonl"
    path.write_bytes(path.read_bytes() + b"x")
    assert seen(folder).outdated == [run_id(8)]


def test_a_copy_does_not_count_until_the_older_one_is_gone(folder: Path) -> None:
    """A run has one journal, wherever a second one lies."""
    copy = folder / "2026-03-15" / f"{run_id(0)}.jsonl"
    copy.parent.mkdir()
    shutil.copy(day(folder) / copy.name, copy)
    assert seen(folder) == Seen(())
    (day(folder) / copy.name).unlink()
    assert [journal.path for journal in seen(folder).changed] == [copy]


def test_a_closed_journal_that_somebody_changed_by_hand_is_found_by_a_look_only(folder: Path) -> None:
    """That is the price of not looking; whoever asks in SQL, shows the run or lists it looks."""
    path = day(folder) / f"{run_id(0)}.jsonl"
    path.write_bytes(path.read_bytes() + b"more\n")
    settle(folder)
    assert glanced(folder) == Seen(())
    assert _compared(folder, look).outdated == [run_id(0)]


@pytest.mark.parametrize(("seconds", "quiet"), [(1.0, False), (3.0, True), (-100.0, False)])
def test_only_quiet_folders_are_noted(tmp_path: Path, seconds: float, *, quiet: bool) -> None:
    """One that changed a moment ago could change again and look the same; one of the future says nothing."""
    clock = StandingClock()
    then = clock.now().timestamp() - seconds
    for name in ("2026-03-14", "evals"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (then, then))
    (tmp_path / "file").touch()
    assert set(quiet_dates(tmp_path, clock)) == ({"2026-03-14"} if quiet else set())
