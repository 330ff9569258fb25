"""Replays what tests have run: every journal is driven again, and must come out event by event as it is."""

import os
from pathlib import Path
from zlib import crc32

from agentctl.composition import open_project
from agentctl.composition.replays import ReplayOrder, replay_run
from agentctl.foundation.errors import IntegrityError, UsageError

TIMES = "AGENTCTL_TESTS_REPLAY"
"""The environment variable that says how often every run is replayed; without it, a few runs are, once."""

_ONE_IN = 8


def times(test: str) -> int:
    """Return how often the runs of a test are replayed."""
    every = os.environ.get(TIMES)
    return int(every) if every else int(crc32(test.encode()) % _ONE_IN == 0)


def replay_everything(folder: Path, repeats: int = 1) -> int:
    """Replay all runs of a project and return how many there were; journals that tests have damaged do not count."""
    project = open_project(folder)
    done = 0
    for run in project.journals.runs():
        try:
            outcomes = [replay_run(project, ReplayOrder(run)) for _ in range(repeats)]
        except (IntegrityError, UsageError):
            continue
        parted = [outcome.judged for outcome in outcomes if outcome.judged.fidelity != "exact"]
        assert not parted, f"{run}: {parted[0].detail}: {parted[0].differences[:3]}"
        done += 1
    return done
