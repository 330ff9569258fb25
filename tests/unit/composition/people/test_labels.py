"""Tests of labelling runs: journaled beside the runs, under a name, with a reason, never by an agent's tool."""

from pathlib import Path

import pytest

from agentctl.composition.people.labels import label_run, read_labels
from agentctl.composition.project import Project, open_project
from agentctl.foundation.errors import UsageError
from tests.fakes.clock import StandingClock
from tests.fakes.journals import RUN, refund_story, write_journal


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with one run."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "agentctl.toml").touch()
    write_journal(tmp_path / "traces" / "journal", RUN, refund_story())
    return open_project(tmp_path, StandingClock())


def test_a_label_stands_beside_the_run_and_not_in_it(project: Project) -> None:
    """The run's own journal stays what it was; nor the journal of keys; its own has who, what and why."""
    before = project.journals.path_of(RUN).read_bytes()
    said = label_run(project, "latest", "bad", by="olga", reason=" the wrong charge ")
    assert (said.run, said.label, said.by.id, said.by.assurance) == (RUN, "bad", "olga", "asserted")
    assert said.reason == "the wrong charge"
    again = label_run(project, RUN[:20], "good", by="mia", reason="it was right after all")
    assert [item.event for item in read_labels(project)[RUN]] == [said, again]
    assert project.journals.path_of(RUN).read_bytes() == before
    assert project.control.read() == ()
    assert [record.run for record in project.labels.read()] == ["labels", "labels"]


@pytest.mark.parametrize(
    ("name", "by", "reason", "told"),
    [
        ("01ZZ", "olga", "seen", "there is no run `01ZZ`"),
        ("latest", "system:reviewer", "seen", "is not a person's name"),
        ("latest", "olga", "  ", "a label without a reason"),
        ("latest", "olga", "x" * 2_001, "the reason has 2001 characters; accepted: 2000 at most"),
        ("latest", "olga", "mail dana@example.com", "the reason holds what must not lie in a file"),
    ],
)
def test_what_cannot_be_taken_leaves_nothing(
    project: Project, name: str, by: str, reason: str, told: str
) -> None:
    """No run, no person, no reason, or one that may not be kept."""
    with pytest.raises(UsageError, match=told):
        label_run(project, name, "bad", by=by, reason=reason)
    assert read_labels(project) == {}


def test_no_tool_of_an_agent_labels_its_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an agent thinks of itself is no evidence."""
    monkeypatch.setattr(type(project.settings), "below_a_tool", True)
    with pytest.raises(UsageError, match="from inside a tool of an agent"):
        label_run(project, "latest", "good", by="olga", reason="seen")
    assert read_labels(project) == {}
