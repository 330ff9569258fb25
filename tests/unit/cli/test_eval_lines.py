"""An eval in lines says what it is before what came of it."""

from dataclasses import replace

from agentctl.cli.eval_lines import head_lines
from tests.fakes.evals import report_of


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
