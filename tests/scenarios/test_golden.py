"""The repository's golden cases, each a trial of its own, all of them in one process."""

from collections.abc import Mapping

import pytest

from agentctl.composition.evals.trials import Trial
from agentctl.contract.baseline import baseline_path, load_baseline
from tests.fakes.trials import AGENT, repository_cases, trials_of, wanting
from tests.scenarios.conftest import REPOSITORY, Shell


def test_every_golden_case_passes(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """All cases of the repository pass, side by side over one back office; none of them waits for anybody or goes on."""
    monkeypatch.setenv("XDG_STATE_HOME", shell.environment["XDG_STATE_HOME"])
    trials = trials_of(shell.folder, repository_cases(REPOSITORY))
    assert wanting(trials) == {}
    assert len(trials) >= 40
    _compare_with_what_was_blessed(trials)
    assert "nothing waits" in shell("approvals", "list").out
    resumed = shell("resume", trials["large-refund-waits"].run)
    assert (resumed.code, "is a trial of a golden case" in resumed.err) == (2, True)


def _compare_with_what_was_blessed(trials: Mapping[str, Trial]) -> None:
    """See that the baseline in the repository is one of these cases, all of them passed, with the calls that they make now."""
    cases = repository_cases(REPOSITORY)
    baseline = load_baseline(baseline_path(REPOSITORY, AGENT))
    assert {name: case.digest for name, case in baseline.cases.items()} == {
        case.id: cases.digest_of(case) for case in cases.cases
    }
    assert {case.outcome for case in baseline.cases.values()} == {"passed"}
    for name, case in baseline.cases.items():
        assert (name, case.tools) == (name, trials[name].tools)
