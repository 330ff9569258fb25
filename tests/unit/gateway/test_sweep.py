"""Tests of the sweep of one run: what time did is recorded once, whoever comes, and however often they are killed."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentctl.approval.announcement import Announcement, Announcer, Delivery, Taken
from agentctl.contract.approval_rule import ApprovalRule, EscalationStep
from agentctl.events.approval import ApprovalAnnounced, ApprovalEscalated, ApprovalExpired, MessageRefused
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import ClockAnomaly
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import ExitCode
from agentctl.gateway.announcements import Herald
from agentctl.gateway.sweep import something_is_due, sweep
from agentctl.runtime.outcome import exit_code
from tests.fakes.clock import StandingClock
from tests.fakes.models import FakeModel, asks, says
from tests.fakes.runs import Stage, no_pause

REFUND = ("stripe.create_refund", {"charge": "ch_small", "amount": 25_000, "currency": "usd"})
HOUR = 3_600


class Killed(Exception):
    """The process dies."""


@dataclass
class Chat:
    """An `Announcer` that takes everything, unless it is told to die."""

    max_attempts: int = 3
    sent: list[Announcement] = field(default_factory=list)
    dies: bool = False

    async def send(self, announcement: Announcement) -> Delivery:
        """Remember the message and take it."""
        if self.dies:
            raise Killed
        self.sent.append(announcement)
        return Taken("status 204")


def a_waiting_run(folder: Path) -> Stage:
    """Return a run whose refund alice may approve, bob too after an hour; after a day it is denied."""
    stage = Stage(
        folder, FakeModel([asks(REFUND), says("not refunded")]), reviewers=(), clock=StandingClock()
    )
    stage.reviewer_names = ("alice", "bob")
    rule = ApprovalRule(reviewers=("alice",), escalation=(EscalationStep(after="1h", to=("bob",)),))
    allowed = tuple(
        item.model_copy(update={"requires_approval": rule}) if item.name == REFUND[0] else item
        for item in stage.contract.tools.allowlist
    )
    tools = stage.contract.tools.model_copy(update={"allowlist": allowed})
    stage.contract = stage.contract.model_copy(update={"tools": tools})
    return stage


async def swept(stage: Stage, **announcers: Announcer) -> list[type[AnyEvent]]:
    """Sweep the run and return the kinds of what was recorded."""
    acquired = stage.journals.acquire(stage.run)
    try:
        records = await sweep(acquired, Herald(announcers, no_pause), stage.clock)
    finally:
        acquired.journal.close()
    return [type(record.event) for record in records]


def moved(stage: Stage, seconds: float) -> None:
    """Let time pass, or turn the clock back."""
    assert isinstance(stage.clock, StandingClock)
    stage.clock.move(seconds)


async def test_before_anything_is_due_nothing_is_recorded(tmp_path: Path) -> None:
    """A sweep of a run that waits in time leaves its journal as it is."""
    stage = a_waiting_run(tmp_path)
    await stage.start()
    before = stage.records()
    moved(stage, HOUR - 1)
    assert not something_is_due(stage.state().session.approvals, (), to_rfc3339(stage.clock.now()))
    assert await swept(stage) == []
    assert stage.records() == before


async def test_an_escalation_is_recorded_once_and_announced(tmp_path: Path) -> None:
    """After an hour more people may answer, and hear of it; the second sweep finds nothing to do."""
    stage, chat = a_waiting_run(tmp_path), Chat()
    await stage.start()
    moved(stage, HOUR)
    assert await swept(stage, chat=chat) == [ApprovalEscalated, ApprovalAnnounced]
    assert await swept(stage, chat=chat) == []
    assert len(chat.sent) == 1
    assert b"approval.escalated" in chat.sent[0].body


async def test_who_was_added_may_answer(tmp_path: Path) -> None:
    """The sweep's record counts like any other: bob is a reviewer from then on."""
    stage = a_waiting_run(tmp_path)
    await stage.start()
    moved(stage, HOUR)
    await swept(stage)
    (approval,) = stage.state().session.approvals.values()
    assert approval.reviewers == ("alice", "bob")


async def test_a_request_that_nobody_answered_is_denied(tmp_path: Path) -> None:
    """After a day it has expired; the resumed run tells its model, and nothing was refunded."""
    stage = a_waiting_run(tmp_path)
    await stage.start()
    moved(stage, 24 * HOUR)
    assert await swept(stage) == [ApprovalExpired]
    assert await swept(stage) == []
    stage.model = FakeModel([says("not refunded")])
    assert exit_code(await stage.resume()) == ExitCode.OK
    assert "nobody answered the approval request in time" in stage.model.requests[0].messages[-1].text
    assert stage.executor.executions == []


async def test_a_sweep_killed_before_it_announced_is_made_good(tmp_path: Path) -> None:
    """What was recorded stays; the next sweep announces it, under the id it would have had."""
    stage, chat = a_waiting_run(tmp_path), Chat(dies=True)
    await stage.start()
    moved(stage, HOUR)
    with pytest.raises(Killed):
        await swept(stage, chat=chat)
    chat.dies = False
    assert await swept(stage, chat=chat) == [ApprovalAnnounced]
    assert len(stage.events(ApprovalEscalated)) == 1


async def test_a_torn_tail_is_recorded_first(tmp_path: Path) -> None:
    """A journal whose writer died while it wrote is repaired before anything is added."""
    stage = a_waiting_run(tmp_path)
    await stage.start()
    path = stage.journals.path_of(stage.run)
    path.write_bytes(path.read_bytes() + b'{"half": ')
    moved(stage, HOUR)
    kinds = [kind.__name__ for kind in await swept(stage)]
    assert kinds == ["JournalRecovered", "ApprovalEscalated"]


async def test_a_clock_that_went_back_revives_and_expires_nothing(tmp_path: Path) -> None:
    """The anomaly is recorded first and voids what waited: there is nothing left to escalate or to announce."""
    stage, chat = a_waiting_run(tmp_path), Chat()
    await stage.start()
    moved(stage, -24 * HOUR)
    assert await swept(stage, chat=chat) == [ClockAnomaly]
    assert chat.sent == []


async def test_what_is_due_by_the_journal_is_due(tmp_path: Path) -> None:
    """A clock that is half a second behind the last record does not turn time back."""
    stage = a_waiting_run(tmp_path)
    await stage.start()
    moved(stage, HOUR)
    acquired = stage.journals.acquire(stage.run)
    stage.by_hand()
    acquired.journal.append([MessageRefused(message="a" * 32, reasons=("late",))])
    await acquired.journal.sync()
    acquired.journal.close()
    moved(stage, -0.5)
    assert await swept(stage) == [ApprovalEscalated]
    times = [record.time for record in stage.records()]
    assert times == sorted(times)


async def test_a_sweep_at_the_same_time_as_a_writer_is_not_possible(tmp_path: Path) -> None:
    """One writer per run: whoever sweeps holds the journal, and the records chain."""
    stage = a_waiting_run(tmp_path)
    await stage.start()
    moved(stage, HOUR)
    await swept(stage)
    records: tuple[Record, ...] = stage.records()
    assert [record.seq for record in records] == list(range(len(records)))
    assert records[-1].epoch == 2
