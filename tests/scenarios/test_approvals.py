"""The article's workflow with a large refund, as its people live it: several processes, several reviewers, and kills."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agentctl.composition import open_project
from agentctl.runtime.state import RunState, fold
from tests.scenarios.conftest import Shell

QUORUM = "      requires_approval:\n        quorum: 2\n"

DYING = """
import os, signal, sys
from agentctl.trace import disk
write, left = disk.SystemDisk.write, [int(sys.argv[1])]
def dying(self, descriptor, data):
    left[0] -= 1
    if left[0] == 0: data = data[: len(data) // 2]
    write(self, descriptor, data)
    if left[0] == 0: os.kill(os.getpid(), signal.SIGKILL)
disk.SystemDisk.write = dying
sys.argv = ['agentctl', *sys.argv[2:]]
from agentctl.__main__ import main
main()
"""


@pytest.fixture
def two_must_agree(shell: Shell) -> Shell:
    """A project whose contract wants two reviewers for a refund."""
    contract = shell.folder / "contracts" / "refund-assistant.yaml"
    text = contract.read_text()
    assert "      requires_approval: true\n" in text
    contract.write_text(text.replace("      requires_approval: true\n", QUORUM))
    return shell


def suspended(shell: Shell) -> tuple[str, str]:
    """Suspend the large refund; return the run and the approval it waits for."""
    document = shell("run", "refund-assistant", "--input", "4202", "--json").document
    assert document["exit_code"] == 4
    (approval,) = document["suspended"]["waiting_for"]  # type: ignore[index]
    return str(document["run"]), str(approval)


def state_of(shell: Shell, run: str) -> RunState:
    """Return the fold of a run's journal."""
    return fold(open_project(shell.folder).journals.read(run))


def one_line(text: str) -> str:
    """Return what was printed without the line breaks of a narrow screen."""
    return " ".join(text.split())


def test_two_reviewers_one_edit_three_processes_one_refund(two_must_agree: Shell) -> None:
    """Suspended; alice lowers the amount, bob joins her, each in a process; a third resumes; everybody is named."""
    shell = two_must_agree
    run, approval = suspended(shell)
    edit = ("--set", "amount=20000")
    assert shell("approvals", "approve", approval, "--as", "alice", *edit, "--reason", "as agreed").code == 0
    assert shell("approvals", "approve", approval, "--as", "bob", *edit).code == 0
    assert shell.refunds(run) == []
    assert shell("resume", run).code == 0
    assert [item["amount"] for item in shell.refunds(run)] == [20_000]

    told = one_line(shell("runs", "show", run, "--full").out)
    assert "for casey (asserted, not proved)" in told
    assert "agent refund-assistant, owned by finance-ops" in told
    assert "approved with changes by alice" in told
    assert "approved with changes by bob" in told
    assert "arguments put in their place by alice, bob" in told
    assert '"amount": 20000' in told
    document = json.loads(shell("runs", "show", run, "--json").out)
    assert "alice" in json.dumps(document)


def test_one_approves_and_one_edits_is_no_agreement(two_must_agree: Shell) -> None:
    """Nothing is refunded until both want the same."""
    shell = two_must_agree
    run, approval = suspended(shell)
    assert shell("approvals", "approve", approval, "--as", "bob").code == 0
    assert shell("approvals", "approve", approval, "--as", "alice", "--set", "amount=20000").code == 0
    assert shell("resume", run).code == 4
    assert shell.refunds(run) == []
    assert shell("approvals", "approve", approval, "--as", "alice", "--resume").code == 0
    assert [item["amount"] for item in shell.refunds(run)] == [25_000]


def test_an_edit_the_policy_does_not_allow_is_refused(shell: Shell) -> None:
    """Another charge than the one that was looked up: the reviewer's word does not widen the policy."""
    run, approval = suspended(shell)
    edit = ("--set", 'charge="ch_3PsmallA1"')
    assert shell("approvals", "approve", approval, "--as", "alice", *edit, "--resume").code == 0
    assert shell.refunds(run) == []
    (call,) = (item for item in state_of(shell, run).session.calls.values() if item.status == "refused")
    assert call.proposal.tool == "stripe.create_refund"


def killed(shell: Shell, at: int, *arguments: str) -> int:
    """Run `agentctl` and kill it in the middle of its n-th write; return how it ended."""
    command = [sys.executable, "-c", DYING, str(at), *arguments]
    done = subprocess.run(command, cwd=shell.folder, env=shell.environment, capture_output=True, check=False)
    return done.returncode


def _killed_at_random_points(shell: Shell, seed: int) -> None:
    """Live the whole workflow while processes are killed; whoever was killed types the same line again."""
    rng = random.Random(seed)
    killed(shell, rng.randrange(1, 24), "run", "refund-assistant", "--input", "4202")
    runs = open_project(shell.folder).journals.runs()
    if not runs:  # it died before its first record: nothing began
        run, _ = suspended(shell)
    else:
        (run,) = runs
    for _ in range(12):
        if shell("resume", run).code == 4:
            break
    (approval,) = state_of(shell, run).session.approvals
    for who in ("alice", "bob"):
        line = ("approvals", "approve", approval, "--as", who, "--set", "amount=20000")
        if killed(shell, rng.randrange(1, 4), *line) == -signal.SIGKILL:
            shell(*line)
    if killed(shell, rng.randrange(1, 16), "resume", run) == -signal.SIGKILL:
        assert len(shell.refunds(run)) <= 1
    assert shell("resume", run).code == 0
    assert [item["amount"] for item in shell.refunds(run)] == [20_000], f"seed {seed}"


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_point_it_still_ends_with_one_refund(two_must_agree: Shell, seed: int) -> None:
    """Run, reviewers and resume, each killed in the middle of a write: one refund, of what both approved."""
    _killed_at_random_points(two_must_agree, seed)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100, 160))
def test_killed_at_sixty_more_points(two_must_agree: Shell, seed: int) -> None:
    """The same, at other points."""
    _killed_at_random_points(two_must_agree, seed)


def test_an_expired_request_is_a_denial_and_the_run_ends(shell: Shell, tmp_path: Path) -> None:
    """Nobody answered within the second the contract gives: the resumed run is told so and ends, nothing is refunded."""
    del tmp_path
    contract = shell.folder / "contracts" / "refund-assistant.yaml"
    rule = "      requires_approval:\n        expires_in: 1s\n"
    contract.write_text(contract.read_text().replace("      requires_approval: true\n", rule))
    run, approval = suspended(shell)
    while shell("approvals", "show", approval, "--json").document["status"] == "waiting":
        pass
    assert shell("approvals", "approve", approval, "--as", "alice").code == 2
    assert shell("resume", run).code == 0
    assert shell.refunds(run) == []
    (call,) = (item for item in state_of(shell, run).session.calls.values() if item.status == "refused")
    assert call.shown is not None
    assert call.shown["reasons"] == ["nobody answered the approval request in time"]
