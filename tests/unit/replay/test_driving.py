"""Whole runs replayed in one process: what was answered in which order, where it parts, and why."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.events.approval import ApprovalRequested
from agentctl.events.replay import ReplayJudged
from agentctl.events.run import RunSuspended
from agentctl.events.tool import PolicyAnswer, ToolIntent, ToolResult, ToolUnknown
from agentctl.foundation.ids import new_secret_id
from agentctl.models.client import ModelFailure
from agentctl.policy.engine import PolicyRequest
from agentctl.policy.guarded import Guarded
from agentctl.policy.judge import Judgement
from agentctl.tools.executors.executor import Answered, Execution, Failed, Outcome, Unknown
from agentctl.trace.message import AnswerMessage
from tests.fakes.clock import StandingClock
from tests.fakes.executor import FakeExecutor, accepts_everything
from tests.fakes.models import FakeModel, TurnModel, asks, says
from tests.fakes.replays import replayed
from tests.fakes.runs import Stage, changed, default_limits, repository_tools

READ = ("zendesk.read_ticket", {"ticket_id": "4201"})
LOOK_UP = ("stripe.lookup_charge", {"charge": "ch_small"})
ANOTHER = ("stripe.lookup_charge", {"charge": "ch_other"})


def refund(amount: int = 4900) -> tuple[str, object]:
    """Return a refund as a model asks for it."""
    return ("stripe.create_refund", {"charge": "ch_small", "amount": amount, "currency": "usd"})


def a_run(folder: Path, **changes: object) -> Stage:
    """Return a run that reads, looks up, refunds and answers."""
    model = TurnModel([asks(READ), asks(LOOK_UP), asks(refund()), says("refunded")])
    return Stage(folder, model, **changes)  # type: ignore[arg-type]


def look(said: ReplayJudged) -> tuple[str, int | None, str | None]:
    """Return how far it was the same, where it parts, and why."""
    return said.fidelity, said.step, said.cause


@dataclass
class Backwards(FakeExecutor):
    """Ends the attempts that it is asked for at once in the opposite order, whatever the machine is doing."""

    together: int = 3
    over: dict[int, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    async def execute(self, execution: Execution) -> Outcome:
        """Wait until what was asked for later is over."""
        self.executions.append(execution)
        number = len(self.executions)
        if number < self.together:
            await self.over[number + 1].wait()
        self.over[number].set()
        return self.answer(execution)


async def test_answers_come_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    """Three reads of one step that ended in the opposite order; one of them failed once and was tried again."""
    stage = Stage(tmp_path, TurnModel([asks(READ, LOOK_UP, ANOTHER), says("done")]))

    def busy_once(execution: Execution) -> Outcome:
        first = (
            len([item for item in stage.executor.executions if item.arguments == execution.arguments]) == 1
        )
        if execution.arguments == ANOTHER[1] and first:
            return Failed("busy", 429, repeatable=True)
        return accepts_everything(execution)

    stage.executor = Backwards(busy_once)
    await stage.start()
    ended = [event.call[-1] for event in stage.events(ToolResult)]
    assert ended[0] == "2"
    assert ended != sorted(ended)
    assert look(await replayed(stage)) == ("exact", None, None)


async def test_an_engine_that_takes_its_time_is_waited_for(tmp_path: Path) -> None:
    """Calls that were judged in each other's midst are judged so again."""

    class Thoughtful:
        policy, digest = "contract:thoughtful", "sha256:thoughtful"

        async def judge(self, request: PolicyRequest) -> Judgement:
            del request
            await asyncio.sleep(0)
            return Judgement(allowed=True)

    engine = Guarded(Thoughtful(), "policy", "cedar:thoughtful", "sha256:thoughtful", StandingClock())
    stage = Stage(tmp_path, TurnModel([asks(READ, LOOK_UP), says("done")]), engines=(engine,))
    await stage.start()
    assert look(await replayed(stage)) == ("exact", None, None)


async def test_a_process_that_was_gone_is_gone_again(tmp_path: Path) -> None:
    """Told twice to stop in the middle of two reads: the replay ends there, and goes on with who went on."""
    stage = Stage(tmp_path, TurnModel([asks(READ, LOOK_UP), says("done")]), executor=FakeExecutor(hang=True))
    task = asyncio.create_task(stage.start())
    while len(stage.executor.executions) < 2:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(stage.events(ToolUnknown)) == 2
    stage.executor = FakeExecutor()
    await stage.resume()
    assert stage.state().finished is not None
    assert look(await replayed(stage)) == ("exact", None, None)


async def test_an_attempt_that_was_under_way_has_no_end(tmp_path: Path) -> None:
    """A journal that ends with two intents: the replay waits for both, and for nothing that never came."""
    stage = Stage(tmp_path, TurnModel([asks(READ, LOOK_UP), says("done")]))
    await stage.start()
    records = stage.records()
    last = max(record.seq for record in records if isinstance(record.event, ToolIntent))
    stage.cut_after(last)
    assert look(await replayed(stage)) == ("exact", None, None)


async def test_an_approval_by_letter_and_an_interrupt_come_again(tmp_path: Path) -> None:
    """A large refund waits, alice approves, the run is told to stop and goes on: four sittings, all of them the same."""
    stage = a_run(tmp_path, reviewers=())
    await stage.start()
    (request,) = stage.events(ApprovalRequested)
    assert isinstance(request, ApprovalRequested)
    letter = AnswerMessage(
        id=new_secret_id(),
        run=stage.run,
        at="2026-03-14T09:00:00.000000Z",
        by="alice",
        reason="it is hers: dana@example.com",
        approval=request.approval,
        answer="approve",
        binding=request.binding,
    )
    stage.interrupt.wanted = True
    await stage.resume()
    stage.interrupt.wanted = False
    stage.inbox.post(letter.model_copy(update={"by": "mallory", "id": new_secret_id()}))
    stage.inbox.post(letter)
    await stage.resume()
    assert [item.reason for item in stage.events(RunSuspended)] == ["approval", "interrupted"]  # type: ignore[attr-defined]
    assert stage.state().finished is not None
    assert look(await replayed(stage)) == ("exact", None, None)


# -- what parts -----------------------------------------------------------------------------------


async def test_a_model_that_says_something_else_is_named(tmp_path: Path) -> None:
    """Asked anew it refunds less: the run parts at that step, and a write that is another is not answered with the old one."""
    stage = a_run(tmp_path)
    await stage.start()
    said = await replayed(
        stage, live=TurnModel([asks(READ), asks(LOOK_UP), asks(refund(1)), says("refunded")])
    )
    assert look(said) == ("diverged", 2, "model")
    assert said.differences[0].event == "model.answered"
    assert (said.exact, said.drift) == (3, 0)  # two reads, and the reviewer's own
    assert said.missed == repository_tools()["stripe.create_refund"].descriptor.attempts


async def test_a_model_that_asks_otherwise_for_a_read_gets_what_was_read(tmp_path: Path) -> None:
    """A read in the same place with other arguments is answered, and counted as drift."""
    stage = a_run(tmp_path)
    await stage.start()
    said = await replayed(stage, live=TurnModel([asks(READ), asks(ANOTHER), says("no refund")]))
    assert look(said) == ("diverged", 1, "model")
    assert (said.exact, said.drift, said.missed) == (1, 1, 0)


async def test_the_same_call_in_another_place_has_the_same_answer(tmp_path: Path) -> None:
    """Of requests that are the same, the first answers the first, wherever they stand."""
    stage = a_run(tmp_path)
    await stage.start()
    said = await replayed(stage, live=TurnModel([asks(READ, LOOK_UP), says("both at once")]))
    assert look(said) == ("diverged", 0, "model")
    assert (said.exact, said.drift, said.missed) == (2, 0, 0)


async def test_what_is_on_no_tape_never_goes_out(tmp_path: Path) -> None:
    """A read that nobody made then has an unknown outcome, and after its attempts the run stops in doubt."""
    stage = Stage(tmp_path, TurnModel([asks(READ), says("done")]))
    await stage.start()
    said = await replayed(stage, live=TurnModel([asks(READ), asks(LOOK_UP), says("done")]))
    assert look(said)[0] == "diverged"
    assert said.missed == repository_tools()["stripe.lookup_charge"].descriptor.attempts
    assert any(
        "the tape holds no answer of `stripe.lookup_charge`" in item.after for item in said.differences
    )


async def test_a_longer_run_than_the_tape_ends_without_a_model(tmp_path: Path) -> None:
    """Where a contract lets the run go on for longer, the tape has no answer left: a miss, and nobody is asked."""
    stage = Stage(tmp_path, TurnModel([asks(READ), says("done")]), limits=default_limits(max_steps=1))
    await stage.start()
    longer = Stage(tmp_path / "other", limits=default_limits(max_steps=5))
    said = await replayed(stage, longer, "budget")
    assert look(said) == ("diverged", 1, "budget")
    assert said.missed == 1
    assert any("the tape holds no answer of `scripted-small`" in item.after for item in said.differences)


async def test_another_model_for_the_same_words(tmp_path: Path) -> None:
    """A deployment of another name is answered by its place: drift, and the cause is the model."""
    stage = a_run(tmp_path)
    await stage.start()
    other = Stage(tmp_path / "other")
    (desk,) = other.model_desks()
    other.desks = (replace(desk, deployment=desk.deployment.model_copy(update={"model": "larger"})),)
    said = await replayed(stage, other, "model")
    assert look(said) == ("drift", 0, "model")
    assert said.drift == 4


async def test_a_route_to_another_deployment_is_named(tmp_path: Path) -> None:
    """Another deployment stands first: the route differs."""
    stage = a_run(tmp_path)
    await stage.start()
    other = Stage(tmp_path / "other")
    (desk,) = other.model_desks()
    other.desks = (replace(desk, deployment=desk.deployment.model_copy(update={"name": "twin"})),)
    assert look(await replayed(stage, other, "routing")) == ("drift", 0, "routing")


async def test_less_room_for_an_answer_is_a_matter_of_budget(tmp_path: Path) -> None:
    """Where fewer tokens are left, less may be said: what differs of the request says so."""
    stage = Stage(tmp_path, TurnModel([says("done")]))
    await stage.start()
    said = await replayed(
        stage, Stage(tmp_path / "other", limits=default_limits(max_output_tokens=50)), "budget"
    )
    assert look(said) == ("drift", 0, "budget")
    assert said.differences[0].field == "/max_output_tokens"


async def test_a_result_that_does_not_fit_any_more(tmp_path: Path) -> None:
    """Another schema of results: what was read then is no answer now."""
    stage = Stage(tmp_path, TurnModel([asks(READ), says("done")]))
    await stage.start()
    result = {"type": "object", "required": ["colour"]}
    other = Stage(tmp_path / "other", tools=changed(repository_tools(), READ[0], result=result))
    said = await replayed(stage, other, "tool_schema")
    assert look(said) == ("diverged", 0, "tool_schema")


async def test_no_approval_is_asked_for_any_more(tmp_path: Path) -> None:
    """What came in another sitting is answered all the same: the call is made at once, under another version."""
    stage = a_run(tmp_path, reviewers=())
    await stage.start()
    (request,) = stage.events(ApprovalRequested)
    assert isinstance(request, ApprovalRequested)
    stage.inbox.post(
        AnswerMessage(
            id=new_secret_id(),
            run=stage.run,
            at="2026-03-14T09:00:00.000000Z",
            by="alice",
            approval=request.approval,
            answer="approve",
            binding=request.binding,
        )
    )
    await stage.resume()
    free = Stage(tmp_path / "other", reviewers=(), engines=(_Everything(),))
    said = await replayed(stage, free, "policy")
    assert look(said) == ("diverged", 2, "policy")
    assert (said.exact + said.drift, said.missed) == (7, 0)


class _Everything:
    """Allows everything."""

    policy, digest = "contract:everything", "sha256:everything"

    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        del request
        return PolicyAnswer(authority="contract", policy=self.policy, digest=self.digest, decision="allow")


async def test_a_model_that_failed_fails_again(tmp_path: Path) -> None:
    """Busy twice, then an answer; then refused for good: the run is suspended, and so is its replay."""
    busy = ModelFailure("rate_limited", "come back later")
    stage = Stage(tmp_path, FakeModel([busy, asks(READ), ModelFailure("refused", "no")]))
    await stage.start()
    assert look(await replayed(stage)) == ("exact", None, None)


async def test_an_answer_that_could_not_be_used_cannot_be_used_again(tmp_path: Path) -> None:
    """A write whose answer had not its declared form; a read whose had not; a write that nobody knows of."""

    def odd(execution: Execution) -> Outcome:
        if execution.descriptor.name == "stripe.create_refund":
            return Answered({"strange": True})
        if execution.descriptor.name == "zendesk.read_ticket":
            return Answered({"strange": True})
        return accepts_everything(execution)

    stage = a_run(tmp_path, executor=FakeExecutor(odd))
    await stage.start()
    assert look(await replayed(stage)) == ("exact", None, None)


async def test_a_call_in_doubt_is_in_doubt_again(tmp_path: Path) -> None:
    """A write of which nobody knows: the run waits for an operator, in its replay too."""

    def lost(execution: Execution) -> Outcome:
        if execution.descriptor.name == "stripe.create_refund":
            return Unknown("the connection broke")
        return accepts_everything(execution)

    stage = a_run(tmp_path, executor=FakeExecutor(lost))
    await stage.start()
    assert look(await replayed(stage)) == ("exact", None, None)
