"""Tests of the use cases around an eval, in this process."""

import json
import os
import shutil
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.cli.eval.screen import EvalScreen
from agentctl.composition.evals.baselines import bless
from agentctl.composition.evals.making import spent_before
from agentctl.composition.evals.orders import EvalOrder, Progress, Raised
from agentctl.composition.evals.running import EvalOutcome, resume_eval, run_eval
from agentctl.composition.evals.trial_makers import Here, MakerGone
from agentctl.composition.project import Project, open_project
from agentctl.evals.report import EvalReport
from agentctl.evals.state import EvalState
from agentctl.events.evals import TrialJudged, TrialStarted
from agentctl.foundation.errors import (
    ExitCode,
    IntegrityError,
    InternalError,
    InvalidInput,
    LockedError,
    UsageError,
)
from agentctl.foundation.ids import new_run_id

REPOSITORY = Path(__file__).parents[4]
ORDER = EvalOrder("refund-assistant", patterns=("small-refund",), trials=2)
TWO = EvalOrder("refund-assistant", patterns=("small-refund", "no-such-charge"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of this repository's project, with keys of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("contracts", "goldensets"):
        shutil.copytree(
            REPOSITORY / name, tmp_path / "shop" / name, ignore=shutil.ignore_patterns("*.baseline.yaml")
        )
    shutil.copy(REPOSITORY / "agentctl.toml", tmp_path / "shop")
    return open_project(tmp_path / "shop")


def test_what_was_blessed_is_compared_with(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """An eval passes, is blessed, and fails once the price is another one; each says so on the screen."""
    told: list[Progress] = []
    first = run_eval(project, ORDER, 2, told.append)
    assert first.report is not None
    assert (first.done, told[-1].done, told[-1].seconds_left) == (2, 2, 0)
    assert bless(project, first.report).path.name == "refund-assistant.baseline.yaml"

    path = project.files.contracts / "environments" / "sandbox.yaml"
    path.write_text(path.read_text().replace("input_usd_per_million: 0.15", "input_usd_per_million: 1.5"))
    screen = EvalScreen(as_json=False)
    second = run_eval(project, ORDER, None, screen.watch)
    assert second.report is not None
    screen.report(second.report, github=True)
    shown = capsys.readouterr().out
    assert second.report.verdict.exit_code is ExitCode.WANTING
    assert "regressed  small-refund" in shown
    assert "price of `scripted-small` changed" in shown
    with pytest.raises(UsageError, match="this is no baseline"):
        bless(project, second.report)


def test_what_is_blessed_need_not_be_comparable(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A case that is gone, or another one now, leaves the baseline when all is blessed; until then the screen says how.

    What was blessed under another version and is not tried is left out, and counted.
    """
    everything = EvalOrder("refund-assistant", patterns=("no-ticket*", "no-such-ticket"))
    cases = project.paths.root / "goldensets" / "refund-assistant.yaml"
    first = _report(run_eval(project, everything, 1, lambda _: None))
    assert bless(project, first).cases == 2
    gone = cases.read_text().replace("id: no-ticket-in-the-input", "id: no-ticket-here")
    cases.write_text(gone.replace("id: no-such-ticket", "id: no-such-ticket\n    metadata: {why: changed}"))
    screen = EvalScreen(as_json=False)
    screen.report(_report(run_eval(project, everything, 1, lambda _: None)), github=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert "incomparable: blessed, and not in the golden set any more: `no-ticket-in-the-input`" in shown
    assert "`no-such-ticket` changed since the baseline was blessed" in shown
    assert "`agentctl eval refund-assistant --bless` makes what they come to now the baseline" in shown
    blessing = _report(run_eval(project, everything, 1, lambda _: None, blesses=True))
    assert blessing.verdict.exit_code is ExitCode.OK
    assert (bless(project, blessing).cases, bless(project, blessing).dropped) == (2, 0)
    instructions = project.files.contracts / "refund-assistant.md"
    instructions.write_text(instructions.read_text() + "Be brief.\n")
    other = replace(everything, patterns=("no-such-ticket",))
    done = bless(project, _report(run_eval(project, other, 1, lambda _: None, blesses=True)))
    assert (done.cases, done.dropped) == (1, 1)
    screen.blessed(done, "there.yaml")
    assert "1 case that was blessed under another version" in " ".join(capsys.readouterr().err.split())


def test_what_would_be_in_vain_is_not_begun(project: Project, tmp_path: Path) -> None:
    """A baseline that cannot be read, and a report that cannot be written, are told before any trial."""
    path = project.paths.root / "goldensets" / "refund-assistant.baseline.yaml"
    path.write_text("agent: refund-assistant\n<<<<<<< HEAD\n")
    with pytest.raises(InvalidInput, match=r"baseline.yaml:2:1: git left both sides of a conflict here"):
        run_eval(project, ORDER, 1, lambda _: None)
    assert list(project.evals.runs()) == []
    for file in (tmp_path, tmp_path / "no" / "where.xml"):
        with pytest.raises(UsageError, match="cannot be written"):
            EvalScreen.refuse_unwritable(file)
    EvalScreen.refuse_unwritable(tmp_path / "here.xml")
    EvalScreen.refuse_unwritable(None)


def test_a_baseline_of_another_agent_is_not_compared_with(project: Project) -> None:
    """A file that was copied, and not blessed."""
    path = bless(project, _report(run_eval(project, ORDER, 1, lambda _: None))).path
    path.write_text(path.read_text().replace("agent: refund-assistant", "agent: somebody-else"))
    with pytest.raises(InvalidInput, match=r"baseline\.yaml: agent: this is the baseline of `somebody-else`"):
        run_eval(project, ORDER, 1, lambda _: None)


def test_a_ticket_of_the_sandbox_that_changed_is_named(project: Project) -> None:
    """What agents find in the back office is no part of a version, and a case may hang on it."""
    bless(project, _report(run_eval(project, ORDER, 1, lambda _: None)))
    tickets = project.files.contracts / "environments" / "sandbox" / "tickets.yaml"
    tickets.write_text(tickets.read_text() + "# another word\n")
    report = _report(run_eval(project, ORDER, 1, lambda _: None))
    assert report.changes == ("`contracts/environments/sandbox/tickets.yaml` changed",)


def test_an_eval_that_somebody_carries_out_is_left_to_them(project: Project) -> None:
    """It is called an eval, and not a run; a journal that was changed says whose it is."""
    done = run_eval(project, ORDER, 1, lambda _: None)
    held = project.evals.acquire(done.eval)
    with pytest.raises(LockedError, match=f"another process carries out eval {done.eval}"):
        resume_eval(project, "latest", 1, lambda _: None)
    held.journal.close()
    path = project.evals.path_of(done.eval)
    path.write_bytes(path.read_bytes().replace(b'"trials":2', b'"trials":3', 1))
    with pytest.raises(
        IntegrityError, match=f"eval {done.eval} cannot go on: the journal .*{done.eval}.jsonl: record 0"
    ):
        resume_eval(project, done.eval[:20], 1, lambda _: None)


def test_an_eval_goes_on_in_the_same_surroundings_only(project: Project) -> None:
    """Half of the trials with one ticket and half with another would be neither."""

    def stop(progress: Progress) -> None:
        if progress.judged is not None:
            os.kill(os.getpid(), signal.SIGINT)

    stopped = run_eval(project, ORDER, 1, stop)
    assert stopped.report is None
    tickets = project.files.contracts / "environments" / "sandbox" / "tickets.yaml"
    before = tickets.read_text()
    tickets.write_text(before + "# another word\n")
    with pytest.raises(
        UsageError, match="what cases find in the back office, or another environment changed"
    ):
        resume_eval(project, stopped.eval, 1, lambda _: None)
    tickets.write_text(before)
    assert resume_eval(project, stopped.eval, 1, lambda _: None).done == 2


def test_a_trial_whose_process_is_still_there_may_cost_all_that_it_may(project: Project) -> None:
    """Whoever goes on right after the first process was killed counts what the others have not ended yet."""
    run = new_run_id(project.clock.now())
    begun = TrialStarted(case="a", trial=1, run=run, seed=0, reserved_usd=Decimal("0.75"))
    state = EvalState(begun=[begun])
    assert list(spent_before(project, state)) == [0]
    journal = project.journals.create(run)
    assert list(spent_before(project, state)) == [Decimal("0.75")]
    journal.close()
    assert list(spent_before(project, state)) == [0]


def test_cases_that_cannot_be_tried_leave_no_eval_behind(project: Project) -> None:
    """Nobody is to go on with it."""
    cases = project.paths.root / "goldensets" / "refund-assistant.yaml"
    schema = '{type: is-json, value: {type: "nothing"}}'
    cases.write_text(f"cases:\n  - {{id: a, input: x, assert: [{schema}]}}\n")
    with pytest.raises(InvalidInput, match="has a schema that cannot be used"):
        run_eval(project, EvalOrder("refund-assistant"), 1, lambda _: None)
    assert project.evals.runs() == ()


def test_a_version_of_another_project_is_tried(project: Project, tmp_path: Path) -> None:
    """It refers to what is around it: a second checkout of the same project, say."""
    other = tmp_path / "other"
    shutil.copytree(project.paths.root, other)
    order = replace(ORDER, trials=1, contract=str(other / "contracts" / "refund-assistant.yaml"))
    assert _report(run_eval(project, order, 1, lambda _: None)).verdict.exit_code is ExitCode.OK
    (other / "contracts" / "tools" / "stripe.lookup_charge.yaml").unlink()
    with pytest.raises(InvalidInput, match=r"there is no tool `stripe\.lookup_charge`"):
        run_eval(project, order, 1, lambda _: None)


def test_a_baseline_that_cannot_be_written_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be read by everybody stays so; a full disk is no bug."""
    report = _report(run_eval(project, ORDER, 1, lambda _: None))
    assert bless(project, report).path.stat().st_mode & 0o777 == 0o644

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agentctl.composition.evals.baselines.put_kept", full)
    with pytest.raises(
        UsageError, match=r"refund-assistant\.baseline\.yaml cannot be written: No space left"
    ):
        bless(project, report)


def _report(outcome: EvalOutcome) -> EvalReport:
    assert outcome.report is not None
    return outcome.report


def test_an_eval_that_is_over_is_only_reported(project: Project, tmp_path: Path) -> None:
    """Going on with a finished eval makes no trial, and writes the same reports."""
    first = run_eval(project, ORDER, 1, lambda _: None)
    again = resume_eval(project, "latest", 1, lambda _: None)
    assert first.report is not None
    assert again.report is not None
    assert (again.eval, again.report.verdict) == (first.eval, first.report.verdict)
    screen = EvalScreen(as_json=True)
    screen.write(again.report, tmp_path / "junit.xml", github=False)
    screen.report(again.report, github=False)
    assert "small-refund" in (tmp_path / "junit.xml").read_text()
    assert screen.interrupted(EvalOutcome(again.eval, None, 1, 2)) == 130


def test_beside_each_other_trials_come_to_the_same(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """In two processes or in one, under a cap or without one: every trial has the same outcome, scores, cost and calls.

    The eval's journal is synced for its beginning, its trials and its verdict; under a cap, twice for each trial.
    """
    synced = _syncs_of_evals(monkeypatch)
    order = replace(TWO, max_cost_usd=Decimal(10))
    said(run_eval(project, replace(order, max_cost_usd=None), 1, lambda _: None))
    assert len(synced) == 3
    alone = said(run_eval(project, order, 1, lambda _: None))
    assert len(synced) == 3 + 2 + 2 * 2
    command = [sys.executable, "-c", _BESIDE, str(project.paths.root)]
    beside = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=True, timeout=60)
    assert json.loads(beside.stdout) == [alone, 2]
    assert [trial["outcome"] for trial in alone] == ["passed", "passed"]


def test_the_cap_and_the_version_are_taken_at_their_word(project: Project) -> None:
    """Under a cap that is too low nothing is tried; a version can be named by its file; an unknown eval is refused."""
    order = EvalOrder("refund-assistant", patterns=("small-refund",), max_cost_usd=Decimal("0.01"))
    capped = run_eval(project, order, 1, lambda _: None)
    assert capped.report is not None
    assert capped.report.verdict.exit_code is ExitCode.BUDGET
    named = EvalOrder(
        "refund-assistant",
        patterns=("small-refund",),
        contract=str(project.files.contracts / "refund-assistant.yaml"),
        baseline="refund-assistant",
    )
    compared = run_eval(project, named, 1, lambda _: None)
    assert compared.report is not None
    assert compared.report.verdict.exit_code is ExitCode.INCONCLUSIVE
    with pytest.raises(UsageError, match="has no cap"):
        resume_eval(project, compared.eval, 1, lambda _: None, raised=Raised(Decimal(1)))
    with pytest.raises(UsageError, match="there is no eval"):
        resume_eval(project, "01NONE", 1, lambda _: None)
    with pytest.raises(UsageError, match="no case of"):
        run_eval(project, EvalOrder("refund-assistant", tags=("nothing",)), 1, lambda _: None)


def test_who_has_lost_a_maker_is_told_how_to_go_on(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a process that made trials has ended by itself, the error names the eval that goes on; it does."""

    async def gone(self: Here, begun: TrialStarted) -> TrialJudged:
        del self, begun
        raise MakerGone

    with monkeypatch.context() as patch, pytest.raises(InternalError) as raised:
        patch.setattr(Here, "make", gone)
        run_eval(project, ORDER, 1, lambda _: None)
    (eval_id,) = project.evals.runs()
    assert f"has ended; `agentctl eval --resume {eval_id}` goes on" in str(raised.value)
    assert resume_eval(project, eval_id, 2, lambda _: None).done == 2


def test_an_eval_told_twice_to_stop_can_go_on_too(project: Project) -> None:
    """At the second signal nothing under way is waited for, and what was judged before is not tried again."""

    def stop(progress: Progress) -> None:
        if progress.judged is not None:
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)

    order = replace(ORDER, trials=4)
    stopped = run_eval(project, order, 2, stop)
    assert stopped.report is None
    assert 1 <= stopped.done < stopped.planned == 4
    told: list[Progress] = []
    done = resume_eval(project, stopped.eval, 2, told.append)
    assert (done.done, told[0].before) == (4, stopped.done)


_BESIDE = """
import json, os, sys
from pathlib import Path
from agentctl.composition.evals import running as evals
from tests.unit.composition.evals.test_running import TWO, open_project, said
evals.processes_for = min  # as many as there are trials
forked, fork = [], os.fork
os.fork = lambda: forked.append(1) or fork()
outcome = evals.run_eval(open_project(Path(sys.argv[1])), TWO, 2, lambda _: None)
print(json.dumps([said(outcome), len(forked)]))
"""
"""An eval in two processes, for an interpreter of its own: a fork of one with threads may hang."""


def said(outcome: EvalOutcome) -> list[dict[str, object]]:
    """Return what an eval says of its trials, but for their runs and how long they took."""
    assert outcome.report is not None
    return [
        trial.model_dump(mode="json", exclude={"run", "duration_ms"})
        for result in outcome.report.results
        for trial in result.trials
    ]


def _syncs_of_evals(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a list that grows with every sync of an eval's journal by this process."""
    synced: list[Path] = []
    sync = os.fdatasync

    def watched(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.parent.parent.name == "evals":
            synced.append(path)
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", watched)
    return synced
