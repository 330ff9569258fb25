"""Cases beside a policy: what is left out is plain, and each case has a name of its own."""

from pathlib import Path

import pytest

from agentctl.contract.policy_cases import load_policy_cases
from agentctl.foundation.errors import InvalidInput

REPOSITORY = Path(__file__).parents[3]
CASE = "  - {id: reads, tool: zendesk.read_ticket, expect: allow}\n"


def test_our_own_cases_load() -> None:
    """Beside each of our policies."""
    files = sorted((REPOSITORY / "contracts" / "policies").glob("*.cases.yaml"))
    assert len(files) == 2
    assert all(load_policy_cases(file)[0].cases for file in files)


def test_what_is_left_out_is_plain(tmp_path: Path) -> None:
    """Everybody is asked, in the sandbox, at the beginning of a run; nothing is approved."""
    (tmp_path / "own.cases.yaml").write_text(f"cases:\n{CASE}")
    cases, source = load_policy_cases(tmp_path / "own.cases.yaml", "own.cases.yaml")
    assert (cases.agent, cases.environment, cases.ask) == (None, "sandbox", "everybody")
    [case] = cases.cases
    assert (case.arguments, case.history, case.approved, case.reasons) == ({}, (), False, ())
    assert str(source.place_of(("cases", 0, "id"))) == "own.cases.yaml:2:6"


def test_two_cases_of_one_name_are_refused(tmp_path: Path) -> None:
    """A report names them."""
    (tmp_path / "own.cases.yaml").write_text(f"cases:\n{CASE}{CASE}")
    with pytest.raises(InvalidInput, match="more than one case is called `reads`"):
        load_policy_cases(tmp_path / "own.cases.yaml")


@pytest.mark.parametrize("text", ["cases: []\n", "cases:\n  - {id: reads, tool: a.b}\n", "{}\n"])
def test_cases_that_expect_nothing_are_refused(tmp_path: Path, text: str) -> None:
    """They would pass whatever happens."""
    (tmp_path / "own.cases.yaml").write_text(text)
    with pytest.raises(InvalidInput):
        load_policy_cases(tmp_path / "own.cases.yaml")
