"""Tests of what waits for people: runs that have not begun yet are in nobody's way."""

from pathlib import Path

from agentctl.composition.answers import open_approvals
from tests.fakes.journals import run_id
from tests.fakes.waiting_run import a_project


def test_a_run_that_has_not_begun_waits_for_nobody(tmp_path: Path) -> None:
    """Between creating its journal and its first record a run has no requests, and the list of all others still comes."""
    project = a_project(tmp_path)
    project.journals.create(run_id(0)).close()
    assert open_approvals(project) == ()
