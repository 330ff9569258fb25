"""Tests of grants in a run: calls within one need no request of their own, and together they never exceed it."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import pytest
from typing_extensions import override

from agentctl.contract.approval_rule import ApprovalRule
from agentctl.contract.platform import ApprovalFloor, PlatformRules
from agentctl.events.approval import ApprovalRequested, GrantGiven, MessageRefused
from agentctl.events.tool import GrantUse, PolicyAnswer, ToolIntent
from agentctl.foundation.errors import ExitCode
from agentctl.foundation.ids import new_secret_id
from agentctl.gateway.session import open_session
from agentctl.gateway.tool_calls import ToolRequest
from agentctl.policy.allowlist import AllowlistPolicy
from agentctl.policy.engine import PolicyRequest
from agentctl.runtime.outcome import exit_code
from agentctl.trace.message import GrantMessage
from tests.fakes.models import FakeModel, asks, says
from tests.fakes.runs import RUN, Stage

TOOL = "stripe.create_refund"


def refund(amount: int, charge: str = "ch_small") -> tuple[str, object]:
    """Return a refund as a model asks for it."""
    return (TOOL, {"charge": charge, "amount": amount, "currency": "usd"})


def a_run(folder: Path, *turns: tuple[str, object], **changes: object) -> Stage:
    """Return a run in which only people may approve."""
    model = FakeModel([*(asks(turn) for turn in turns), says("done")])
    stage = Stage(folder, model, reviewers=(), **changes)  # type: ignore[arg-type]
    stage.reviewer_names = ("alice", "bob")
    return stage


def grant(stage: Stage, **changes: object) -> None:
    """Leave a grant in the run's inbox: refunds of ch_small, 40 USD in all, for two hours."""
    message = {
        "id": new_secret_id(),
        "run": RUN,
        "at": "2026-03-14T09:00:00.000000Z",
        "by": "alice",
        "tool": TOOL,
        "facts": {"charge": "ch_small"},
        "up_to": {"amount_usd": "40"},
        "until": "2026-03-14T11:00:00.000000Z",
        "version": "sha256:version",
        **changes,
    }
    stage.inbox.post(GrantMessage.model_validate(message))


def refunds(stage: Stage) -> list[tuple[int, GrantUse | None]]:
    """Return the refunds that were made, each with the grant it names."""
    intents = [item for item in stage.events(ToolIntent) if item.tool == TOOL]
    return [(item.arguments["amount"], item.grant) for item in intents]


def use(amount: str) -> GrantUse:
    """Return what a call took of the first grant."""
    return GrantUse(grant=f"{RUN}-grant-1", amounts={"amount_usd": Decimal(amount)})


async def test_a_call_within_the_grant_runs_without_a_request(tmp_path: Path) -> None:
    """Two refunds within it are made at once, and their records name the grant and what they took of it."""
    stage = a_run(tmp_path, refund(1_500), refund(2_500))
    grant(stage)
    assert exit_code(await stage.start()) == ExitCode.OK
    assert refunds(stage) == [(1_500, use("15")), (2_500, use("25"))]
    assert stage.events(ApprovalRequested) == []
    assert stage.events(GrantGiven)[0].reviewer.id == "alice"


async def test_beyond_the_grant_somebody_is_asked(tmp_path: Path) -> None:
    """What would exceed it waits for a person, by one cent too."""
    stage = a_run(tmp_path, refund(1_500), refund(2_501))
    grant(stage)
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert refunds(stage) == [(1_500, use("15"))]
    assert len(stage.events(ApprovalRequested)) == 1


async def test_another_object_is_not_covered(tmp_path: Path) -> None:
    """A grant for one charge says nothing of another."""
    stage = a_run(tmp_path, refund(1_500, "ch_other"))
    grant(stage)
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert refunds(stage) == []


class Yielding(AllowlistPolicy):
    """Judges as the contract does, and lets everybody else run meanwhile."""

    @override
    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Return the contract's answer, after all the others have asked."""
        await asyncio.sleep(0)
        return await super().decide(request)


async def test_concurrent_calls_cannot_overshoot_a_grant(tmp_path: Path) -> None:
    """Ten calls at once are all found covered before any is made; three are made, for a fourth would exceed it."""
    stage = a_run(tmp_path)
    stage.engines = (Yielding(stage.contract),)
    grant(stage)
    async with open_session(stage.parts(stage.journals.create(RUN))) as session:
        await session.note(stage.started())
        await session.receive()
        wanted = [
            ToolRequest(f"{RUN}/0/{index}", 0, TOOL, json.dumps(refund(1_001 + index)[1]))
            for index in range(10)
        ]
        await asyncio.gather(*(session.call_tool(request) for request in wanted))
        taken = session.state.used_of(f"{RUN}-grant-1", besides="")
        settled = [call.status for call in session.state.calls.values()]
    assert taken["amount_usd"] <= Decimal(40)
    assert len(refunds(stage)) == 3
    assert settled.count("refused") == 7


@pytest.mark.parametrize("quorum", [1, 2])
async def test_where_a_grant_is_not_enough_each_call_is_asked_for(tmp_path: Path, quorum: int) -> None:
    """The platform takes no grants for this tier, or two must approve: the grant stands, and covers nothing."""
    floor = ApprovalFloor(quorum_at_least=quorum, grants=quorum > 1)
    stage = a_run(tmp_path, refund(1_500), platform=PlatformRules(approvals={"high": floor}))
    grant(stage)
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert len(stage.events(GrantGiven)) == 1
    assert refunds(stage) == []


async def test_who_may_not_approve_this_tool_may_not_grant_it(tmp_path: Path) -> None:
    """A grant of somebody whom the contract does not ask for this tool covers nothing."""
    stage = a_run(tmp_path, refund(1_500))
    rule = ApprovalRule(reviewers=("bob",))
    allowed = tuple(
        item.model_copy(update={"requires_approval": rule}) if item.name == TOOL else item
        for item in stage.contract.tools.allowlist
    )
    tools = stage.contract.tools.model_copy(update={"allowlist": allowed})
    stage.contract = stage.contract.model_copy(update={"tools": tools})
    grant(stage)
    assert exit_code(await stage.start()) == ExitCode.WAITING


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"by": "casey"}, "`casey` is no reviewer here"),
        ({"by": "mallory"}, "`mallory` is no reviewer here"),
        ({"tool": "admin.delete_all"}, "there is no tool `admin.delete_all` here"),
        ({"version": "sha256:other"}, "it is for another version of the contract"),
        ({"up_to": {}}, "it has no limit: name an amount with `up_to`"),
        ({"up_to": {"amount_usd": "much"}}, "a limit is no number"),
        ({"until": "18:00"}, "its end is no time"),
        ({"until": "2026-03-14T09:00:00.000000Z"}, "it has ended already"),
        ({"until": "2026-03-15T09:00:00.000001Z"}, "it goes on for more than 24 hours"),
    ],
)
async def test_a_grant_that_does_not_count_is_refused_and_recorded(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    """Requester, stranger, no limit, no end, too long: refused with why, and the call waits for a person."""
    stage = a_run(tmp_path, refund(1_500))
    grant(stage, **changes)
    assert exit_code(await stage.start()) == ExitCode.WAITING
    assert reason in stage.events(MessageRefused)[0].reasons
    assert stage.events(GrantGiven) == []


async def test_nothing_that_redaction_finds_stands_in_a_grant(tmp_path: Path) -> None:
    """A fact's value is recorded with the placeholder this run has for it, as the calls' facts are."""
    stage = a_run(tmp_path, refund(1_500))
    grant(stage, facts={"charge": "dana@example.com"})
    await stage.start("write to dana@example.com")
    assert stage.events(GrantGiven)[0].facts == {"charge": "[email:1]"}
