"""Tests of which runs count: of an agent, since a day, of which kind; a damaged one is left out by name."""

from pathlib import Path

import pytest

from agentctl.composition.people.stats import StatsQuestion, approval_stats
from agentctl.composition.project import Project
from agentctl.events.record import AnyEvent
from agentctl.foundation.errors import UsageError
from tests.fakes.journals import run_id, started
from tests.fakes.waiting_run import a_project, append, request_in, wait


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project in which one live run asked for something."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = a_project(tmp_path)
    wait(project, run_id(1))
    return project


def other(project: Project, run: str, **envelope: object) -> None:
    """Let another run ask for something, with another envelope."""
    first = started(run)
    changed: AnyEvent = first.model_copy(update={"envelope": first.envelope.model_copy(update=envelope)})
    append(project, run, changed, request_in(run))


def counted(project: Project, **question: object) -> tuple[int, int]:
    """Return how many runs and requests count."""
    found = approval_stats(project, StatsQuestion(**question)).stats  # type: ignore[arg-type]
    return found.runs, found.requests


def test_only_live_runs_count_unless_all_are_asked_for(project: Project) -> None:
    """What an evaluation asked for says nothing of how people answer."""
    other(project, run_id(2), kind="eval")
    assert counted(project) == (1, 1)
    assert counted(project, all_kinds=True) == (2, 2)


def test_an_agent_is_looked_at_alone(project: Project) -> None:
    """Other agents' runs do not count; an agent that never ran has none."""
    other(project, run_id(2), agent="notes-assistant")
    assert counted(project, agent="notes-assistant") == (1, 1)
    assert counted(project, agent="nobody") == (0, 0)


def test_a_day_begins_at_midnight(project: Project) -> None:
    """Requests of that day count, those of the day before do not."""
    assert counted(project, since="2026-03-14") == (1, 1)
    assert counted(project, since="2026-03-15") == (0, 0)


@pytest.mark.parametrize("day", ["", "yesterday", "2026-3-14", "2026-02-30", "2026-03-14T00:00:00Z"])
def test_what_is_no_day_is_refused(project: Project, day: str) -> None:
    """The error says how a day is written."""
    with pytest.raises(UsageError, match="2026-11-22"):
        counted(project, since=day)


def test_a_damaged_run_is_left_out_by_name(project: Project) -> None:
    """The others are counted all the same."""
    wait(project, run_id(2))
    path = project.journals.path_of(run_id(2))
    path.write_bytes(path.read_bytes().replace(b"25000", b"25001"))
    found = approval_stats(project, StatsQuestion())
    assert found.stats.runs == 1
    assert [run for run, _ in found.unread] == [run_id(2)]
