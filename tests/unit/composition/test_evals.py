"""Tests of the use cases around an eval, in this process."""

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from agentctl.cli.eval_screen import EvalScreen
from agentctl.composition import evals
from agentctl.composition.eval_orders import EvalOrder, Progress
from agentctl.composition.evals import EvalOutcome, bless, resume_eval, run_eval
from agentctl.composition.project import Project, open_project
from agentctl.foundation.errors import ExitCode, UsageError

REPOSITORY = Path(__file__).parents[3]
ORDER = EvalOrder("refund-assistant", patterns=("small-refund",), trials=2)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of this repository's project, with keys of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("contracts", "goldensets"):
        shutil.copytree(REPOSITORY / name, tmp_path / "shop" / name)
    shutil.copy(REPOSITORY / "agentctl.toml", tmp_path / "shop")
    return open_project(tmp_path / "shop")


def test_what_was_blessed_is_compared_with(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """An eval passes, is blessed, and fails once the price is another one; each says so on the screen."""
    told: list[Progress] = []
    first = run_eval(project, ORDER, 2, told.append)
    assert first.report is not None
    assert (first.done, told[-1].done, told[-1].seconds_left) == (2, 2, 0)
    assert bless(project, first.report).name == "refund-assistant.baseline.yaml"

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
    """In two processes or in one, under a cap or without one: every trial has the same outcome, scores, cost and calls."""
    order = EvalOrder(
        "refund-assistant", patterns=("small-refund", "no-such-charge"), max_cost_usd=Decimal(10)
    )
    with monkeypatch.context() as patch:
        patch.setattr(evals, "processes_for", min)  # as many as there are trials
        beside = run_eval(project, replace(order, max_cost_usd=None), 2, lambda _: None)
    alone = run_eval(project, order, 1, lambda _: None)

    def said(outcome: EvalOutcome) -> list[dict[str, object]]:
        assert outcome.report is not None
        return [
            trial.model_dump(exclude={"run", "duration_ms"})
            for result in outcome.report.results
            for trial in result.trials
        ]

    assert said(beside) == said(alone)
    assert [trial["outcome"] for trial in said(alone)] == ["passed", "passed"]


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
    with pytest.raises(UsageError, match="there is no eval"):
        resume_eval(project, "01NONE", 1, lambda _: None)
    with pytest.raises(UsageError, match="no case of"):
        run_eval(project, EvalOrder("refund-assistant", tags=("nothing",)), 1, lambda _: None)
