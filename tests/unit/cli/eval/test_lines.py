"""An eval in lines says what it is before what came of it."""

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.cli.eval.lines import head_lines, results_lines, verdict_lines
from agentctl.cli.eval.screen import EvalScreen
from agentctl.evals.verdict import verdict_of
from tests.fakes.evals import GOLDEN_SET, baseline_of, golden, judged, report_of, result_of, score


def test_a_seed_that_steers_nothing_is_said_to() -> None:
    """Whoever gives `--seed` where no model takes one learns so; without one, or where one does, nothing is said."""
    report = report_of()
    assert report.started.seed
    unseeded = replace(report, started=report.started.model_copy(update={"seed": 0}))
    said = [
        [line.text for line in head_lines(one) if "--seed" in line.text]
        for one in (report, replace(report, takes_seeds=True), unseeded)
    ]
    assert said == [["`--seed` changes nothing: no model here has `takes_seed`"], [], []]


def test_of_many_that_are_wanting_the_first_are_told_in_full() -> None:
    """Nobody reads hundreds of lines; the others are named in one each, and it is said where the rest stands."""
    failed = score("expected a refund; found none")
    results = [result_of(golden(f"case-{n}"), judged(f"case-{n}", 1, "failed", failed)) for n in range(13)]
    report = report_of(*results)
    lines = [line.text for line in results_lines(report)]
    assert [line.split()[1] for line in lines if line.startswith("failed ")] == [
        f"case-{n}" for n in range(13)
    ]
    assert sum("expected a refund" in line for line in lines) == 10
    assert lines[-1].startswith("what is wanting in the last 3 is not told here; `--json`")
    assert not any("not told" in line.text for line in results_lines(report_of(*results[:10])))


def test_cases_that_are_new_are_counted() -> None:
    """After the first few."""
    cases = [golden(f"case-{n}") for n in range(11)]
    results = [result_of(case, judged(case.id), baseline=baseline_of({})) for case in cases]
    lines = [line.text for line in verdict_lines(report_of(*results, baseline=baseline_of({})))]
    assert any(line.endswith("case-6, case-7 and 3 more") for line in lines)
    few = [line.text for line in verdict_lines(report_of(*results[:2], baseline=baseline_of({})))]
    assert "not in the baseline yet: case-0, case-1" in few


def test_a_cap_is_told_with_what_one_more_trial_may_cost() -> None:
    """So that whoever set it knows which one would do."""
    untried = result_of(golden("a"))
    report = replace(
        report_of(untried, cap=Decimal("0.10")),
        verdict=verdict_of([untried], cap_reached=True),
        worst_usd=Decimal("0.75"),
    )
    *_, told, again = (line.text for line in verdict_lines(report))
    assert again.startswith(f"`agentctl eval --resume {report.eval} --max-cost-usd USD`")
    assert told == "the cap is 0.1 USD, and 0 USD of it is spent; one more trial may cost up to 0.75 USD"


@pytest.mark.parametrize(("below", "file"), [("shop", "shop/"), ("", ""), ("..", "")])
def test_annotations_name_files_from_the_root_of_the_repository(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    below: str,
    file: str,
) -> None:
    """Where a project lies in a folder of it, in its root, or somewhere else."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    failed = result_of(golden("a"), judged("a", 1, "failed", score("no")))
    EvalScreen(as_json=False).report(report_of(failed), github=True, root=(tmp_path / below).resolve())
    assert f"\n::error file={file}{GOLDEN_SET}," in capsys.readouterr().out
