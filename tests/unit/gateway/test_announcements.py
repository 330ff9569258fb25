"""Tests of announcing inside a run: told once, tried again as long as it may help, and never in the run's way."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agentctl.approval.announcement import Announcement, Delivery, NotTaken, Taken
from agentctl.approval.pending import Approval
from agentctl.contract.approval_rule import ApprovalRule, EscalationStep
from agentctl.events.approval import ApprovalAnnounced, ApprovalEscalated, ApprovalRequested
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import ExitCode
from agentctl.gateway.announcements import Herald
from agentctl.runtime.outcome import exit_code
from tests.fakes.clock import StandingClock
from tests.fakes.journals import BEGINNING, RUN, requested
from tests.fakes.models import FakeModel, asks, says
from tests.fakes.runs import Stage, no_pause

REFUND = ("stripe.create_refund", {"charge": "ch_small", "amount": 25_000, "currency": "usd"})
SMALL = ("stripe.create_refund", {"charge": "ch_small", "amount": 100, "currency": "usd"})
DOWN = NotTaken("status 503", again=True)
WAITING = Approval(requested(f"{RUN}/1/0", "stripe.create_refund"), to_rfc3339(BEGINNING))


@dataclass
class FakeWebhook:
    """An `Announcer` with a list of outcomes; when they run out it takes everything."""

    outcomes: list[Delivery] = field(default_factory=list)
    max_attempts: int = 3
    sent: list[Announcement] = field(default_factory=list)

    async def send(self, announcement: Announcement) -> Delivery:
        """Remember the message and give the next outcome."""
        self.sent.append(announcement)
        return self.outcomes.pop(0) if self.outcomes else Taken("status 204")


def a_waiting_run(folder: Path, **announcers: FakeWebhook) -> Stage:
    """Return a run that asks for a refund which only people may approve."""
    stage = Stage(folder, FakeModel([asks(REFUND), says("refunded")]), reviewers=())
    stage.announcers = dict(announcers)
    stage.reviewer_names = ("alice", "bob")
    return stage


def outcomes(stage: Stage) -> list[tuple[str, bool, int, str]]:
    """Return what is recorded of announcements."""
    found = stage.events(ApprovalAnnounced)
    return [(item.webhook, item.delivered, item.attempts, item.detail) for item in found]


async def test_a_request_is_announced_to_everybody_once(tmp_path: Path) -> None:
    """Each webhook is told, the outcome is recorded, and the run waits."""
    stage = a_waiting_run(tmp_path, chat=FakeWebhook(), tickets=FakeWebhook())
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert outcomes(stage) == [("chat", True, 1, "status 204"), ("tickets", True, 1, "status 204")]
    await stage.resume()
    assert len(stage.events(ApprovalAnnounced)) == 2


async def test_nothing_is_announced_before_the_request_is_durable(tmp_path: Path) -> None:
    """When the other side hears of a request, it stands in the journal."""

    class Looking(FakeWebhook):
        async def send(self, announcement: Announcement) -> Delivery:
            assert len(stage.events(ApprovalRequested)) == 1
            return await super().send(announcement)

    webhook = Looking()
    stage = a_waiting_run(tmp_path, chat=webhook)
    await stage.start()
    assert len(webhook.sent) == 1


async def test_it_is_tried_again_as_long_as_it_may_help(tmp_path: Path) -> None:
    """The same message, with the same id, until it is taken."""
    webhook = FakeWebhook([DOWN, DOWN])
    stage = a_waiting_run(tmp_path, chat=webhook)
    await stage.start()
    assert outcomes(stage) == [("chat", True, 3, "status 204")]
    assert len(set(webhook.sent)) == 1


@pytest.mark.parametrize(
    ("given", "attempts"),
    [([DOWN] * 9, 3), ([NotTaken("status 404")], 1), ([DOWN, NotTaken("status 404")], 2)],
    ids=["always down", "not there", "down, then not there"],
)
async def test_a_failure_never_blocks_the_run_and_is_told_again_later(
    tmp_path: Path, given: list[Delivery], attempts: int
) -> None:
    """The run waits for its answer all the same; the next process announces what was not delivered, under the same id."""
    webhook = FakeWebhook(list(given))
    stage = a_waiting_run(tmp_path, chat=webhook)
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert outcomes(stage) == [("chat", False, attempts, given[attempts - 1].detail)]
    webhook.outcomes = []
    await stage.resume()
    assert outcomes(stage)[1:] == [("chat", True, 1, "status 204")]
    assert len({item.id for item in webhook.sent}) == 1


async def test_a_slow_webhook_does_not_keep_the_others_waiting() -> None:
    """All are told at once: what takes longest says how long it takes."""
    both = asyncio.Barrier(2)

    class Meeting(FakeWebhook):
        async def send(self, announcement: Announcement) -> Delivery:
            await asyncio.wait_for(both.wait(), 60)
            return await super().send(announcement)

    herald = Herald({"one": Meeting(), "two": Meeting()}, no_pause)
    assert [item.detail for item in await herald.announce([WAITING])] == ["status 204"] * 2


async def test_pauses_are_as_the_other_side_says_but_bounded() -> None:
    """`Retry-After` is honoured up to ten seconds; else each pause is twice the one before."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    busy = [
        NotTaken("status 429", again=True, retry_after=7),
        NotTaken("status 429", again=True, retry_after=999),
    ]
    webhook = FakeWebhook([*busy, DOWN, DOWN], max_attempts=5)
    await Herald({"chat": webhook}, pause).announce([WAITING])
    assert pauses == [7, 10, pytest.approx(0.8), pytest.approx(1.6)]


async def test_what_a_rule_settles_is_not_announced(tmp_path: Path) -> None:
    """Nobody is called for what the platform's own reviewer approved meanwhile."""
    webhook = FakeWebhook()
    stage = Stage(tmp_path, FakeModel([asks(("zendesk.read_ticket", {"ticket_id": "4201"})), asks(SMALL)]))
    stage.announcers = {"chat": webhook}
    assert exit_code(await stage.start()) == ExitCode.OK
    assert webhook.sent == []


async def test_an_escalation_is_announced_anew(tmp_path: Path) -> None:
    """When time brought in more reviewers, the next process tells everybody, under another id."""
    webhook = FakeWebhook()
    stage = a_waiting_run(tmp_path, chat=webhook)
    clock = StandingClock()
    stage.clock = clock
    rule = ApprovalRule(reviewers=("alice",), escalation=(EscalationStep(after="1h", to=("bob",)),))
    allowed = tuple(
        item.model_copy(update={"requires_approval": rule}) if item.name == REFUND[0] else item
        for item in stage.contract.tools.allowlist
    )
    tools = stage.contract.tools.model_copy(update={"allowlist": allowed})
    stage.contract = stage.contract.model_copy(update={"tools": tools})
    await stage.start()
    clock.move(3_600)
    await stage.resume()
    assert len(stage.events(ApprovalEscalated)) == 1
    assert [item.escalations for item in stage.events(ApprovalAnnounced)] == [0, 1]
    assert len({item.id for item in webhook.sent}) == 2
