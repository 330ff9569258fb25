"""Tests of the sweep over all runs: one that is busy or damaged does not stop the others."""

import asyncio
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from agentctl.composition.people.sweep import SweptRun, sweep_all
from agentctl.composition.project import Project
from agentctl.events.approval import ApprovalAnnounced, ApprovalEscalated, ApprovalExpired, Escalation
from agentctl.events.run import RunFinished
from agentctl.foundation.errors import ExitCode
from tests.fakes.journals import answered, run_id
from tests.fakes.waiting_run import a_project, moved, wait
from tests.fakes.webhook_server import WebhookServer

HOUR = 3_600
LATER = (Escalation(after_seconds=60, reviewers=("bob",)),)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project without runs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return a_project(tmp_path)


def kinds(swept: SweptRun) -> list[type]:
    """Return the kinds of what was recorded in a run."""
    return [type(record.event) for record in swept.records]


def test_only_runs_in_which_something_was_due_are_named(project: Project) -> None:
    """Of four runs one waits too long; the others wait in time, are answered, or have ended."""
    late, early, settled, over = (run_id(number) for number in range(4))
    wait(project, late)
    wait(project, early, expires_at="2026-03-14T12:00:00.000000Z")
    wait(project, settled, answered(f"{settled}/0/0"))
    wait(project, over, RunFinished(status="denied", answer="no"))
    moved(project, HOUR)
    (swept,) = sweep_all(project)
    assert (swept.run, kinds(swept), swept.can_go_on) == (late, [ApprovalExpired], True)
    assert sweep_all(project) == ()


def test_an_escalation_is_nothing_to_go_on_with(project: Project) -> None:
    """More people may answer, and nobody has: a resume would find nothing new."""
    wait(project, escalation=LATER)
    moved(project, 60)
    (swept,) = sweep_all(project)
    assert (kinds(swept), swept.can_go_on) == ([ApprovalEscalated], False)


def test_a_run_that_somebody_writes_is_left_to_them(project: Project) -> None:
    """Its writer sees to it; the next run is swept all the same."""
    busy, free = run_id(1), run_id(2)
    wait(project, busy)
    wait(project, free)
    moved(project, HOUR)
    writer = project.journals.acquire(busy)
    try:
        swept = sweep_all(project)
    finally:
        writer.journal.close()
    assert [(item.run, item.busy, item.problem) for item in swept] == [
        (busy, True, None),
        (free, False, None),
    ]
    assert kinds(swept[1]) == [ApprovalExpired]


def test_what_a_run_that_is_over_left_sealed_is_destroyed(project: Project) -> None:
    """Its process was killed between its end and that; what a waiting run has sealed stays."""
    over, waiting = run_id(1), run_id(2)
    wait(project, over, RunFinished(status="denied", answer="no"))
    wait(project, waiting)
    project.paths.sealed.mkdir(parents=True)
    for name in (over, waiting, "no-run-at-all"):
        (project.paths.sealed / name).write_bytes(b"nobody can read this without the key")
    (swept,) = sweep_all(project)
    assert (swept.run, swept.destroyed, swept.problem) == (over, True, None)
    assert {path.name for path in project.paths.sealed.iterdir()} == {waiting, "no-run-at-all"}
    assert sweep_all(project) == ()


def test_what_a_run_left_sealed_stays_while_somebody_writes_it(project: Project) -> None:
    """Whoever holds its journal sees to it."""
    over = run_id(1)
    wait(project, over, RunFinished(status="denied", answer="no"))
    project.paths.sealed.mkdir(parents=True)
    (project.paths.sealed / over).write_bytes(b"nobody can read this without the key")
    with closing(project.journals.acquire(over).journal):
        (swept,) = sweep_all(project)
    assert (swept.busy, swept.destroyed) == (True, False)
    assert (project.paths.sealed / over).exists()


def test_a_damaged_run_is_named_and_stops_nobody(project: Project) -> None:
    """A journal that was tampered with is said so of; the next run is swept all the same."""
    damaged, sound = run_id(1), run_id(2)
    wait(project, damaged)
    wait(project, sound)
    path = project.journals.path_of(damaged)
    path.write_bytes(path.read_bytes().replace(b"25000", b"25001"))
    moved(project, HOUR)
    swept = sweep_all(project)
    assert [item.run for item in swept] == [damaged, sound]
    assert swept[0].problem is not None
    assert swept[0].exit_code == ExitCode.INTEGRITY
    assert kinds(swept[1]) == [ApprovalExpired]


def test_a_run_whose_environment_is_lost_is_named(project: Project) -> None:
    """Without the objects it began with nobody can say where to announce: the run is named, nothing is recorded."""
    wait(project)
    for path in sorted(project.paths.objects.rglob("*")):
        if path.is_file():
            path.unlink()
    moved(project, HOUR)
    (swept,) = sweep_all(project)
    assert (swept.exit_code, swept.records) == (ExitCode.INTEGRITY, ())


async def test_an_escalation_is_announced_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's webhook hears of it, signed with the key whose public half we export; once."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    async with WebhookServer() as server:
        webhook = {"name": "chat", "url": f"{server.url}?token=s3cret", "allow_private_network": True}
        project = await asyncio.to_thread(partial(a_project, tmp_path, approvals={"webhooks": [webhook]}))
        await asyncio.to_thread(partial(wait, project, escalation=LATER))
        moved(project, 60)
        first = await asyncio.to_thread(sweep_all, project)
        second = await asyncio.to_thread(sweep_all, project)
    assert [kinds(item) for item in first] == [[ApprovalEscalated, ApprovalAnnounced]]
    assert second == ()
    (request,) = server.requests
    assert request.is_signed_by(project.keys.issuer().public_key())
    assert request.message["type"] == "approval.escalated"
    assert request.path == "/hooks/approvals?token=s3cret"
    assert b"s3cret" not in project.journals.path_of(first[0].run).read_bytes()


async def test_a_webhook_on_this_machine_needs_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `allow_private_network` nothing is sent, and the record says why."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    async with WebhookServer() as server:
        webhook = {"name": "chat", "url": server.url}
        project = await asyncio.to_thread(partial(a_project, tmp_path, approvals={"webhooks": [webhook]}))
        await asyncio.to_thread(partial(wait, project))
        (swept,) = await asyncio.to_thread(sweep_all, project)
    assert server.requests == []
    (event,) = [record.event for record in swept.records]
    assert isinstance(event, ApprovalAnnounced)
    assert (event.delivered, event.detail) == (False, "`127.0.0.1` is an address where requests may not go")
