"""Tests of what a run says of itself."""

from typing import get_args

import pytest

from agentctl.events.run import RunKind
from tests.fakes.journals import run_id, started


@pytest.mark.parametrize("kind", get_args(RunKind))
def test_only_live_runs_wait_for_people(kind: RunKind) -> None:
    """Nobody is asked in a replay or a trial, whatever its journal leaves open."""
    envelope = started(run_id(0)).envelope.model_copy(update={"kind": kind})
    assert envelope.waits_for_people is (kind == "live")
