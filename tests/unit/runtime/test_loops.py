"""Whole runs that go round in circles: told once, then stopped; and what is no circle goes on."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

from agentctl.events.budget import BudgetRaised
from agentctl.events.loop import LoopDetected
from agentctl.events.run import Limits, RunSuspended
from agentctl.events.tool import DecisionMade, ToolIntent, ToolRefused
from agentctl.foundation.errors import ExitCode
from agentctl.foundation.ids import new_secret_id
from agentctl.models.client import ModelAnswer
from agentctl.runtime.outcome import exit_code
from agentctl.tools.executors.executor import Answered, Execution, Failed, Outcome, Unknown
from agentctl.trace.message import RaiseMessage
from tests.fakes.executor import FakeExecutor, accepts_everything
from tests.fakes.models import TurnModel, asks, says
from tests.fakes.runs import RUN, Stage, changed, default_limits

READ = ("zendesk.read_ticket", {"ticket_id": "4201"})
LOOK_UP = ("stripe.lookup_charge", {"charge": "ch_small"})
REFUND = ("stripe.create_refund", {"charge": "ch_small", "amount": 100, "currency": "usd"})


def limits(**changes: object) -> Limits:
    """Return the limits of a contract that says nothing about loops, with room for many steps."""
    room = {"max_steps": 50, "max_tool_calls": 100, "max_input_tokens": 100_000, "max_output_tokens": 100_000}
    loops = {"max_repeats": 3, "max_near_repeats": 5, "max_same_errors": 5}
    return default_limits(**room, **loops).model_copy(update=changes)


def a_run(folder: Path, turns: Iterable[ModelAnswer], **changes: object) -> Stage:
    """Return a run whose model takes these turns and then says that it is done."""
    return Stage(folder, TurnModel(list(turns)), limits=limits(**changes))


def calls_made(stage: Stage) -> int:
    """Return how many attempts there were."""
    return len(stage.executor.executions)


def raise_to(stage: Stage, **ceilings: object) -> None:
    """Leave higher limits in the run's inbox."""
    now = stage.state().session.header.limits
    wanted = now.model_copy(update=ceilings)
    stage.inbox.post(
        RaiseMessage(
            id=new_secret_id(), run=RUN, at="now", by="alice", reason="a case", limits=wanted, instead_of=now
        )
    )


async def test_a_model_that_is_told_may_change_its_mind(tmp_path: Path) -> None:
    """The call is refused with its reason, the evidence is on record, and the run ends with an answer."""
    stage = a_run(tmp_path, [*(asks(READ) for _ in range(4)), asks(LOOK_UP), says("done")])
    state = await stage.start()
    assert exit_code(state) == ExitCode.OK
    (loop,) = stage.events(LoopDetected)
    assert loop == LoopDetected(
        call=f"{RUN}/3/0",
        kind="same_call",
        meter="repeats",
        tools=(READ[0],),
        repeats=3,
        limit=3,
        calls=(f"{RUN}/0/0", f"{RUN}/1/0", f"{RUN}/2/0"),
        stops=False,
    )
    (refusal,) = stage.events(ToolRefused)
    assert refusal.stage == "progressing"
    assert "3 times in a row with the same arguments" in refusal.reasons[0]
    assert "progressing" in str(stage.model.requests[4].messages[-1].text)
    assert state == stage.state()


async def test_a_model_that_does_not_leave_off_is_stopped(tmp_path: Path) -> None:
    """Exit 6 and a sentence; not one call more than the limit; resumed without a raise it stops again, without a call."""
    stage = a_run(tmp_path, [asks(READ) for _ in range(30)])
    state = await stage.start()
    assert exit_code(state) == ExitCode.BUDGET
    assert calls_made(stage) == 3
    (end,) = stage.events(RunSuspended)
    assert end.reason == "loop"
    assert end.detail == (
        "`zendesk.read_ticket` was asked for 4 times in a row with the same arguments, and the result was the same; "
        "the model was told, and did not leave off"
    )
    assert [loop.stops for loop in stage.events(LoopDetected)] == [False, True]
    assert len(stage.events(ToolRefused)) == 1
    assert state == stage.state()
    state = await stage.resume()
    assert exit_code(state) == ExitCode.BUDGET
    assert calls_made(stage) == 3
    assert len(stage.model.requests) == 5
    assert state == stage.state()


async def test_a_reviewers_raise_lets_it_go_on(tmp_path: Path) -> None:
    """The call that was not made is made then; under the higher limit a loop is stopped without being told again."""
    stage = a_run(tmp_path, [asks(READ) for _ in range(30)])
    await stage.start()
    raise_to(stage, max_repeats=8)
    assert exit_code(await stage.resume()) == ExitCode.BUDGET
    assert len(stage.events(BudgetRaised)) == 1
    assert calls_made(stage) == 7
    assert [loop.repeats for loop in stage.events(LoopDetected)] == [3, 4, 8]
    assert len(stage.events(ToolRefused)) == 1


async def test_all_of_the_step_in_which_it_is_told_is_refused_and_no_more(tmp_path: Path) -> None:
    """Twenty at once: three are made, the others are refused, beyond the cap on refusals too; then it may answer."""
    stage = a_run(tmp_path, [asks(*[READ] * 20), says("done")], max_refusals=2)
    assert exit_code(await stage.start()) == ExitCode.OK
    assert calls_made(stage) == 3
    assert len(stage.events(ToolRefused)) == 17
    assert stage.state().session.refusals_to_cap == 0


async def test_ping_pong_is_stopped_though_the_model_was_told_in_its_middle(tmp_path: Path) -> None:
    """A refusal does not break a loop: it stands for the call that it would have repeated."""
    stage = a_run(tmp_path, [asks(item) for _ in range(9) for item in (READ, LOOK_UP)])
    assert exit_code(await stage.start()) == ExitCode.BUDGET
    assert calls_made(stage) == 6
    told, stop = stage.events(LoopDetected)
    assert (told.kind, told.tools, told.call) == ("cycle", (READ[0], LOOK_UP[0]), f"{RUN}/6/0")
    assert (stop.tools, stop.call) == ((LOOK_UP[0], READ[0]), f"{RUN}/7/0")


async def test_after_other_work_a_second_loop_stops_the_run(tmp_path: Path) -> None:
    """It is told once in a run."""
    turns = [*(asks(READ) for _ in range(4)), *(asks(LOOK_UP) for _ in range(9))]
    stage = a_run(tmp_path, turns)
    assert exit_code(await stage.start()) == ExitCode.BUDGET
    assert calls_made(stage) == 6


async def test_an_error_again_and_again_is_a_loop(tmp_path: Path) -> None:
    """Whatever the arguments; retries within a call are one call."""
    fails = FakeExecutor(lambda _: Failed("no such charge", 404))
    turns = [asks(("stripe.lookup_charge", {"charge": f"ch_{n}"})) for n in range(20)]
    stage = a_run(tmp_path, turns)
    stage.executor = fails
    assert exit_code(await stage.start()) == ExitCode.BUDGET
    assert calls_made(stage) == 5
    assert stage.events(LoopDetected)[-1].kind == "same_error"
    assert stage.events(LoopDetected)[-1].differing == ("charge",)


@pytest.mark.parametrize("polling", [True, False])
async def test_a_tool_that_is_declared_to_poll_may_be_asked_as_often_as_the_budget_permits(
    tmp_path: Path, *, polling: bool
) -> None:
    """And one that is not may not."""
    stage = a_run(tmp_path, [asks(READ) for _ in range(40)])
    stage.tools = changed(stage.tools, "zendesk.read_ticket", polling=polling)
    state = await stage.start()
    assert (exit_code(state), calls_made(stage)) == ((ExitCode.OK, 40) if polling else (ExitCode.BUDGET, 3))


async def test_a_result_that_changes_is_progress(tmp_path: Path) -> None:
    """The same question forty times, another answer each time."""
    numbers = iter(range(100))

    def counts(execution: Execution) -> Outcome:
        answer = accepts_everything(execution)
        assert isinstance(answer, Answered)
        assert isinstance(answer.value, dict)
        return replace(answer, value={**answer.value, "subject": f"seen {next(numbers)} times"})

    stage = a_run(tmp_path, [asks(READ) for _ in range(40)])
    stage.executor = FakeExecutor(counts)
    assert exit_code(await stage.start()) == ExitCode.OK
    assert calls_made(stage) == 40


async def test_a_run_of_version_1_is_not_looked_at(tmp_path: Path) -> None:
    """Its journal names no such limits."""
    none = {"max_repeats": None, "max_near_repeats": None, "max_same_errors": None}
    stage = a_run(tmp_path, [asks(READ) for _ in range(9)], **none)
    assert exit_code(await stage.start()) == ExitCode.OK
    assert calls_made(stage) == 9


async def test_nobody_is_asked_to_approve_a_loop_and_what_was_approved_is_none(tmp_path: Path) -> None:
    """The stage stands before approvals; with a request for it, a call is before people, and they decide."""
    stage = a_run(tmp_path, [asks(*[REFUND] * 4), says("done")])
    stage.reviewers = ()
    state = await stage.start()
    assert exit_code(state) == ExitCode.WAITING
    stage.limits = limits(max_repeats=2)
    assert exit_code(await stage.resume()) == ExitCode.WAITING
    assert stage.events(LoopDetected) == []


async def test_a_second_attempt_of_a_call_is_no_repetition(tmp_path: Path) -> None:
    """What may have happened already must be brought to its end, whatever came before it."""
    outcomes = iter([None, None, Unknown("lost"), None])
    stage = a_run(tmp_path, [asks(READ), asks(READ), asks(READ), says("done")])

    def loses_one(execution: Execution) -> Outcome:
        return next(outcomes, None) or accepts_everything(execution)

    stage.executor = FakeExecutor(loses_one)
    assert exit_code(await stage.start()) == ExitCode.OK
    assert calls_made(stage) == 4
    assert stage.events(LoopDetected) == []


async def test_a_call_left_under_way_by_a_crash_is_attempted_again_whatever_came_before(
    tmp_path: Path,
) -> None:
    """The limit may be lower by then: the attempt was begun under the old one."""
    stage = a_run(tmp_path, [asks(READ) for _ in range(3)])

    class Crashed(BaseException):
        """The process dies."""

    def dies(_: Execution) -> None:
        if len(stage.events(ToolIntent)) == 3:
            raise Crashed

    stage.executor.before = dies
    with pytest.raises(Crashed):
        await stage.start()
    stage.executor.before = lambda _: None
    stage.limits = limits(max_repeats=2)
    assert exit_code(await stage.resume()) == ExitCode.OK
    assert stage.events(LoopDetected) == []


async def test_a_decision_stands_before_the_loop(tmp_path: Path) -> None:
    """Policy was asked about the refused call as about any other: its record answers who and why."""
    stage = a_run(tmp_path, [asks(READ) for _ in range(30)])
    await stage.start()
    assert [made.call for made in stage.events(DecisionMade)][-2:] == [f"{RUN}/3/0", f"{RUN}/4/0"]


async def test_unknown_tools_and_texts_are_no_evidence(tmp_path: Path) -> None:
    """What was refused at the door stands in no loop; its cap is that on refusals."""
    turns = [asks(("no.such_tool", {}), READ, ("zendesk.read_ticket", "no json")) for _ in range(2)]
    stage = a_run(tmp_path, turns)
    assert exit_code(await stage.start()) == ExitCode.OK
    assert stage.events(LoopDetected) == []
