"""A run that a budget stopped, as its people live it: the numbers, the line to type, the raise, the end."""

import shlex

import pytest

from agentctl.composition import open_project
from agentctl.events.approval import MessageRefused
from agentctl.events.tool import ToolRefused
from tests.scenarios.conftest import Shell


def limited(shell: Shell, budget: str, value: object) -> None:
    """Set one budget of the contract."""
    contract = shell.folder / "contracts" / "refund-assistant.yaml"
    lines = [line for line in contract.read_text().splitlines() if not line.strip().startswith(f"{budget}:")]
    lines.insert(lines.index("budgets:") + 1, f"  {budget}: {value}")
    contract.write_text("\n".join(lines) + "\n")


def stopped(shell: Shell, budget: str, value: object) -> dict[str, object]:
    """Run the small refund into a ceiling; return what was printed about it."""
    limited(shell, budget, value)
    document = shell("run", "refund-assistant", "--input", "4201", "--json").document
    assert document["exit_code"] == 6
    return document


def events_of(shell: Shell, run: object, kind: type) -> list[object]:
    """Return the events of a kind in a run's journal."""
    records = open_project(shell.folder).journals.read(str(run))
    return [record.event for record in records if isinstance(record.event, kind)]


@pytest.mark.parametrize(("budget", "value"), [("max_tool_calls", 2), ("max_wall_clock_seconds", 60)])
def test_the_line_that_a_stopped_run_prints_lets_it_end(shell: Shell, budget: str, value: object) -> None:
    """Typed as it stands: the call that was not made is made then, and once."""
    limited(shell, budget, value)
    answer = shell("run", "refund-assistant", "--input", "4201")
    assert answer.code == 6
    line = next(text.strip() for text in answer.out.splitlines() if "approvals raise" in text)
    words = shlex.split(line)
    assert shell(*words[words.index("approvals") :]).code == 0
    run = words[words.index("raise") + 1]
    assert len(shell.refunds(run)) == 1
    assert events_of(shell, run, ToolRefused) == []


def test_runs_show_names_who_raised_what_and_how_sure_we_are(shell: Shell) -> None:
    """The numbers of the stop; from what to what, by whom, why."""
    document = stopped(shell, "max_steps", 2)
    assert document["budget_stop"] == {"meter": "steps", "limit": "2", "used": "2", "asked": "1"}
    run = str(document["run"])
    raised = (
        "approvals",
        "raise",
        run,
        "--max-steps",
        "9",
        "--max-cost-usd",
        "1.50",
        "--max-wall-clock",
        "30m",
    )
    given = shell(*raised, "--as", "alice", "--reason", "a long case")
    assert given.code == 0
    assert "max_steps from 2 to 9" in given.out
    assert shell("resume", run).code == 0
    shown = " ".join(shell("runs", "show", run).out.split())
    assert "stopped at the ceiling of 2 steps: 2 used or reserved, 1 more asked" in shown
    assert "ceilings raised by alice (a person, asserted, not proved" in shown
    for change in (
        "max_steps from 2 to 9",
        "max_cost_usd from 0.75 to 1.5",
        "max_wall_clock_seconds from 900 to 1800",
    ):
        assert change in shown
    assert "a long case" in shown


def test_what_does_not_count_is_told_with_every_reason_and_put_on_record(shell: Shell) -> None:
    """The requester, above the platform, less than there is: refused at once, and in the journal at the next resume."""
    run = str(stopped(shell, "max_steps", 2)["run"])
    refused = shell("approvals", "raise", run, "--max-steps", "400", "--max-tool-calls", "1", "--as", "casey")
    assert refused.code == 2
    for reason in (
        "`casey` is no reviewer here",
        "who a run acts for never approves for it",
        "`max_steps` may be 40 at most, says the platform, and not 400",
        "and 1 is not more",
        "`budget_ceilings` in contracts/platform.yaml",
    ):
        assert reason in refused.err
    nothing = shell("approvals", "raise", run, "--as", "alice")
    assert (nothing.code, "no ceiling would be higher" in nothing.err) == (2, True)
    impostor = shell("approvals", "raise", run, "--as", "system:sandbox-reviewer", "--max-steps", "9")
    assert (impostor.code, "is not a person's name" in impostor.err) == (2, True)
    secret = shell(
        "approvals", "raise", run, "--as", "alice", "--max-steps", "9", "--reason", "ask dana@example.com"
    )
    assert (secret.code, "must not lie in a file" in secret.err) == (2, True)
    assert shell("resume", run).code == 6
    assert len(events_of(shell, run, MessageRefused)) == 2


def test_a_run_that_has_ended_cannot_be_raised(shell: Shell) -> None:
    """Nor one that never was."""
    run = str(shell("run", "refund-assistant", "--input", "4201", "--json").document["run"])
    ended = shell("approvals", "raise", run, "--max-steps", "20", "--as", "alice")
    assert (ended.code, "has ended" in ended.err) == (2, True)
    assert (
        shell("approvals", "raise", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--max-steps", "9", "--as", "alice").code
        == 2
    )


def test_where_the_platform_permits_no_more_the_screen_says_so(shell: Shell) -> None:
    """It names the ceiling and its file; what it prints is refused until somebody changes that."""
    rules = shell.folder / "contracts" / "platform.yaml"
    rules.write_text(rules.read_text().replace("max_steps: 40", "max_steps: 2"))
    limited(shell, "max_steps", 2)
    answer = shell("run", "refund-assistant", "--input", "4201")
    assert answer.code == 6
    assert (
        "the platform permits no more than 2; once `max_steps` is higher in contracts/platform.yaml"
        in answer.out
    )


def test_a_raise_as_json_has_all_ceilings_before_and_after(shell: Shell) -> None:
    """And how sure we are of who raised them."""
    run = str(stopped(shell, "max_steps", 2)["run"])
    document = shell("approvals", "raise", run, "--max-steps", "9", "--as", "alice", "--json").document
    assert (document["run"], document["by"], document["assurance"]) == (run, "alice", "asserted")
    before, after = document["before"], document["after"]
    assert isinstance(before, dict)
    assert after == {**before, "max_steps": 9}
