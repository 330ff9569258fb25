"""A project with a run that waits for an approval, written straight into its journal: no process, no model, no tools."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import yaml

from agentctl.composition.governing import from_files, store
from agentctl.composition.project import Project, open_project
from agentctl.events.approval import ApprovalRequested
from agentctl.events.record import AnyEvent
from agentctl.events.run import RunSuspended
from tests.fakes.clock import StandingClock
from tests.fakes.journals import RUN, decided, proposed, requested, started

REPOSITORY = Path(__file__).parents[2]
TOOL = "stripe.create_refund"


def a_project(folder: Path, **environment: Any) -> Project:
    """Return a copy of this repository's project; keys of its sandbox environment may be set."""
    root = folder / "shop"
    shutil.copytree(REPOSITORY / "contracts", root / "contracts")
    (root / "agentctl.toml").touch()
    path = root / "contracts" / "environments" / "sandbox.yaml"
    data = yaml.safe_load(path.read_text()) | environment
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return open_project(root, StandingClock())


def request_in(run: str, **changes: object) -> ApprovalRequested:
    """Return the request of a run's first call: alice or bob may answer within the hour."""
    return requested(f"{run}/0/0", TOOL).model_copy(update=changes)


def wait(project: Project, run: str = RUN, *more: AnyEvent, **changes: object) -> ApprovalRequested:
    """Let a run begin and wait; return its request."""
    request, governing = request_in(run, **changes), from_files(project, "refund-assistant", "sandbox")
    store(project, governing)
    header = started(run).envelope.model_copy(
        update={
            "version": governing.version.digest,
            "environment_digest": governing.environment.digest,
            "platform_digest": governing.platform_digest,
        }
    )
    call = f"{run}/0/0"
    append(
        project,
        run,
        started(run).model_copy(update={"envelope": header}),
        proposed(call, TOOL, {"charge": "ch_1", "amount": 25_000, "currency": "usd"}),
        decided(call, "needs_approval"),
        request,
        RunSuspended(reason="approval", detail="somebody must answer", waiting_for=(request.approval,)),
        *more,
    )
    return request


def append(project: Project, run: str, *events: AnyEvent) -> None:
    """Append events to a run's journal as one more writer; the first one begins it."""
    known = run in project.journals.runs()
    journal = project.journals.acquire(run).journal if known else project.journals.create(run)
    journal.append(events)
    asyncio.run(journal.sync())
    journal.close()


def moved(project: Project, seconds: float) -> None:
    """Let time pass in a project."""
    assert isinstance(project.clock, StandingClock)
    project.clock.move(seconds)
