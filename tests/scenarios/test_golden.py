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


@pytest.mark.parametrize(
    ("file", "old", "new", "failing"),
    [
        (
            "refund-assistant.md",
            "look the charge up",
            "think about it",
            {"small-refund", "a-person-approves"},
        ),
        (
            "policies/refund-assistant.cedar",
            "when { context.facts has charge",
            "//",
            {"an-edit-is-judged-like-any-wish"},
        ),
        ("tools/stripe.create_refund.yaml", "effect_key:", "# effect_key:", {"a-model-that-splits-a-refund"}),
        ("environments/sandbox.yaml", "million: 0.15", "million: 1.5", {"small-refund"}),
    ],
    ids=["instructions", "policy", "tool", "price"],
)
def test_a_planted_regression_is_seen(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str, failing: set[str]
) -> None:
    """What was made worse fails the cases that are about it."""
    monkeypatch.setenv("XDG_STATE_HOME", shell.environment["XDG_STATE_HOME"])
    path = shell.folder / "contracts" / file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new), encoding="utf-8")
    cases = repository_cases(REPOSITORY)
    chosen = [case for case in cases.cases if case.id in {*failing, "no-ticket-in-the-input"}]
    assert set(wanting(trials_of(shell.folder, cases, chosen))) == failing
