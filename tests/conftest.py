"""What holds for all tests."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from agentctl.foundation.errors import AgentctlError
from tests.fakes.replays import replayed
from tests.fakes.runs import STAGES, Stage
from tests.replaying import parted_told, projects_in, replay_everything, tally, times

# A busy machine is not a bug: examples have no deadline of their own, the whole test has (pytest-timeout).
settings.register_profile("agentctl", deadline=None)
settings.load_profile("agentctl")


@pytest.fixture(autouse=True)
def runs_replay(request: pytest.FixtureRequest) -> Iterator[None]:
    """After some tests, or all where `AGENTCTL_TESTS_REPLAY` says so, replay what they ran: it must be exact."""
    repeats = times(request.node.nodeid)
    folder: Path | None = None
    if repeats and "tmp_path" in request.fixturenames:
        folder = request.getfixturevalue("tmp_path")
    STAGES.clear()
    yield
    if repeats:
        with parted_told(request.node.nodeid):
            done = sum(_replay(stage, repeats) for stage in tuple(STAGES))
            done += sum(replay_everything(project, repeats) for project in projects_in(folder))
        tally(request.node.nodeid, done)


def _replay(stage: Stage, repeats: int) -> int:
    """Replay what a stage ran, and return how often that was."""
    if not (stage.can_be_replayed and _is_whole(stage)):
        return 0
    for _ in range(repeats):
        said = asyncio.run(replayed(stage))
        assert said.fidelity == "exact", f"{said.detail}: {said.differences[:3]}"
    return repeats


def _is_whole(stage: Stage) -> bool:
    try:
        return bool(stage.records())  # else it was gone before it began
    except AgentctlError:
        return False  # what was written was damaged
