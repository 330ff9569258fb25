"""Tests of what waits for people: found whatever else is wrong, and nobody reads every journal for it."""

from pathlib import Path

import pytest

from agentctl.composition.people import answers
from agentctl.composition.people.answers import Given, OpenApproval, give_answer, open_approvals
from agentctl.composition.project import Project
from agentctl.events.record import Record
from agentctl.events.run import RunFinished
from agentctl.foundation.errors import UsageError
from agentctl.trace.journals.journal import FileJournals
from tests.fakes.journals import RUN, answered, run_id
from tests.fakes.waiting_run import a_project, moved, wait

HOUR = 3_600


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project without runs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return a_project(tmp_path)


def waiting(project: Project) -> tuple[OpenApproval, ...]:
    """Return what waits, where every journal can be read."""
    found = open_approvals(project)
    assert found.unread == ()
    return found.approvals


def test_a_run_that_has_not_begun_waits_for_nobody(project: Project) -> None:
    """Between creating its journal and its first record a run has no requests, and the list of all others still comes."""
    project.journals.create(run_id(0)).close()
    assert waiting(project) == ()


def test_only_journals_of_runs_that_have_not_ended_are_read(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many have; the index knows which."""
    wait(project, run_id(1))
    wait(project, run_id(2), RunFinished(status="denied", answer="no"))
    wait(project, run_id(3), answered(f"{run_id(3)}/0/0"))
    read, asked = FileJournals.read, list[str]()

    def noted(self: FileJournals, run: str) -> tuple[Record, ...]:
        asked.append(run)
        return read(self, run)

    monkeypatch.setattr(FileJournals, "read", noted)
    assert [item.id for item in waiting(project)] == [f"{run_id(1)}-0-0-1"]
    assert asked == [run_id(1), run_id(3)]


def test_a_damaged_journal_hides_no_request_of_others_and_is_named(project: Project) -> None:
    """Nobody is told that nothing waits where nobody can know."""
    broken, whole = run_id(1), run_id(2)
    wait(project, broken)
    wait(project, whole)
    path = project.journals.path_of(broken)
    path.write_bytes(path.read_bytes().replace(b"allow", b"alloy").replace(b"casey", b"cases"))
    found = open_approvals(project)
    assert [item.id for item in found.approvals] == [f"{whole}-0-0-1"]
    ((run, why),) = found.unread
    assert (run, "record 0" in why) == (broken, True)


def test_what_lies_in_the_inbox_is_told_beside_the_request(project: Project) -> None:
    """Somebody answered, and the run has not taken it in: nobody else need look."""
    request = wait(project)
    give_answer(project, Given(request.approval, "alice", "deny", "too much"), lambda _: "")
    (item,) = waiting(project)
    assert [(one.said, one.by) for one in item.not_taken] == [("deny", "alice")]


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(0, "an answer of one of alice, bob"), (HOUR, "a request that")]
)
def test_a_refusal_names_who_may_answer_or_where_to_look(
    seconds: int, accepted: str, project: Project
) -> None:
    """No rule, and not whom the run acts for: nobody can type those. What waits no more has no answer that counts."""
    request = wait(project, reviewers=("system:rule", "casey", "alice", "bob"))
    moved(project, seconds)
    with pytest.raises(UsageError) as refused:
        give_answer(project, Given(request.approval, "mallory", "approve", ""), lambda _: "")
    assert refused.value.problems[0].accepted.startswith(accepted)


def test_where_rules_decide_nobody_is_named(project: Project) -> None:
    """There is no person whose answer would count."""
    request = wait(project, reviewers=("system:rule",))
    with pytest.raises(UsageError, match="a rule decides"):
        give_answer(project, Given(request.approval, "alice", "approve", ""), lambda _: "")


def test_an_unknown_request_is_called_one(project: Project) -> None:
    """Not a run: nobody typed a run."""
    for name in ("nonsense", f"{RUN}-9-9-1"):
        with pytest.raises(UsageError, match=f"there is no approval request `{name}`"):
            answers.find_approval(project, name)
