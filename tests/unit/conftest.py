"""After some tests, or all where `AGENTCTL_TESTS_REPLAY` says so, what their stages ran is replayed: it must be exact."""

import asyncio
from collections.abc import Iterator

import pytest

from agentctl.foundation.errors import AgentctlError
from tests.fakes.replays import replayed
from tests.fakes.runs import STAGES, Stage
from tests.replaying import times


@pytest.fixture(autouse=True)
def runs_of_stages_replay(request: pytest.FixtureRequest) -> Iterator[None]:
    """Replay the run of each stage that the test set up."""
    STAGES.clear()
    yield
    for stage in (stage for stage in tuple(STAGES) if stage.can_be_replayed):
        for _ in range(times(request.node.nodeid)):
            _replay(stage)


def _replay(stage: Stage) -> None:
    try:
        stage.records()
    except AgentctlError:
        return  # what was written was damaged
    said = asyncio.run(replayed(stage))
    assert said.fidelity == "exact", f"{said.detail}: {said.differences[:3]}"
