"""Budgets at the door: parallel calls cannot overshoot, bytes and time are counted, and no crash gives anything back."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from itertools import accumulate
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from agentctl.budget.limits import NO_TIME, Time, exceeded
from agentctl.budget.sizes import bytes_of
from agentctl.budget.spend import Spend, evolve_spend
from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetStopped
from agentctl.events.model import ModelAsked
from agentctl.events.run import Limits
from agentctl.events.tool import PolicyAnswer, ToolIntent, ToolRefused, ToolResult, ToolUnknown
from agentctl.gateway import attempts, model_calls
from agentctl.gateway.bench import Bench
from agentctl.gateway.model_calls import ModelWork
from agentctl.gateway.session import Session, open_session
from agentctl.gateway.stages import STAGES, StageFunction
from agentctl.gateway.tool_calls import ToolRequest, call_tool
from agentctl.gateway.verdict import Case, Verdict
from agentctl.models.client import Message, ModelAnswer, ModelFailure, ModelRequest
from agentctl.policy.engine import PolicyEngine, PolicyRequest
from agentctl.tools.executors.executor import Answered, Execution, Failed, Unknown
from tests.fakes.executor import FakeExecutor, accepts_everything
from tests.fakes.models import FakeModel, says
from tests.fakes.runs import PRICE, RUN, Stage, changed, default_limits, repository_tools

MANY = 200
TOOL = "zendesk.read_ticket"
ARGUMENTS = '{"ticket_id":"4201"}'
OUTPUT = 300


@dataclass
class Restless:
    """Lets everybody else run, a few times, at every chance it gets; the same in every run of a test."""

    chance: Random = field(default_factory=lambda: Random(7))

    async def moment(self) -> None:
        """Yield."""
        for _ in range(self.chance.randint(1, 4)):
            await asyncio.sleep(0)

    def stage(self, stage: StageFunction) -> StageFunction:
        """Return a stage that yields before and after it judges."""

        async def restless(case: Case, bench: Bench) -> Verdict:
            await self.moment()
            verdict = await stage(case, bench)
            await self.moment()
            return verdict

        return restless

    def engine(self, engine: PolicyEngine) -> PolicyEngine:
        """Return a policy that yields before and after it answers."""
        return RestlessEngine(engine, self)


class RestlessEngine:
    """A policy that lets everybody else run."""

    def __init__(self, engine: PolicyEngine, restless: Restless) -> None:
        self._engine, self._restless = engine, restless
        self.policy, self.digest = engine.policy, engine.digest

    async def decide(self, asked: PolicyRequest) -> PolicyAnswer:
        """Yield, answer, yield."""
        await self._restless.moment()
        answer = await self._engine.decide(asked)
        await self._restless.moment()
        return answer


def a_ticket_of(size: int) -> Callable[[Execution], Answered]:
    """Return an executor whose every answer has exactly so many canonical bytes."""

    def answer(execution: Execution) -> Answered:
        usual = accepts_everything(execution)
        assert isinstance(usual, Answered)
        assert isinstance(usual.value, dict)
        bare = {**usual.value, "description": ""}
        return Answered({**bare, "description": "x" * (size - bytes_of(bare))})

    return answer


async def many_calls(stage: Stage) -> None:
    """Make two hundred calls at once, with everything that can yield yielding."""
    restless = Restless()
    parts = stage.parts(stage.journals.create(RUN))
    parts = replace(parts, engines=tuple(map(restless.engine, parts.engines)))
    stages = tuple(map(restless.stage, STAGES))
    async with open_session(parts) as session:
        await session.note(stage.started())
        requests = [ToolRequest(f"{RUN}/0/{index}", 0, TOOL, ARGUMENTS) for index in range(MANY)]
        await asyncio.gather(*(call_tool(session._corridor, request, stages) for request in requests))


def broken_at_a_prefix(stage: Stage) -> bool:
    """Return whether at any point of the journal more was committed than the run's ceilings permit."""
    spends = accumulate((record.event for record in stage.records()), evolve_spend, initial=Spend())
    return any(exceeded(spend, stage.limits, Reservation()) is not None for spend in spends)


async def test_two_hundred_calls_against_a_budget_for_ten_are_ten(tmp_path: Path) -> None:
    """Exactly: all were told that they fit, the intent compares again, the others stay open with the numbers told."""
    stage = Stage(tmp_path, limits=default_limits(max_tool_calls=10))
    await many_calls(stage)
    assert len(stage.executor.executions) == 10
    stops = stage.events(BudgetStopped)
    assert len({stop.call for stop in stops}) == len(stops) == MANY - 10
    assert {(stop.meter, stop.limit, stop.used, stop.asked) for stop in stops} == {
        ("tool_calls", "10", "10", "1")
    }
    assert not broken_at_a_prefix(stage)
    assert stage.state().session.refusals == 0


def for_ten(tmp_path: Path) -> Stage:
    """Return a run with room for the bytes of ten calls whose answers are as large as they may be."""
    each = bytes_of({"ticket_id": "4201"}) + 2_000
    return Stage(
        tmp_path,
        executor=FakeExecutor(a_ticket_of(2_000)),
        tools=changed(repository_tools(), TOOL, max_result_bytes=2_000),
        limits=default_limits(max_tool_calls=MANY, max_bytes=10 * each + each - 1),
        redaction="off",
    )


async def test_two_hundred_calls_against_bytes_for_ten_are_ten(tmp_path: Path) -> None:
    """What an attempt may send and take is reserved with its intent, and here all of it is used."""
    stage = for_ten(tmp_path)
    await many_calls(stage)
    assert len(stage.executor.executions) == 10
    assert {stop.meter for stop in stage.events(BudgetStopped)} == {"bytes"}
    assert not broken_at_a_prefix(stage)


@dataclass
class DearModel(FakeModel):
    """A model that uses all that was reserved for it, and takes its time."""

    async def complete(self, request: ModelRequest) -> ModelAnswer | ModelFailure:
        """Yield, and report the worst case as used."""
        await asyncio.sleep(0)
        self.requests.append(request)
        return says(
            "done", replace(says("").usage, input_tokens=self.worst, output_tokens=request.max_output_tokens)
        )


async def many_questions(stage: Stage) -> None:
    """Ask two hundred models at once."""
    async with open_session(stage.parts(stage.journals.create(RUN))) as session:
        await session.note(stage.started())
        work = [ModelWork(step, (Message("user", "hello"),), ()) for step in range(MANY)]
        await asyncio.gather(*map(session.call_model, work))


def money_for_ten(tmp_path: Path, model: DearModel) -> Stage:
    """Return a run that can pay ten model calls and almost one more."""
    deployment = Stage(tmp_path / "beside").model_desks()[0].deployment
    worst = PRICE.cost(model.worst, deployment.max_output_tokens)
    limits = default_limits(
        max_input_tokens=10**9, max_output_tokens=10**9, max_cost_usd=worst * 11 - Decimal("0.000000000001")
    )
    return Stage(tmp_path, model, limits=limits)


async def test_two_hundred_questions_against_money_for_ten_are_ten(tmp_path: Path) -> None:
    """Every one reserves what it may cost at most before it is asked."""
    stage = money_for_ten(tmp_path, DearModel())
    await many_questions(stage)
    assert len(stage.model.requests) == len(stage.events(ModelAsked)) == 10
    assert {stop.meter for stop in stage.events(BudgetStopped)} == {"cost_usd"}
    assert not broken_at_a_prefix(stage)


def as_before_all(
    spend: Spend, limits: Limits, asked: Reservation, time: Time = NO_TIME
) -> BudgetStopped | None:
    """Compare with an old quote, as code would that compares first, waits, and then appends."""
    del spend
    return exceeded(Spend(), limits, asked, time)


@pytest.mark.parametrize("meter", ["tool_calls", "bytes"])
async def test_a_comparison_with_an_old_quote_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meter: str
) -> None:
    """Planted: the reservation is compared outside of the section that appends it, and the ceiling breaks."""
    monkeypatch.setattr(attempts, "exceeded", as_before_all)
    stage = (
        for_ten(tmp_path) if meter == "bytes" else Stage(tmp_path, limits=default_limits(max_tool_calls=10))
    )
    await many_calls(stage)
    assert len(stage.executor.executions) > 10
    assert broken_at_a_prefix(stage)


async def test_an_old_quote_for_a_model_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted as well."""
    monkeypatch.setattr(model_calls, "exceeded", as_before_all)
    stage = money_for_ten(tmp_path, DearModel())
    await many_questions(stage)
    assert len(stage.model.requests) > 10
    assert broken_at_a_prefix(stage)


async def one_call(stage: Stage, arguments: str = ARGUMENTS, name: str = TOOL, index: int = 0) -> None:
    """Make one call in a session of its own, in a new run."""
    async with open_session(stage.parts(stage.journals.create(RUN))) as session:
        await session.note(stage.started())
        await call_tool(session._corridor, ToolRequest(f"{RUN}/0/{index}", 0, name, arguments))


async def test_a_call_reserves_what_it_sends_and_may_take_and_settles_what_it_did(tmp_path: Path) -> None:
    """Canonical bytes of the real arguments and the real result, whatever stands in the record for them."""
    stage = Stage(tmp_path)
    await one_call(stage)
    intent, result = stage.events(ToolIntent)[0], stage.events(ToolResult)[0]
    sent = bytes_of({"ticket_id": "4201"})
    assert intent.reservation == Reservation(tool_calls=1, bytes=sent + 1_000_000)
    answer = accepts_everything(stage.executor.executions[0])
    assert isinstance(answer, Answered)
    assert bytes_of(result.value) != bytes_of(answer.value)  # an address in it is redacted
    assert result.settlement == Reservation(tool_calls=1, bytes=sent + bytes_of(answer.value))


async def test_a_failure_settles_what_was_sent_and_what_was_said(tmp_path: Path) -> None:
    """And never more than was reserved."""
    said = "x" * 500
    stage = Stage(tmp_path, executor=FakeExecutor(lambda _: Failed(said, 400)))
    await one_call(stage)
    assert stage.events(ToolResult)[0].settlement.bytes == bytes_of({"ticket_id": "4201"}) + bytes_of(said)
    tools = changed(repository_tools(), TOOL, max_result_bytes=100)
    small = Stage(tmp_path / "small", executor=FakeExecutor(lambda _: Failed(said, 400)), tools=tools)
    await one_call(small)
    assert small.events(ToolResult)[0].settlement == small.events(ToolIntent)[0].reservation


async def test_a_call_of_unknown_outcome_keeps_its_whole_reservation(tmp_path: Path) -> None:
    """Nobody can say how much went over the wire."""
    tools = changed(repository_tools(), TOOL, effect="write", retry="never")
    stage = Stage(tmp_path, executor=FakeExecutor(lambda _: Unknown("lost")), tools=tools)
    await one_call(stage)
    assert len(stage.events(ToolUnknown)) == 1
    assert stage.state().session.spend.committed == stage.events(ToolIntent)[0].reservation


@pytest.mark.parametrize("over", [0, 1])
async def test_an_answer_larger_than_its_descriptor_says_is_not_taken(tmp_path: Path, over: int) -> None:
    """Exactly as large is taken; a read one byte larger failed, and counts as all that was reserved."""
    tools = changed(repository_tools(), TOOL, max_result_bytes=2_000)
    stage = Stage(tmp_path, executor=FakeExecutor(a_ticket_of(2_000 + over)), tools=tools, redaction="off")
    await one_call(stage)
    result = stage.events(ToolResult)[0]
    assert result.outcome == ("error" if over else "ok")
    assert ("2001 bytes, more than the 2000 of `max_result_bytes`" in str(result.value)) == bool(over)
    assert result.settlement.bytes <= stage.events(ToolIntent)[0].reservation.bytes


async def test_a_write_whose_answer_is_too_large_happened(tmp_path: Path) -> None:
    """It is not shown as an error: the model learns that it was executed, and that its answer cannot be used."""
    tools = changed(repository_tools(), TOOL, effect="write", max_result_bytes=2_000)
    stage = Stage(tmp_path, executor=FakeExecutor(a_ticket_of(2_001)), tools=tools)
    await one_call(stage)
    result = stage.events(ToolResult)[0]
    assert result.outcome == "ok"
    assert result.value["executed"] is True
    assert result.settlement == stage.events(ToolIntent)[0].reservation


async def test_a_call_whose_time_out_does_not_fit_is_not_begun(tmp_path: Path) -> None:
    """What was worked and what the attempt may take, together; the call stays open."""
    stage = Stage(tmp_path, limits=default_limits(max_wall_clock_seconds=60))
    seconds = stage.tools[TOOL].descriptor.timeout_seconds
    async with open_session(stage.parts(stage.journals.create(RUN))) as session:
        await session.note(stage.started())
        call = partial(call_tool, session._corridor)
        stage.clock.move(60 - seconds)  # type: ignore[attr-defined]
        await call(ToolRequest(f"{RUN}/0/0", 0, TOOL, ARGUMENTS))
        stage.clock.move(0.000001)  # type: ignore[attr-defined]
        await call(ToolRequest(f"{RUN}/0/1", 0, TOOL, ARGUMENTS))
    assert len(stage.executor.executions) == 1
    stop = stage.events(BudgetStopped)[0]
    assert (stop.meter, stop.limit, stop.asked, stop.call) == (
        "wall_clock_seconds",
        "60",
        str(seconds),
        f"{RUN}/0/1",
    )
    assert Decimal(stop.used) + seconds > 60
    assert not stage.state().session.calls[f"{RUN}/0/1"].settled


async def test_time_that_passes_between_the_quote_and_the_intent_counts(tmp_path: Path) -> None:
    """A policy that takes its time does not let an attempt begin too late."""
    stage = Stage(tmp_path, limits=default_limits(max_wall_clock_seconds=60))

    async def slow(case: Case, bench: Bench) -> Verdict:
        del bench
        stage.clock.move(59)  # type: ignore[attr-defined]
        return case

    async with open_session(stage.parts(stage.journals.create(RUN))) as session:
        await session.note(stage.started())
        await call_tool(session._corridor, ToolRequest(f"{RUN}/0/0", 0, TOOL, ARGUMENTS), (*STAGES, slow))
    assert stage.executor.executions == []
    assert [stop.meter for stop in stage.events(BudgetStopped)] == ["wall_clock_seconds"]


async def asked_after(session: Session, stage: Stage, seconds: float) -> None:
    """Ask a model some seconds after the last record."""
    stage.clock.move(seconds)  # type: ignore[attr-defined]
    await session.call_model(ModelWork(0, (Message("user", "hello"),), ()))


async def test_a_model_is_only_asked_when_its_whole_time_out_fits(tmp_path: Path) -> None:
    """As with tools; its time-out is its deployment's."""
    for seconds, times in ((40.0, 1), (40.000001, 0)):
        stage = Stage(tmp_path / str(seconds), limits=default_limits(max_wall_clock_seconds=100))
        assert stage.model_desks()[0].deployment.timeout_seconds == 60
        async with open_session(stage.parts(stage.journals.create(RUN))) as session:
            await session.note(stage.started())
            await asked_after(session, stage, seconds)
        assert len(stage.model.requests) == times
        assert len(stage.events(BudgetStopped)) == 1 - times


async def test_a_call_that_was_stopped_is_judged_again_once_there_is_room(tmp_path: Path) -> None:
    """From the first stage, as after an approval; nothing was refused, and the model is shown nothing until then."""
    stage = Stage(tmp_path, limits=default_limits(max_tool_calls=0))
    await one_call(stage)
    assert stage.events(ToolRefused) == []
    assert not stage.state().session.calls[f"{RUN}/0/0"].settled
    acquired = stage.journals.acquire(RUN)
    async with open_session(stage.parts(acquired.journal), acquired.records) as session:
        header = session.state.header.model_copy(update={"limits": default_limits(max_tool_calls=1)})
        session._corridor.state = replace(session.state, envelope=header)
        await call_tool(session._corridor, ToolRequest(f"{RUN}/0/0", 0, TOOL, ARGUMENTS))
    assert len(stage.executor.executions) == 1
