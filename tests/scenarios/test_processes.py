"""A run that crosses processes: suspended in one, approved in a second, killed, resumed in a third."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agentctl.composition import open_project
from agentctl.events.tool import ToolIntent, ToolUnknown
from agentctl.runtime.state import RunState, fold
from tests.scenarios.conftest import Shell

DYING = """
import os, signal, sys
from agentctl.trace import disk
write, left = disk.SystemDisk.write, [int(sys.argv[1])]
def dying(self, descriptor, data):
    write(self, descriptor, data)
    left[0] -= b'tool.intent' in data
    if left[0] == 0: os.kill(os.getpid(), signal.SIGKILL)
disk.SystemDisk.write = dying
sys.argv = ['agentctl', *sys.argv[2:]]
from agentctl.__main__ import main
main()
"""


def suspended(shell: Shell) -> tuple[str, str]:
    """Suspend the large refund; return the run and the approval it waits for."""
    document = shell("run", "refund-assistant", "--input", "4202", "--json").document
    assert document["exit_code"] == 4
    (approval,) = document["suspended"]["waiting_for"]  # type: ignore[index]
    return str(document["run"]), str(approval)


def state_of(shell: Shell, run: str) -> RunState:
    """Return the fold of a run's journal."""
    return fold(open_project(shell.folder).journals.read(run))


def requester_email(shell: Shell) -> str:
    """Return the requester's real e-mail address, as the sandbox holds it."""
    text = (shell.folder / "contracts" / "environments" / "sandbox" / "tickets.yaml").read_text()
    part = text[text.index("id: 4202") :]
    return part[part.index("email: ") + 7 :].split("}")[0].strip()


def what_was_done(state: RunState) -> tuple[object, ...]:
    """Return all that a run knows and shows, without how often it had to try."""
    calls = {
        name: (call.status, call.shown, call.proposal.arguments) for name, call in state.session.calls.items()
    }
    return state.input, state.turns, calls, state.session.results, state.finished


def dying(shell: Shell, at: int, *arguments: str) -> int:
    """Run `agentctl` in a process that is killed right after it wrote its n-th intent, before anything is sent."""
    command = [sys.executable, "-c", DYING, str(at), *arguments]
    return subprocess.run(
        command, cwd=shell.folder, env=shell.environment, capture_output=True, check=False
    ).returncode


def files_with(folder: Path, needle: bytes) -> list[str]:
    """Return all files under a folder that hold some bytes in clear, but for the sandbox's own ledgers and seeds."""
    outside = ("sandbox", "contracts")
    paths = (
        path
        for path in folder.rglob("*")
        if path.is_file() and not set(path.relative_to(folder).parts) & set(outside)
    )
    return [str(path) for path in paths if needle in path.read_bytes()]


def test_a_run_crosses_three_processes_under_strict_redaction(shell: Shell, tmp_path: Path) -> None:
    """The back office gets the real values, no file of ours holds them, and the fold equals that of a run that was not killed."""
    run, approval = suspended(shell)
    shutil.copytree(shell.folder, tmp_path / "twin" / "project")
    shutil.copytree(tmp_path / "state", tmp_path / "twin" / "state")
    email = requester_email(shell)
    assert files_with(shell.folder / "traces", email.encode()) == []

    assert dying(shell, 1, "approvals", "approve", approval, "--as", "alice", "--resume") == -signal.SIGKILL
    assert shell.refunds(run) == []
    assert shell("resume", run).code == 0

    refunds = shell.refunds(run)
    assert [item["amount"] for item in refunds] == [25_000]
    assert json.loads(str(refunds[0]["parameters"]))["instructions_email"] == email
    assert files_with(shell.folder, email.encode()) == []
    assert not (shell.folder / "traces" / "sealed" / run).exists()

    twin = Shell(tmp_path / "twin" / "project", shell.variables)
    key_folder = next((tmp_path / "state" / "agentctl").iterdir())
    twin_keys = tmp_path / "twin" / "state" / "agentctl" / open_project(twin.folder).paths.state.name
    shutil.copytree(key_folder, twin_keys, dirs_exist_ok=True)
    assert twin("approvals", "approve", approval, "--as", "alice", "--resume").code == 0
    assert what_was_done(state_of(shell, run)) == what_was_done(state_of(twin, run))


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_killed_at_any_intent_the_run_still_ends_with_one_refund(shell: Shell, at: int) -> None:
    """`kill -9` between intent and send, at each call of the main job: a resume finishes it, one refund."""
    assert dying(shell, at, "run", "refund-assistant") == -signal.SIGKILL
    (run,) = open_project(shell.folder).journals.runs()
    assert shell("resume", run).code == 0
    assert len(shell.refunds(run)) == 1


def test_a_killed_run_is_found_by_the_same_queries(shell: Shell) -> None:
    """What a killed process left is listed and shown."""
    dying(shell, 2, "run", "refund-assistant")
    (run,) = open_project(shell.folder).journals.runs()
    listed = json.loads(shell("runs", "list", "--json").out)
    assert [item["run"] for item in listed] == [run]
    assert shell("runs", "show", run).code == 0


def test_a_call_that_is_never_retried_waits_for_a_word(shell: Shell) -> None:
    """`retry: never`: exit 5 until somebody says what became of it; then the run goes on."""
    tool = shell.folder / "contracts" / "tools" / "stripe.create_refund.yaml"
    tool.write_text(tool.read_text().replace("retry: keyed", "retry: never"))
    assert dying(shell, 4, "run", "refund-assistant") == -signal.SIGKILL
    (run,) = open_project(shell.folder).journals.runs()
    answer = shell("resume", run)
    assert answer.code == 5
    line = next(line.strip() for line in answer.out.splitlines() if "agentctl resolve" in line)
    assert f"{run}/2/0" in line
    done = shell(
        "resolve", f"{run}/2/0", "--not-executed", "--reason", "the ledger shows nothing", "--resume"
    )
    assert done.code == 0
    assert shell.refunds(run) == []


def test_two_processes_cannot_resume_one_run(shell: Shell) -> None:
    """The second is told so at once, with exit 10."""
    run, _ = suspended(shell)
    held = open_project(shell.folder).journals.acquire(run)
    try:
        answer = shell("resume", run)
    finally:
        held.journal.close()
    assert answer.code == 10
    assert "another process" in answer.err


def test_an_approval_works_once(shell: Shell) -> None:
    """A second answer is refused with its reason, and nothing is refunded twice."""
    run, approval = suspended(shell)
    assert shell("approvals", "approve", approval, "--as", "alice", "--resume").code == 0
    again = shell("approvals", "approve", approval, "--as", "bob", "--resume")
    assert again.code == 2
    assert "not waiting" in again.err
    assert len(shell.refunds(run)) == 1


@pytest.mark.parametrize("name", ["casey", "mallory", "system:sandbox-reviewer", "refund-assistant"])
def test_only_reviewers_answer(shell: Shell, name: str) -> None:
    """Requester, stranger, the platform's own rule and the agent: refused."""
    _, approval = suspended(shell)
    assert shell("approvals", "approve", approval, "--as", name).code == 2


def test_a_denial_is_told_and_the_run_ends_well(shell: Shell) -> None:
    """Denied from another process, the run answers without a refund."""
    run, approval = suspended(shell)
    assert approval in shell("approvals", "list").out
    shown = shell("approvals", "show", approval)
    assert requester_email(shell) in shown.out
    assert (
        shell("approvals", "deny", approval, "--as", "bob", "--reason", "not this month", "--resume").code
        == 0
    )
    assert shell.refunds(run) == []


def test_a_denial_can_end_the_run(shell: Shell) -> None:
    """`--end-run` refuses the run itself: exit 3."""
    _, approval = suspended(shell)
    assert shell("approvals", "deny", approval, "--as", "bob", "--end-run", "--resume").code == 3


def intents_in(shell: Shell) -> int:
    """Return how many attempts the project's runs have begun, as the journals say now."""
    journals = open_project(shell.folder).journals
    return sum(
        isinstance(record.event, ToolIntent) for run in journals.runs() for record in journals.read(run)
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_run_at_a_safe_place(shell: Shell, number: signal.Signals) -> None:
    """The call under way is finished, the run is suspended with exit 130, nothing is dropped, and it can go on."""
    seed = shell.folder / "contracts" / "environments" / "sandbox" / "charges.yaml"
    seed.write_text(
        seed.read_text()
        + "\nfaults:\n  - {on: 'GET /stripe/v1/charges/{charge}', nth: 1, do: {slow_ms: 2500}}\n"
    )
    process = shell.start("run", "refund-assistant")
    while intents_in(shell) < 2 and process.poll() is None:  # then the slow look-up is under way
        time.sleep(0.05)
    os.kill(process.pid, number)
    process.communicate(timeout=90)
    assert process.returncode == 130
    assert intents_in(shell) == 2
    (run,) = open_project(shell.folder).journals.runs()
    assert shell("resume", run).code == 0
    assert len(shell.refunds(run)) == 1


def test_a_second_signal_stops_the_run_at_once(shell: Shell) -> None:
    """The call under way is recorded as unknown, the exit code is 130, and a resume takes it up: one refund."""
    seed = shell.folder / "contracts" / "environments" / "sandbox" / "charges.yaml"
    seed.write_text(
        seed.read_text() + "\nfaults:\n  - {on: 'POST /stripe/v1/refunds', nth: 1, do: {slow_ms: 9000}}\n"
    )
    process = shell.start("run", "refund-assistant")
    while intents_in(shell) < 4 and process.poll() is None:  # then the slow refund is under way
        time.sleep(0.05)
    for _ in range(2):
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.3)
    _, told = process.communicate(timeout=90)
    assert process.returncode == 130
    (run,) = open_project(shell.folder).journals.runs()
    assert f"agentctl resume {run}" in told
    unknown = [
        r.event for r in open_project(shell.folder).journals.read(run) if isinstance(r.event, ToolUnknown)
    ]
    assert [event.reason for event in unknown] == ["interrupted while it was under way"]
    assert shell("resume", run).code == 0
    assert len(shell.refunds(run)) == 1


def test_a_platform_that_got_stricter_tightens_a_resumed_run(shell: Shell) -> None:
    """A resume runs under the recorded version and today's platform rules in addition."""
    run, approval = suspended(shell)
    platform = shell.folder / "contracts" / "platform.yaml"
    platform.write_text(platform.read_text().replace("max_tool_calls: 100", "max_tool_calls: 2"))
    assert shell("approvals", "approve", approval, "--as", "alice", "--resume").code == 6
    assert shell.refunds(run) == []


def test_a_platform_that_forbids_the_model_stops_a_resumed_run(shell: Shell) -> None:
    """Under other rules the approval is asked for again; then no model is asked any more, and that is on record: exit 3."""
    run, approval = suspended(shell)
    platform = shell.folder / "contracts" / "platform.yaml"
    platform.write_text(platform.read_text().replace("[scripted, ", "["))
    assert shell("approvals", "approve", approval, "--as", "alice", "--resume").code == 4
    again = approval.removesuffix("1") + "2"
    assert shell("approvals", "approve", again, "--as", "alice", "--resume").code == 3
    assert len(shell.refunds(run)) == 1
    assert "none that the platform allows" in shell("runs", "show", run).out
    assert shell("run", "refund-assistant").code == 2


def test_a_damaged_journal_is_refused(shell: Shell) -> None:
    """One changed byte in the middle: exit 7, and nothing is written."""
    run, _ = suspended(shell)
    path = open_project(shell.folder).journals.path_of(run)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"refund-assistant", b"refund-assistent", 1))
    assert shell("resume", run).code == 7


def test_the_database_is_disposable(shell: Shell) -> None:
    """Deleted or damaged, it is made again from journals alone."""
    run, _ = suspended(shell)
    database = shell.folder / "traces" / "agentctl.duckdb"
    before = shell("runs", "list", "--json").out
    database.unlink()
    assert shell("runs", "list", "--json").out == before
    database.write_bytes(b"not a database")
    assert shell("runs", "list", "--json").out == before
    assert shell("trace", "rebuild").code == 0
    assert run in shell("runs", "list").out
