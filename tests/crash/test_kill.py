"""`kill -9` at every write of the journal, in a process of its own; another process then resumes the run."""

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from agentctl.events.tool import ToolInDoubt, ToolIntent
from agentctl.foundation.errors import ExitCode, IntegrityError, UsageError
from agentctl.runtime.outcome import exit_code
from agentctl.tools.executors.executor import Execution
from agentctl.trace.disk import SystemDisk
from tests.fakes.executor import FakeExecutor
from tests.fakes.models import TurnModel, asks, says
from tests.fakes.runs import Stage, changed, repository_tools
from tests.forks import exit_code_of, forked

TURNS = [
    asks(("zendesk.read_ticket", {"ticket_id": "4201"}), ("stripe.lookup_charge", {"charge": "ch_small"})),
    asks(("stripe.create_refund", {"charge": "ch_small", "amount": 4900, "currency": "usd"})),
    says("refunded"),
]
Moment = Literal["before", "half", "after"]
MOMENTS: tuple[Moment, ...] = ("before", "half", "after")


@dataclass
class KillingDisk:
    """A disk whose n-th write is the last thing the process does."""

    at: int
    moment: Moment
    writes: int = field(default=0)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write, or die before, in the middle of, or after it."""
        self.writes += 1
        if self.writes != self.at:
            return SystemDisk().write(descriptor, data)
        if self.moment != "before":
            SystemDisk().write(descriptor, data if self.moment == "after" else data[: len(data) // 2])
        return os.kill(os.getpid(), signal.SIGKILL)

    def sync(self, descriptor: int) -> None:
        """Sync as usual."""
        SystemDisk().sync(descriptor)


def the_world(folder: Path) -> FakeExecutor:
    """Return an executor whose effects outlive the process: a line per request, in a file."""

    def send(execution: Execution) -> None:
        with (folder / "world").open("a") as world:
            world.write(f"{execution.descriptor.name} {execution.idempotency_key}\n")

    return FakeExecutor(before=send)


def refunds(folder: Path) -> list[str]:
    """Return the keys of all refund requests that reached the world."""
    with contextlib.suppress(FileNotFoundError):
        lines = (folder / "world").read_text().splitlines()
        return [line.split()[1] for line in lines if line.startswith("stripe.create_refund")]
    return []


def stage_of(folder: Path, retry: str = "keyed") -> Stage:
    """Return the small refund."""
    folder.mkdir(exist_ok=True, parents=True)
    tools = changed(repository_tools(), "stripe.create_refund", retry=retry)
    return Stage(folder, TurnModel(TURNS), the_world(folder), tools=tools)


def run_and_die(folder: Path, at: int, moment: Moment, retry: str = "keyed") -> bool:
    """Run in a forked process that dies at its n-th write; return whether it died."""

    def run() -> None:
        stage = stage_of(folder, retry)
        stage.disk = KillingDisk(at, moment)
        asyncio.run(stage.start())

    code = exit_code_of(forked(run))
    assert code in {0, -signal.SIGKILL}
    return code == -signal.SIGKILL


def resume_and_die(folder: Path) -> None:
    """Resume in a process that dies at its second write."""
    stage = stage_of(folder)
    stage.disk = KillingDisk(2, "half")
    asyncio.run(stage.resume())


def resumed(stage: Stage) -> ExitCode | None:
    """Resume in this process; None where the first record was never written and there is no run."""
    try:
        return exit_code(asyncio.run(stage.resume()))
    except (UsageError, IntegrityError):
        assert stage.executor.executions == []
        return None


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_ends_with_one_refund(tmp_path: Path, moment: Moment) -> None:
    """Killed at any write, `resume` finishes the run, and a keyed call takes effect once."""
    at = 1
    while run_and_die(tmp_path / str(at), at, moment):
        stage = stage_of(tmp_path / str(at))
        code = resumed(stage)
        assert code in ({None, ExitCode.OK} if at == 1 else {ExitCode.OK})
        assert len(set(refunds(stage.folder))) == (0 if code is None else 1)
        at += 1
    assert at > 15


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_call_that_is_never_retried_stops_in_doubt(tmp_path: Path, moment: Moment) -> None:
    """A tool of `retry: never` is sent at most once, however the run was killed; where nobody knows, it stops at 5."""
    at, doubts = 1, 0
    while run_and_die(tmp_path / str(at), at, moment, "never"):
        stage = stage_of(tmp_path / str(at), "never")
        code = resumed(stage)
        doubts += code == ExitCode.IN_DOUBT
        assert code in {None, ExitCode.OK, ExitCode.IN_DOUBT}
        assert len(refunds(stage.folder)) <= 1
        if code == ExitCode.IN_DOUBT:
            assert len(stage.events(ToolInDoubt)) == 1
        at += 1
    assert doubts >= 1


def test_a_second_crash_in_the_resume_changes_nothing(tmp_path: Path) -> None:
    """Killed in the run and again in the resume, the third process finishes with one refund."""
    for at in range(4, 12):
        folder = tmp_path / str(at)
        assert run_and_die(folder, at, "half")
        assert exit_code_of(forked(partial(resume_and_die, folder))) == -signal.SIGKILL
        stage = stage_of(folder)
        assert resumed(stage) == ExitCode.OK
        assert len(set(refunds(folder))) == 1


def test_every_request_that_reached_the_world_has_an_intent(tmp_path: Path) -> None:
    """Whatever was sent stands in the journal that is left."""
    at = 1
    while run_and_die(tmp_path / str(at), at, "before"):
        folder, at = tmp_path / str(at), at + 1
        sent = set(refunds(folder))
        if sent:
            known = {item.idempotency_key for item in stage_of(folder).events(ToolIntent)}
            assert sent <= known
