"""Approvals through the gateway: what exactly is approved, by whom, for how long, and that it is used once."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentctl.approval.pending import Approval
from agentctl.approval.reviewer import Case as ReviewCase
from agentctl.approval.reviewer import LookUpFunction, Opinion
from agentctl.contract.agent import AgentContract
from agentctl.contract.approval_rule import ApprovalRule, EscalationStep
from agentctl.contract.platform import ApprovalFloor, PlatformRules
from agentctl.events.approval import (
    ApprovalAnswered,
    ApprovalEscalated,
    ApprovalExpired,
    ApprovalRequested,
    GrantGiven,
    MessageRefused,
    ReviewerRecord,
)
from agentctl.events.base import Part
from agentctl.events.run import ClockAnomaly
from agentctl.events.tool import DecisionMade, ToolAmended, ToolIntent, ToolRefused
from agentctl.foundation.errors import ExitCode
from agentctl.foundation.ids import new_secret_id
from agentctl.gateway.bench import Bench
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.session import open_session
from agentctl.gateway.stages import STAGES, approved, judge
from agentctl.gateway.tool_calls import ToolRequest, call_tool
from agentctl.gateway.verdict import Case, NeedsApproval
from agentctl.policy.allowlist import AllowlistPolicy
from agentctl.policy.platform import PlatformPolicy
from agentctl.runtime.outcome import exit_code
from agentctl.tools.executors.executor import Execution
from agentctl.trace.message import AnswerMessage, GrantMessage
from agentctl.trace.pace import Pace
from tests.fakes.clock import StandingClock
from tests.fakes.disk import FakeDisk
from tests.fakes.executor import FakeExecutor
from tests.fakes.models import FakeModel, asks, says
from tests.fakes.runs import RUN, Stage, default_limits

READ = ("zendesk.read_ticket", {"ticket_id": "4202"})
LOOK_UP = ("stripe.lookup_charge", {"charge": "ch_large"})
ASKED = {"charge": "ch_large", "amount": 25_000, "currency": "usd"}
EDITED = {**ASKED, "amount": 20_000}
DAY = 86_400


def with_rule(contract: AgentContract, rule: ApprovalRule | None) -> AgentContract:
    """Return the refund assistant's contract with another rule of approval for refunds; None is `true`."""
    changes = {"requires_approval": True if rule is None else rule}
    allowlist = tuple(
        entry.model_copy(update=changes) if entry.name == "stripe.create_refund" else entry
        for entry in contract.tools.allowlist
    )
    return contract.model_copy(update={"tools": contract.tools.model_copy(update={"allowlist": allowlist})})


def a_run(folder: Path, rule: ApprovalRule | None = None, **changes: Any) -> Stage:
    """Return a run that asks for a refund of 250 USD, which only people may approve."""
    model = FakeModel([asks(READ), asks(LOOK_UP), asks(("stripe.create_refund", ASKED)), says("refunded")])
    stage = Stage(folder, model, reviewers=(), **changes)
    stage.contract = with_rule(stage.contract, rule)
    return stage


def answers(stage: Stage, by: str = "alice", answer: str = "approve", **changes: object) -> None:
    """Leave a reviewer's answer to the latest request in the run's inbox."""
    request = stage.events(ApprovalRequested)[-1]
    assert isinstance(request, ApprovalRequested)
    second = len(list((stage.folder / "inbox" / RUN).glob("*.json")))
    message = {
        "id": new_secret_id(),
        "run": RUN,
        "at": f"2026-03-14T09:00:{second:02}.000000Z",
        "by": by,
        "answer": answer,
        "approval": request.approval,
        "binding": request.binding,
        **changes,
    }
    stage.inbox.post(AnswerMessage.model_validate(message))


def edits(stage: Stage, by: str = "alice", **arguments: object) -> None:
    """Leave an answer that puts other arguments in the place of those that were asked."""
    answers(stage, by, "approve_with_changes", changes={**ASKED, **arguments})


async def resumed(stage: Stage) -> ExitCode:
    """Go on with the run in another process, with a model that is done after this call."""
    stage.model = FakeModel([says("refunded")])
    return exit_code(await stage.resume())


def refunds(stage: Stage) -> list[int]:
    """Return the amounts that were refunded."""
    return [item.arguments["amount"] for item in stage.executor.named("stripe.create_refund")]  # type: ignore[misc]  # amounts


def refusals(stage: Stage, kind: type = ToolRefused) -> list[tuple[str, ...]]:
    """Return the reasons of every refusal, of calls or of messages."""
    return [item.reasons for item in stage.events(kind)]  # type: ignore[attr-defined]  # both have them


# -- edits -------------------------------------------------------------------------------------------


async def test_an_edit_is_a_new_attempt_through_all_stages(tmp_path: Path) -> None:
    """The call is judged again with the other amount, refunded once, and the record says who wanted it so."""
    stage = a_run(tmp_path)
    await stage.start()
    edits(stage, amount=20_000)
    assert await resumed(stage) == ExitCode.OK
    assert refunds(stage) == [20_000]
    (amended,) = stage.events(ToolAmended)
    assert isinstance(amended, ToolAmended)
    assert (amended.arguments, amended.by) == (EDITED, ("alice",))
    decisions = [item for item in stage.events(DecisionMade) if isinstance(item, DecisionMade)]
    assert [item.facts.get("amount_usd") for item in decisions[-2:]] == ["250", "200"]
    intent = stage.events(ToolIntent)[-1]
    assert isinstance(intent, ToolIntent)
    assert intent.arguments_digest == amended.arguments_digest
    assert intent.approvals == (amended.approval,)


@pytest.mark.parametrize(
    ("changes", "stage_name"),
    [({"amount": -5}, "well_formed"), ({"note": "extra"}, "well_formed"), ({"amount": "200"}, "well_formed")],
)
async def test_an_edit_that_does_not_fit_the_schema_is_refused(
    tmp_path: Path, changes: dict[str, object], stage_name: str
) -> None:
    """A reviewer's arguments are checked like a model's."""
    stage = a_run(tmp_path)
    await stage.start()
    edits(stage, **changes)
    assert await resumed(stage) == ExitCode.OK
    assert refunds(stage) == []
    assert [item.stage for item in stage.events(ToolRefused)] == [stage_name]  # type: ignore[attr-defined]  # refusals


async def test_an_edit_that_asks_for_more_than_the_editors_may_give_asks_again(tmp_path: Path) -> None:
    """Raised over the threshold where two must approve, one editor is not enough; the new request has the new amount."""
    stage = a_run(tmp_path, ApprovalRule(when={"amount_usd_ge": Decimal(200)}, quorum=2))
    await stage.start()
    edits(stage, "alice", amount=30_000)
    assert await resumed(stage) == ExitCode.WAITING
    edits(stage, "bob", amount=30_000)
    assert await resumed(stage) == ExitCode.OK
    assert refunds(stage) == [30_000]


async def test_two_reviewers_must_want_the_same(tmp_path: Path) -> None:
    """One approves what was asked, one edits: no quorum. When the first joins the edit, it is one refund, of that."""
    stage = a_run(tmp_path, ApprovalRule(quorum=2))
    await stage.start()
    answers(stage, "bob")
    edits(stage, "alice", amount=20_000)
    assert await resumed(stage) == ExitCode.WAITING
    edits(stage, "bob", amount=20_000)
    assert await resumed(stage) == ExitCode.OK
    assert refunds(stage) == [20_000]
    (amended,) = stage.events(ToolAmended)
    assert amended.by == ("alice", "bob")  # type: ignore[attr-defined]  # an amendment


# -- who -------------------------------------------------------------------------------------------------


async def test_a_quorum_of_two_takes_two_people(tmp_path: Path) -> None:
    """One is not enough, the same one twice is one."""
    stage = a_run(tmp_path, ApprovalRule(quorum=2))
    await stage.start()
    answers(stage, "alice")
    answers(stage, "alice")
    assert await resumed(stage) == ExitCode.WAITING
    assert refusals(stage, MessageRefused) == [("`alice` has answered already",)]
    answers(stage, "bob")
    assert await resumed(stage) == ExitCode.OK
    assert refunds(stage) == [25_000]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (ApprovalRule(quorum=2, reviewers=("alice",)), "2 must approve, and only alice may"),
        (ApprovalRule(reviewers=("mallory",)), "1 must approve, and only nobody may"),
        (ApprovalRule(quorum=2, reviewers=("alice", "casey")), "2 must approve, and only alice may"),
    ],
)
async def test_a_request_that_nobody_could_grant_is_refused(
    tmp_path: Path, rule: ApprovalRule, reason: str
) -> None:
    """Whom the run acts for does not count, nor whom the environment does not know; nobody waits for nothing."""
    stage = a_run(tmp_path, rule, reviewer_names=("alice", "bob", "casey"))
    await stage.start()
    assert refusals(stage) == [(reason,)]
    assert refunds(stage) == []


async def test_the_platform_can_ask_for_more_people(tmp_path: Path) -> None:
    """The floor of the risk tier holds, whatever the contract says."""
    rules = PlatformRules(approvals={"high": ApprovalFloor(quorum_at_least=2)})
    stage = a_run(tmp_path, platform=rules)
    await stage.start()
    answers(stage, "alice")
    assert await resumed(stage) == ExitCode.WAITING


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        ("casey", "who a run acts for never approves its calls"),
        ("agent:refund-assistant", "nobody speaks for the platform by letter"),
        ("system:sandbox-reviewer", "nobody speaks for the platform by letter"),
        ("mallory", "`mallory` is not a reviewer of this request"),
    ],
)
async def test_who_may_not_answer_is_refused_and_recorded(tmp_path: Path, by: str, reason: str) -> None:
    """The requester, the agent, a rule's name, a stranger."""
    stage = a_run(tmp_path, reviewer_names=("alice", "bob", "casey", "system:sandbox-reviewer"))
    await stage.start()
    answers(stage, by)
    assert await resumed(stage) == ExitCode.WAITING
    assert [reasons[0] for reasons in refusals(stage, MessageRefused)] == [reason]
    assert refunds(stage) == []


async def test_more_people_may_answer_when_time_passes(tmp_path: Path) -> None:
    """The escalation is a function of the clock, found by the next reader, and journaled."""
    rule = ApprovalRule(reviewers=("alice",), escalation=(EscalationStep(after="2h", to=("bob",)),))
    stage = a_run(tmp_path, rule, clock=StandingClock())
    await stage.start()
    answers(stage, "bob")
    assert await resumed(stage) == ExitCode.WAITING
    stage.clock.move(2 * 3_600)  # type: ignore[attr-defined]  # a standing clock
    assert await resumed(stage) == ExitCode.WAITING
    (step,) = stage.events(ApprovalEscalated)
    assert step.reviewers == ("bob",)  # type: ignore[attr-defined]  # an escalation
    answers(stage, "bob")
    assert await resumed(stage) == ExitCode.OK


async def test_a_reviewer_can_leave_it_to_the_next(tmp_path: Path) -> None:
    """Without waiting for the clock."""
    rule = ApprovalRule(reviewers=("alice",), escalation=(EscalationStep(after="2h", to=("bob",)),))
    stage = a_run(tmp_path, rule)
    await stage.start()
    answers(stage, "alice", "escalate")
    assert await resumed(stage) == ExitCode.WAITING
    answers(stage, "bob")
    assert await resumed(stage) == ExitCode.OK


# -- when ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "expected"), [(900 - 1, ExitCode.OK), (900, ExitCode.WAITING), (901, ExitCode.WAITING)]
)
async def test_an_approval_is_good_until_its_second(tmp_path: Path, seconds: int, expected: ExitCode) -> None:
    """A quarter of an hour from the answer to the execution, and not a second more; then it is asked again."""
    stage = a_run(tmp_path, clock=StandingClock())
    await stage.start()
    answers(stage)
    stage.interrupt.wanted = True
    await resumed(stage)
    stage.interrupt.wanted = False
    stage.clock.move(seconds)  # type: ignore[attr-defined]  # a standing clock
    assert await resumed(stage) == expected
    assert len(refunds(stage)) == (expected == ExitCode.OK)


@pytest.mark.parametrize(("seconds", "expired"), [(DAY - 1, False), (DAY, True), (DAY + 1, True)])
async def test_an_answer_that_comes_too_late_is_a_denial(
    tmp_path: Path,
    seconds: int,
    expired: bool,  # noqa: FBT001 - a table
) -> None:
    """After a day the request is over, and the answer is refused and recorded."""
    stage = a_run(tmp_path, clock=StandingClock())
    await stage.start()
    stage.clock.move(seconds)  # type: ignore[attr-defined]  # a standing clock
    answers(stage)
    await resumed(stage)
    assert (len(stage.events(ApprovalExpired)), len(refunds(stage))) == ((1, 0) if expired else (0, 1))
    assert bool(refusals(stage, MessageRefused)) == expired


async def test_turning_the_clock_back_revives_nothing(tmp_path: Path) -> None:
    """A grant that lapsed stays lapsed at yesterday's hour; what waits is void, and everybody is asked again."""
    stage = a_run(tmp_path, clock=StandingClock())
    await stage.start()
    answers(stage)
    stage.interrupt.wanted = True
    await resumed(stage)
    stage.interrupt.wanted = False
    stage.clock.move(-DAY)  # type: ignore[attr-defined]  # a standing clock
    assert await resumed(stage) == ExitCode.WAITING
    assert refunds(stage) == []
    assert len(stage.events(ClockAnomaly)) == 1
    assert len(stage.events(ApprovalRequested)) == 2


async def test_a_clock_that_goes_back_while_a_session_is_open_is_noticed(tmp_path: Path) -> None:
    """Once for each time it went back, not at every look."""
    stage = a_run(tmp_path, clock=StandingClock())
    async with approved_call(stage) as corridor:
        stage.clock.move(-3_600)  # type: ignore[attr-defined]  # a standing clock
        for _ in range(3):
            await call_tool(corridor, THE_CALL)
    assert refunds(stage) == []
    assert len(stage.events(ClockAnomaly)) == 1


# -- how often people are asked --------------------------------------------------------------------------


async def test_too_many_requests_stop_the_run(tmp_path: Path) -> None:
    """A run that would ask people more often than its ceiling stops, with the numbers, and can be resumed."""
    stage = a_run(tmp_path, limits=default_limits(max_approval_requests=0))
    state = await stage.start()
    assert exit_code(state) == ExitCode.BUDGET
    assert stage.events(ApprovalRequested) == []


async def test_only_so_many_requests_are_open_at_once(tmp_path: Path) -> None:
    """A thousand calls that all need approval open as many requests as the ceiling says."""
    stage = Stage(tmp_path, reviewers=(), limits=default_limits(max_open_approvals=3, max_tool_calls=2_000))
    async with opened(stage) as corridor:
        for index in range(50):
            await call_tool(corridor, a_call(index, amount=100 + index))
    assert len(stage.events(ApprovalRequested)) == 3
    assert refunds(stage) == []


# -- thresholds and grants -------------------------------------------------------------------------------


async def test_a_refund_split_into_five_meets_the_threshold_on_the_sum(tmp_path: Path) -> None:
    """Five refunds of 49 USD of one charge are 245: the fifth reaches 240 and needs an approval, as one of 245 would."""
    stage = Stage(tmp_path, reviewers=(), engines=())
    stage.contract = with_rule(stage.contract, ApprovalRule(when={"amount_usd_ge": Decimal(240)}))
    stage.engines = (AllowlistPolicy(stage.contract),)
    async with opened(stage) as corridor:
        for index in range(5):
            await call_tool(corridor, a_call(index, amount=4_900 + index))
    assert len(refunds(stage)) == 4
    (asked,) = stage.events(ApprovalRequested)
    assert "`amount_usd` is 245.1 in this run" in asked.reasons[0]  # type: ignore[attr-defined]  # a request


def grants(stage: Stage, by: str = "alice", **changes: object) -> None:
    """Leave a grant in the run's inbox: refunds of one charge, up to 40 USD, until six."""
    message = {
        "id": new_secret_id(),
        "run": RUN,
        "at": "2026-03-14T09:00:00.000000Z",
        "by": by,
        "tool": "stripe.create_refund",
        "facts": {"charge": "ch_large"},
        "up_to": {"amount_usd": "40"},
        "until": "2026-03-14T18:00:00.000000Z",
        "version": "sha256:version",
        **changes,
    }
    stage.inbox.post(GrantMessage.model_validate(message))


async def test_calls_within_a_grant_need_no_request_of_their_own(tmp_path: Path) -> None:
    """Each names the grant and what it took of it; what does not fit any more asks."""
    stage = Stage(tmp_path, reviewers=())
    async with opened(stage) as corridor:
        grants(stage)
        await open_inbox(corridor)
        for index in range(5):
            await call_tool(corridor, a_call(index, amount=1_001 + index))
    assert len(refunds(stage)) == 3
    assert len(stage.events(GrantGiven)) == 1
    uses = [item.grant for item in stage.events(ToolIntent)]  # type: ignore[attr-defined]  # intents
    assert [use.amounts["amount_usd"] for use in uses] == [
        Decimal("10.01"),
        Decimal("10.02"),
        Decimal("10.03"),
    ]
    assert len(stage.events(ApprovalRequested)) == 2


async def test_concurrent_calls_cannot_outgrow_a_grant(tmp_path: Path) -> None:
    """All look at once, and what is taken is compared with the intent."""
    stage = Stage(tmp_path, reviewers=())
    async with opened(stage) as corridor:
        grants(stage)
        await open_inbox(corridor)
        await asyncio.gather(
            *(call_tool(corridor, a_call(index, amount=1_001 + index)) for index in range(20))
        )
    assert len(refunds(stage)) == 3


@pytest.mark.parametrize(
    ("by", "changes", "reason"),
    [
        ("casey", {}, "`casey` is no reviewer here"),
        ("mallory", {}, "`mallory` is no reviewer here"),
        ("alice", {"tool": "admin.delete_all"}, "there is no tool `admin.delete_all` here"),
        ("alice", {"version": "sha256:other"}, "it is for another version of the contract"),
        ("alice", {"up_to": {}}, "it has no limit: name an amount with `up_to`"),
        ("alice", {"up_to": {"amount_usd": "a lot"}}, "a limit is no number"),
        ("alice", {"until": "2026-03-14T08:00:00.000000Z"}, "it has ended already"),
        ("alice", {"until": "tomorrow"}, "its end is no time"),
    ],
)
async def test_a_grant_that_does_not_count_is_refused_and_recorded(
    tmp_path: Path, by: str, changes: dict[str, object], reason: str
) -> None:
    """From whom, for what, for how much, until when: one fault is enough."""
    stage = Stage(tmp_path, reviewers=())
    async with opened(stage) as corridor:
        grants(stage, by, **changes)
        await open_inbox(corridor)
        await call_tool(corridor, a_call(0))
    assert reason in refusals(stage, MessageRefused)[0]
    assert refunds(stage) == []


@pytest.mark.parametrize("floor", [ApprovalFloor(grants=False), ApprovalFloor(quorum_at_least=2)])
async def test_where_a_grant_is_not_enough_each_call_asks(tmp_path: Path, floor: ApprovalFloor) -> None:
    """A risk tier for which the platform wants every call looked at, or by two."""
    stage = Stage(tmp_path, reviewers=(), platform=PlatformRules(approvals={"high": floor}))
    async with opened(stage) as corridor:
        grants(stage)
        await open_inbox(corridor)
        await call_tool(corridor, a_call(0))
    assert refunds(stage) == []
    assert len(stage.events(ApprovalRequested)) == 1


# -- single use ---------------------------------------------------------------------------------------------

THE_CALL = ToolRequest(
    f"{RUN}/0/0", 0, "stripe.create_refund", '{"amount":25000,"charge":"ch_large","currency":"usd"}'
)


def a_call(index: int, amount: int = 1_000) -> ToolRequest:
    """Return a request for a refund of some amount."""
    arguments = f'{{"amount":{amount},"charge":"ch_large","currency":"usd"}}'
    return ToolRequest(f"{RUN}/0/{index}", 0, "stripe.create_refund", arguments)


@asynccontextmanager
async def opened(stage: Stage) -> AsyncIterator[Corridor]:
    """Open a session on a new run and give its corridor."""
    async with open_session(stage.parts(stage.journals.create(stage.run))) as session:
        await session.note(stage.started())
        yield session._corridor


async def open_inbox(corridor: Corridor) -> None:
    """Take what lies in the inbox."""
    from agentctl.gateway.letters import receive  # noqa: PLC0415 - beside its one use

    await receive(corridor)


@asynccontextmanager
async def approved_call(stage: Stage) -> AsyncIterator[Corridor]:
    """Open a session in which a call was approved and not executed yet."""
    async with opened(stage) as corridor:
        await call_tool(corridor, THE_CALL)
        answers(stage)
        await open_inbox(corridor)
        yield corridor


@pytest.mark.parametrize("round_number", range(10))
async def test_of_many_consumers_exactly_one_wins(tmp_path: Path, round_number: int) -> None:
    """Sixty-four take the same approved call at once: one refund, one intent, one consumed approval."""
    del round_number
    await _consume_at_once(a_run(tmp_path))


@pytest.mark.campaign
async def test_of_many_consumers_exactly_one_wins_a_thousand_times(tmp_path: Path) -> None:
    """The same, a thousand rounds."""
    for number in range(1_000):
        await _consume_at_once(a_run(tmp_path / str(number)))


async def _consume_at_once(stage: Stage) -> None:
    async with approved_call(stage) as corridor:
        await asyncio.gather(*(call_tool(corridor, THE_CALL) for _ in range(64)))
    assert refunds(stage) == [25_000]
    assert len(stage.events(ToolIntent)) == 1
    assert stage.events(ToolRefused) == []


async def test_consumers_that_slip_past_each_other_are_stopped_at_the_intent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even without taking turns: the intent of an attempt is written once."""
    monkeypatch.setattr(
        Pace, "open", 1
    )  # beside another run, each lets the others pass while it claims its effect
    stage = a_run(tmp_path)
    async with approved_call(stage) as corridor:
        corridor.turn = lambda _: asyncio.Lock()  # type: ignore[method-assign]  # a lock of its own for everybody
        await asyncio.gather(*(call_tool(corridor, THE_CALL) for _ in range(64)))
    assert refunds(stage) == [25_000]
    assert len(stage.events(ToolIntent)) == 1


async def test_an_approval_is_used_for_one_call_only(tmp_path: Path) -> None:
    """The same refund under another call id asks anew, and is the same effect besides."""
    stage = a_run(tmp_path)
    async with approved_call(stage) as corridor:
        await call_tool(corridor, replace(THE_CALL, call=f"{RUN}/0/1"))
        assert refunds(stage) == []
        await call_tool(corridor, THE_CALL)
    assert refunds(stage) == [25_000]


# -- any difference voids it --------------------------------------------------------------------------------

Mutation = Callable[[random.Random, Case, Bench], tuple[Case, Bench]]


def _other(rng: random.Random, value: object) -> object:
    """Return another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + rng.choice([-1, 1, 7])
        case str():
            place = rng.randrange(len(value) + 1)
            return value[:place] + rng.choice("abc019XYZ \u200b") + value[place:]
        case _:
            raise AssertionError(f"no other value for {value!r}")


def _of_binding(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    def changed(approval: Approval) -> Approval:
        name = rng.choice([*type(approval.request.binding).model_fields])
        return replace(approval, request=_with_part(rng, approval.request, "binding", name))

    return case, _with_approval(bench, changed)


def _of_view(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    def changed(approval: Approval) -> Approval:
        other = approval.request.model_copy(update={"view": _other(rng, approval.request.view)})
        return replace(approval, request=other)

    return case, _with_approval(bench, changed)


def _of_grant(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    return case, _with_approval(
        bench, lambda approval: replace(approval, granted_digest=str(_other(rng, approval.granted_digest)))
    )


def _of_arguments(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    name = rng.choice([*ASKED])
    arguments = {**ASKED, name: _other(rng, ASKED[name])}
    return replace(case, proposal=case.proposal.model_copy(update={"arguments": arguments})), bench


def _of_arguments_and_digest(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    changed, _ = _of_arguments(rng, case, bench)
    digest = bench.digest(changed.proposal.arguments)
    return replace(case, proposal=changed.proposal.model_copy(update={"arguments_digest": digest})), bench


def _of_proposal(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    name = rng.choice(["step", "tool", "arguments_digest", "call"])
    other = _other(rng, getattr(case.proposal, name))
    return replace(case, proposal=case.proposal.model_copy(update={name: other})), bench


def _of_attempt(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    return replace(case, attempt=case.attempt + rng.randrange(1, 9)), bench


def _of_header(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    name = rng.choice(["run", "version"])
    envelope = bench.state.header.model_copy(update={name: _other(rng, getattr(bench.state.header, name))})
    return case, replace(bench, state=replace(bench.state, envelope=envelope))


def _of_tool(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    tool = bench.registry.get("stripe.create_refund")
    assert tool is not None
    other = replace(tool, digest=str(_other(rng, tool.digest)))
    registry = type(bench.registry)({"stripe.create_refund": other})
    return case, replace(bench, registry=registry)


def _of_policy(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    first, *others = (AllowlistPolicy(bench.contract), PlatformPolicy(PlatformRules()))
    changed = rng.choice([first, *others])
    changed.digest = str(_other(rng, changed.digest))
    return case, replace(bench, engines=(first, *others))


def _of_time(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    later = rng.randrange(15, 60)
    return case, replace(bench, now=f"2026-03-14T{rng.randrange(9, 24):02}:{later}:00.000000Z")


def _of_reviewers(rng: random.Random, case: Case, bench: Bench) -> tuple[Case, Bench]:
    del rng
    return case, replace(bench, reviewer_names=("bob", "system:sandbox-reviewer"))


MUTATIONS: tuple[Mutation, ...] = (
    _of_binding,
    _of_view,
    _of_grant,
    _of_arguments,
    _of_arguments_and_digest,
    _of_proposal,
    _of_attempt,
    _of_header,
    _of_tool,
    _of_policy,
    _of_time,
    _of_reviewers,
)


def _with_part(rng: random.Random, owner: Part, part: str, name: str) -> Any:
    inner = getattr(owner, part)
    changed = inner.model_copy(update={name: _other(rng, getattr(inner, name))})
    return owner.model_copy(update={part: changed})


def _with_approval(bench: Bench, change: Callable[[Approval], Approval]) -> Bench:
    approvals = {name: change(approval) for name, approval in bench.state.approvals.items()}
    return replace(bench, state=replace(bench.state, approvals=approvals))


async def _executed_after_mutation(folder: Path, seed: int, count: int) -> list[str]:
    """Return the mutations after which the approved call would still have been executed."""
    rng, executed = random.Random(seed), []
    async with approved_call(a_run(folder)) as corridor:
        case = Case(corridor.state.calls[THE_CALL.call].proposal, 1)
        assert isinstance(await judge(case, corridor.bench_of_agent(), STAGES), Case)
        for number in range(count):
            mutation = MUTATIONS[number % len(MUTATIONS)]
            verdict = await judge(*mutation(rng, case, corridor.bench_of_agent()), STAGES)
            if isinstance(verdict, Case):
                executed.append(f"{mutation.__name__} (seed {seed}, number {number})")
    return executed


async def test_nothing_executes_after_any_single_change(tmp_path: Path) -> None:
    """Of what was approved, of what is asked, of tool, version, policy, view, hour: one difference, no execution."""
    assert await _executed_after_mutation(tmp_path, seed=1, count=360) == []


@pytest.mark.campaign
async def test_nothing_executes_after_ten_thousand_changes(tmp_path: Path) -> None:
    """The same, ten thousand times."""
    assert await _executed_after_mutation(tmp_path, seed=2, count=10_000) == []


async def test_the_harness_sees_an_approval_that_is_bound_to_the_name_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted fault: approvals keyed by the tool's name. It must turn red, else the harness proves nothing."""

    async def by_name(case: Case, bench: Bench) -> Case | NeedsApproval:
        granted = any(item.granted_at for item in bench.state.approvals.values())
        return case if granted else NeedsApproval(case, (), already_requested=False)

    stages = tuple(by_name if stage is approved else stage for stage in STAGES)
    monkeypatch.setattr(f"{__name__}.STAGES", stages)
    assert await _executed_after_mutation(tmp_path, seed=3, count=120)


async def test_an_answer_names_its_approval_in_the_record(tmp_path: Path) -> None:
    """The record of an attempt answers alone: principal, actor, policies, inputs, approvals, credential, budget."""
    stage = a_run(tmp_path)
    await stage.start()
    answers(stage)
    await resumed(stage)
    intent = stage.events(ToolIntent)[-1]
    (answered,) = stage.events(ApprovalAnswered)
    assert isinstance(intent, ToolIntent)
    assert isinstance(answered, ApprovalAnswered)
    assert (intent.principal.id, intent.principal.assurance) == ("casey", "asserted")
    assert intent.actor == "agent:refund-assistant"
    assert intent.approvals == (answered.approval,)
    assert intent.credential.jti
    assert intent.basis is not None
    assert intent.basis.decision == "needs_approval"
    assert set(intent.basis.policies) == {
        "contract:refund-assistant/tools.allowlist",
        "platform:irreversible-needs-approval",
    }
    assert intent.basis.inputs_digest.startswith("sha256:")
    assert intent.basis.budget_after.tool_calls == intent.basis.budget_before.tool_calls + 1


# -- corners ------------------------------------------------------------------------------------------------


async def test_an_edit_over_a_threshold_with_a_shorter_time_asks_again(tmp_path: Path) -> None:
    """What was approved for a quarter of an hour is not good where five minutes are the rule."""
    rule = ApprovalRule(when={"amount_usd_ge": Decimal(300)}, valid_for="5m")
    stage = a_run(tmp_path, rule)
    await stage.start()
    edits(stage, amount=30_000)
    assert await resumed(stage) == ExitCode.WAITING
    latest = stage.events(ApprovalRequested)[-1]
    assert latest.reasons[0] == "an approval is good for a shorter time now"  # type: ignore[attr-defined]  # a request
    assert latest.valid_for_seconds == 300  # type: ignore[attr-defined]  # a request


async def test_a_crash_after_an_edited_call_was_sent_repeats_it_under_its_key(tmp_path: Path) -> None:
    """The amendment stands; nothing is amended a second time, and the key is that of the first intent."""
    stage = a_run(tmp_path)
    await stage.start()
    edits(stage, amount=20_000)

    def dies(execution: Execution) -> None:
        if execution.descriptor.name == "stripe.create_refund":
            raise RuntimeError("the process died")

    stage.executor = FakeExecutor(before=dies)
    with pytest.raises(RuntimeError, match="died"):
        await resumed(stage)
    stage.executor = FakeExecutor()
    assert await resumed(stage) == ExitCode.OK
    assert refunds(stage) == [20_000]
    assert len(stage.events(ToolAmended)) == 1
    keys = {item.idempotency_key for item in stage.events(ToolIntent) if item.tool == "stripe.create_refund"}  # type: ignore[attr-defined]  # intents
    assert len(keys) == 1


class LeavesItToOthers:
    """A person at this terminal who wants somebody else to decide."""

    async def review(self, case: ReviewCase, look_up: LookUpFunction) -> Opinion:
        """Leave it."""
        del case, look_up
        return Opinion(
            "escalate", "not mine", ReviewerRecord(id="alice", kind="person", assurance="asserted")
        )


async def test_a_person_here_can_leave_it_to_the_next_too(tmp_path: Path) -> None:
    """The same word in this process as by letter."""
    rule = ApprovalRule(reviewers=("alice",), escalation=(EscalationStep(after="2h", to=("bob",)),))
    stage = a_run(tmp_path, rule)
    stage.reviewers = (LeavesItToOthers(),)
    await stage.start()
    (step,) = stage.events(ApprovalEscalated)
    assert step.reviewers == ("bob",)  # type: ignore[attr-defined]  # an escalation


class LooksAtTheJournal:
    """A reviewer who has no opinion, and remembers what stood in the journal when it was asked, and how much was durable."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.answers: list[object] = []
        self.not_durable = -1

    async def review(self, case: ReviewCase, look_up: LookUpFunction) -> None:
        """Look, and say nothing."""
        del case, look_up
        disk, written = self._stage.disk, self._stage.journals.path_of(RUN).stat().st_size
        assert isinstance(disk, FakeDisk)
        self.answers, self.not_durable = self._stage.events(ApprovalAnswered), written - disk.durable_bytes


async def test_whoever_is_asked_next_can_be_shown_what_was_answered_before(tmp_path: Path) -> None:
    """An answer that leaves a request to others is durable before the next reviewer is asked."""
    rule = ApprovalRule(reviewers=("alice",), escalation=(EscalationStep(after="2h", to=("bob",)),))
    stage = a_run(tmp_path, rule, disk=FakeDisk())
    next_one = LooksAtTheJournal(stage)
    stage.reviewers = (LeavesItToOthers(), next_one)
    await stage.start()
    assert len(next_one.answers) == 1
    assert next_one.not_durable == 0


async def test_a_session_gives_back_what_its_engines_hold(tmp_path: Path) -> None:
    """Connections and processes of engines end with the session, also when its work fails."""
    closed: list[str] = []

    async def close() -> None:
        closed.append("engine")

    stage = a_run(tmp_path)
    parts = replace(stage.parts(stage.journals.create(RUN)), closing=(close,))
    with pytest.raises(RuntimeError, match="work"):
        async with open_session(parts):
            raise RuntimeError("work failed")
    assert closed == ["engine"]
