"""The repository's golden cases, each a trial of its own, all of them in one process."""

import pytest

from tests.fakes.trials import repository_cases, trials_of, wanting
from tests.scenarios.conftest import REPOSITORY, Shell


def test_every_golden_case_passes(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """All cases of the repository pass, side by side over one back office; none of them waits for anybody or goes on."""
    monkeypatch.setenv("XDG_STATE_HOME", shell.environment["XDG_STATE_HOME"])
    trials = trials_of(shell.folder, repository_cases(REPOSITORY))
    assert wanting(trials) == {}
    assert len(trials) >= 40
    assert "nothing waits" in shell("approvals", "list").out
    resumed = shell("resume", trials["large-refund-waits"].run)
    assert (resumed.code, "is a trial of a golden case" in resumed.err) == (2, True)
