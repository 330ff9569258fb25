"""Replays what tests have run: every journal is driven again, and must come out event by event as it is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from agentctl.composition import open_project
from agentctl.composition.replays.parts import Archive
from agentctl.composition.replays.replaying import ReplayOrder, governed_by, replay_run, tape_of
from agentctl.foundation.errors import IntegrityError, UsageError
from agentctl.settings import MARKER
from tests.fakes.journals import run_id

TIMES = "AGENTCTL_TESTS_REPLAY"
"""The environment variable that says how often every run is replayed; without it, a few runs are, once."""

TALLY = "AGENTCTL_TESTS_REPLAYED"
"""The environment variable that names a file which gets a line for every run that was replayed: its test, and how often."""

PARTED = "parted"
"""Stands there in the place of a number where a replay of the test's runs was not exact."""

_ONE_IN = 8


def times(test: str) -> int:
    """Return how often the runs of a test are replayed."""
    every = os.environ.get(TIMES)
    return int(every) if every else int(crc32(test.encode()) % _ONE_IN == 0)


_BY_HAND = ".by-hand"
_WRITTEN = run_id(0)[:-10]
"""How the ids of runs begin whose journals a test writes in the place of this code."""


def by_hand(project: Path) -> None:
    """Say that what is run in a project is no run of ours: a bug is planted, or its journals are written by hand."""
    (project / _BY_HAND).touch()


def projects_in(folder: Path | None) -> Iterator[Path]:
    """Yield the projects in a test's folder, if it has one, in which something may have been run by this code as it is."""
    for marker in folder.rglob(MARKER) if folder else ():
        project = marker.parent
        if (project / "traces" / "journal").is_dir() and not (project / _BY_HAND).exists():
            yield project


def tally(test: str, replays: int) -> None:
    """Write down how many replays a test's runs had, where somebody wants to know."""
    if replays:
        _write_down(f"{replays} {test}")


@contextmanager
def parted_told(test: str) -> Iterator[None]:
    """Write down of a test's replays that one of them was not exact, where somebody wants to know."""
    all_exact = False
    try:
        yield
        all_exact = True
    finally:
        if not all_exact:
            _write_down(f"{PARTED} {test}")


def _write_down(line: str) -> None:
    path = os.environ.get(TALLY)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def replay_everything(folder: Path, repeats: int = 1) -> int:
    """Replay all runs of a project and return how many replays that were; journals that tests have damaged do not count."""
    project = open_project(folder)
    archive, done = Archive(project), 0
    for run in filter(lambda name: _can_be_replayed(archive, name), project.journals.runs()):
        outcomes = [replay_run(project, ReplayOrder(run), archive) for _ in range(repeats)]
        parted = [outcome.judged for outcome in outcomes if outcome.judged.fidelity != "exact"]
        assert not parted, f"{run}: {parted[0].detail}: {parted[0].differences[:3]}"
        done += len(outcomes)
    return done


def _can_be_replayed(archive: Archive, run: str) -> bool:
    """Whether this is the journal of a run, and a test has left it, and all that it names, as it was."""
    if run.startswith(_WRITTEN):
        return False
    try:
        governed_by(archive, tape_of(archive.project, run), None)
    except (IntegrityError, UsageError):
        return False
    return True
