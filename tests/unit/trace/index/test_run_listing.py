"""A list of runs says how they stand now, and costs no look at what nobody writes to."""

import fcntl
import os
from pathlib import Path

import pytest

from agentctl.events.run import RunFinished, RunSuspended
from agentctl.trace.index.run_listing import Listing, listing
from agentctl.trace.index.run_rows import EVERY_RUN, Choice
from agentctl.trace.index.store import Index
from tests.fakes.journals import run_id, started, write_journal

LONG_AGO = 1_700_000_000
END = RunFinished(status="answered", answer="x")


class Scene:
    """Three runs: finished, suspended, under way; all are in the index."""

    def __init__(self, folder: Path) -> None:
        self.mark, self.folder = folder / "mark", folder / "journal"
        self.index = Index(folder / "index.duckdb", self.folder)
        for number, last in enumerate(([END], [RunSuspended(reason="approval", detail="wait")], [])):
            write_journal(self.folder, run_id(number), [started(run_id(number)), *last])
        self.settle()
        self.index.ingest()

    def path(self, number: int) -> Path:
        """Return a run's journal."""
        return self.folder / "2026-03-14" / f"{run_id(number)}.jsonl"

    def settle(self) -> None:
        """Let the folder be as if nothing had come or gone for long."""
        os.utime(self.folder / "2026-03-14", (LONG_AGO, LONG_AGO))

    def listed(self, choice: Choice = EVERY_RUN, limit: int = 20) -> Listing:
        """List runs."""
        return listing(self.index, self.folder, self.mark, choice, limit)

    def told(self) -> list[tuple[int, str, str | None, str]]:
        """Return number, status, reason and standing of each, newest first."""
        return [
            (int(one.row.run[-1]), one.row.status, one.row.reason, one.standing) for one in self.listed().runs
        ]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A project."""
    return Scene(tmp_path)


def test_every_run_is_shown_as_it_stands(scene: Scene) -> None:
    """The one under way has no process; then somebody goes on with it; then it ends."""
    others = [(1, "suspended", "approval", "unknown"), (0, "finished", "answered", "unknown")]
    assert scene.told() == [(2, "running", None, "stopped"), *others]
    with scene.path(2).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert scene.told() == [(2, "running", None, "held"), *others]
    write_journal(scene.folder, run_id(2), [started(run_id(2)), END])
    assert scene.told() == [(2, "finished", "answered", "unknown"), *others]


def test_only_those_that_are_looked_for_are_shown(scene: Scene) -> None:
    """Newest first, not more than that."""
    assert [one.row.run for one in scene.listed(limit=2).runs] == [run_id(2), run_id(1)]
    assert [one.row.run for one in scene.listed(Choice(status="approval")).runs] == [run_id(1)]


def test_a_closed_journal_that_is_shown_is_looked_at(scene: Scene) -> None:
    """What somebody added by hand is damage, and is said; also of a run that is not shown, from then on."""
    assert scene.listed().damaged == ()
    scene.path(0).write_bytes(scene.path(0).read_bytes() + b"more\n")
    scene.settle()
    assert scene.listed(limit=1).damaged == ()
    (harm,) = scene.listed().damaged
    assert (harm.run, harm.records, harm.lines) == (run_id(0), 2, 3)
    assert scene.listed(limit=1).damaged == (harm,)


def test_of_a_damaged_journal_nobody_says_whether_it_has_a_process(scene: Scene) -> None:
    """A resume would refuse it."""
    scene.path(2).write_bytes(scene.path(2).read_bytes() + b"more\n")
    assert scene.told()[0] == (2, "running", None, "unknown")


def test_without_any_run_there_is_nothing(tmp_path: Path) -> None:
    """Nor is anything made."""
    index = Index(tmp_path / "index.duckdb", tmp_path / "journal")
    assert listing(index, tmp_path / "journal", tmp_path / "mark", EVERY_RUN, 20) == Listing((), (), True)  # noqa: FBT003 - a field
    assert list(tmp_path.iterdir()) == []
