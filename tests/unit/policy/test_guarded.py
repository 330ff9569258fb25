"""Tests of the guard round every engine: whatever goes wrong in there is a denial, and nothing gets past the guard."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from agentctl.events.approval import ApprovalTerms
from agentctl.events.tool import PolicyAnswer
from agentctl.policy.guarded import Guarded
from agentctl.policy.judge import Judgement
from tests.fakes.clock import StandingClock
from tests.fakes.policy import ScriptedJudge, guarded, policy_request

YES, NO = Judgement(allowed=True, reasons=("yes",)), Judgement(allowed=False)


class Panic(BaseException):
    """As a library written in Rust raises it: no `Exception`."""


def raising(error: BaseException) -> Callable[[], Any]:
    """Return a judgement that is never made."""

    def fail() -> Any:
        raise error

    return fail


async def answer(
    as_it_is: Judgement | Callable[[], Any], approved: Judgement | Callable[[], Any] = NO
) -> PolicyAnswer:
    """Return what the guard makes of what a judge says."""
    return await guarded(ScriptedJudge(as_it_is, approved)).decide(policy_request())


async def test_what_is_allowed_as_it_is_is_asked_once() -> None:
    """No assumption is made where none is needed; the answer names its authority, policy and digest."""
    judge = ScriptedJudge(YES)
    said = await guarded(judge).decide(policy_request())
    assert judge.asked == [False]
    assert (said.authority, said.policy, said.digest) == ("policy", "test:policy", "sha256:01")
    assert (said.decision, said.reasons, said.errors) == ("allow", ("yes",), ())


async def test_what_an_approval_would_lift_needs_one() -> None:
    """Denied as things are, allowed if approved: the answer has both reasons, and it is no allow."""
    denied = Judgement(allowed=False, reasons=("no",), terms=ApprovalTerms(quorum=2))
    lifted = Judgement(allowed=True, reasons=("yes",), terms=ApprovalTerms(valid_for_seconds=60))
    said = await answer(denied, lifted)
    assert (said.decision, said.reasons) == ("needs_approval", ("no", "yes"))
    assert said.terms == ApprovalTerms(quorum=2, valid_for_seconds=60)


async def test_what_no_approval_lifts_is_denied() -> None:
    """Asked twice, denied twice: a denial with the reasons of things as they are."""
    said = await answer(
        Judgement(allowed=False, reasons=("never",)), Judgement(allowed=False, reasons=("x",))
    )
    assert (said.decision, said.reasons) == ("deny", ("never",))


async def test_a_denial_without_reasons_names_the_policy() -> None:
    """Nobody reads an empty line."""
    assert (await answer(NO)).reasons == ("`test:policy` does not permit it",)


FAULTS: dict[str, Judgement | Callable[[], Any]] = {
    "an exception": raising(ValueError("boom")),
    "a deep recursion": raising(RecursionError("deep")),
    "no memory": raising(MemoryError()),
    "a panic": raising(Panic("index out of bounds")),
    "its own time-out": raising(TimeoutError()),
    "an answer that comes too late": lambda: asyncio.sleep(60),
    "no answer": lambda: None,
    "an answer of another form": lambda: {"allowed": True},
    "a word for yes": lambda: Judgement(allowed=cast("bool", "yes")),
    "a number for yes": lambda: Judgement(allowed=cast("bool", 1)),
    "reasons that are no texts": lambda: Judgement(allowed=True, reasons=cast("tuple[str]", (1,))),
    "errors with a yes": Judgement(allowed=True, errors=("a rule failed",)),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_without_an_approval_denies(name: str) -> None:
    """Whatever goes wrong when it is asked as things are, the answer is no."""
    judge = ScriptedJudge(FAULTS[name])
    said = await guarded(judge, timeout_seconds=0.05).decide(policy_request())
    assert said.decision == "deny"
    assert said.reasons


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_under_an_assumed_approval_denies(name: str) -> None:
    """A judge that breaks when it is told of an approval is no reason to ask anybody for one."""
    judge = ScriptedJudge(NO, FAULTS[name])
    said = await guarded(judge, timeout_seconds=0.05).decide(policy_request())
    assert said.decision == "deny"
    assert judge.asked == [False, True]


@pytest.mark.parametrize("name", ["an exception", "a panic", "no answer", "an answer that comes too late"])
async def test_a_fault_is_written_down(name: str) -> None:
    """The answer says that something broke, and what; an error is never a mere no."""
    said = await guarded(ScriptedJudge(FAULTS[name]), timeout_seconds=0.05).decide(policy_request())
    assert len(said.errors) == 1
    assert said.errors[0]


async def test_a_long_error_is_cut() -> None:
    """An engine's error may repeat its whole input; the record need not."""
    assert len((await answer(raising(ValueError("x" * 10_000)))).errors[0]) == 300


async def test_many_errors_are_counted() -> None:
    """A thousand rules that fail are one denial, not a thousand lines of record."""
    said = await answer(Judgement(allowed=True, errors=("y" * 400,) * 1_000))
    assert said.decision == "deny"
    assert said.errors == (*("y" * 300,) * 10, "and 990 more")


async def test_errors_are_not_asked_away() -> None:
    """Where it failed as things are, no assumption is tried."""
    judge = ScriptedJudge(Judgement(allowed=False, errors=("failed",)), YES)
    assert (await guarded(judge).decide(policy_request())).decision == "deny"
    assert judge.asked == [False]


async def test_an_answer_that_held_up_the_loop_is_late_too() -> None:
    """A judge that computes for too long never lets the time-out fire; the clock sees it all the same."""
    clock = StandingClock()

    def slowly() -> Judgement:
        clock.move(2)
        return YES

    said = await Guarded(ScriptedJudge(slowly), "policy", "p", "d", clock, 1.0).decide(policy_request())
    assert said.decision == "deny"
    assert said.errors == ("there was no answer within 1 s",)
    assert said.latency_us == 2_000_000


async def test_an_approval_that_was_assumed_before_is_no_answer() -> None:
    """Only the guard makes the assumption; a request that comes with it is refused, else it would be an allow."""
    said = await guarded(ScriptedJudge(YES, YES)).decide(policy_request().if_approved())
    assert said.decision == "deny"
    assert said.errors


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(3)])
async def test_who_ends_the_run_is_not_held_up(error: BaseException) -> None:
    """To be told to stop is no fault of an engine."""
    with pytest.raises(type(error)):
        await answer(raising(error))


async def test_rules_nobody_can_satisfy_deny() -> None:
    """Where the demands of both answers contradict each other, nobody could ever approve."""
    denied = Judgement(allowed=False, terms=ApprovalTerms(reviewers=("alice",)))
    lifted = Judgement(allowed=True, terms=ApprovalTerms(reviewers=("bob",)))
    assert (await answer(denied, lifted)).decision == "deny"
