"""The people and the clock of a trial: they say what the script says, in its order, when it is time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from agentctl.approval.reviewer import Case, Evidence
from agentctl.approval.verification import Letter
from agentctl.composition.evals.trial_people import TrialClock, TrialPeople, TrialVerifier
from agentctl.contract.golden_world import ScriptedAnswer
from agentctl.foundation.canonical import JsonObject
from agentctl.foundation.errors import InternalError
from agentctl.trace.message import AnswerMessage, HaltMessage
from agentctl.trace.ports import Received
from tests.fakes.clock import StandingClock
from tests.fakes.journals import RUN, requested

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(answer: str, reviewer: str | None = "alice", **keys: object) -> ScriptedAnswer:
    """Return a piece of a script."""
    return ScriptedAnswer.model_validate({"answer": answer, "reviewer": reviewer, **keys})


async def nobody_looks(reviewer: str, tool: str, arguments: JsonObject) -> Evidence:
    """Fail: people in a trial look nothing up."""
    raise AssertionError(reviewer, tool, arguments)


class Scene:
    """People with a script, and a clock that stands."""

    def __init__(self, *script: ScriptedAnswer) -> None:
        self.clock = TrialClock(clock=StandingClock(NOW))
        self.people = TrialPeople(RUN, script, self.clock)

    def asked(self, number: int = 0, tool: str = "stripe.refund", quorum: int = 1) -> list[str]:
        """Ask about a request; return who has answered what so far."""
        request = requested(f"{RUN}/{number}/0", tool).model_copy(update={"quorum": quorum})
        asyncio.run(self.people.review(Case(request, {}, {}, {}, ""), nobody_looks))
        return self.letters

    @property
    def letters(self) -> list[str]:
        """Who has answered what so far."""
        found = []
        for item in self.people.read(RUN):
            assert isinstance(item, Received)
            assert isinstance(item.message, AnswerMessage)
            found.append(f"{item.message.by}: {item.message.answer}")
        return found


def test_each_piece_is_said_once_and_as_many_as_are_needed() -> None:
    """One approval for one request, two where two are asked for; the rest is kept for the next."""
    scene = Scene(said("approve"), said("approve", "bob"), said("approve", "carol"))
    assert scene.asked() == ["alice: approve"]
    assert scene.asked(1, quorum=2) == ["alice: approve", "bob: approve", "carol: approve"]
    assert scene.asked(2) == scene.letters


def test_a_denial_ends_what_is_said_and_an_escalation_does_not() -> None:
    """After a denial nobody speaks; after `escalate` the next one does."""
    assert Scene(said("deny"), said("approve")).asked(quorum=2) == ["alice: deny"]
    assert Scene(said("escalate"), said("approve", "bob")).asked() == ["alice: escalate", "bob: approve"]


def test_a_piece_is_for_its_tool() -> None:
    """What is said to one tool's requests is not said to another's."""
    scene = Scene(said("deny", tool="a.b"), said("approve", "bob", tool="stripe.refund"))
    assert scene.asked() == ["bob: approve"]
    assert scene.asked(1, tool="a.b") == ["bob: approve", "alice: deny"]


def test_an_edit_carries_its_arguments() -> None:
    """The letter of an edit holds the arguments instead, and what it is bound to."""
    scene = Scene(said("edit", changes={"amount": 1}, reason="less"))
    assert scene.asked() == ["alice: approve_with_changes"]
    (item,) = scene.people.read(RUN)
    assert isinstance(item, Received)
    letter = item.message
    assert isinstance(letter, AnswerMessage)
    assert (letter.changes, letter.reason, letter.binding.call) == ({"amount": 1}, "less", f"{RUN}/0/0")
    assert scene.people.read("another run") == ()


def test_what_is_not_due_keeps_the_rest_waiting() -> None:
    """An answer after an hour comes after an hour; one that stands behind it does not come before."""
    scene = Scene(said("none", None, after="30m"), said("approve", after="1h"), said("approve", "bob"))
    assert scene.asked(quorum=2) == []
    waiting = [(f"{RUN}-0-0-1", "stripe.refund")]
    assert scene.people.next_moment(waiting) == NOW + timedelta(minutes=30)
    scene.clock.wait_until(NOW + timedelta(minutes=30))
    assert scene.asked(quorum=2) == []
    scene.clock.wait_until(NOW + timedelta(hours=1))
    assert scene.asked(quorum=2) == ["alice: approve", "bob: approve"]
    assert scene.people.next_moment(waiting) is None
    assert Scene(said("approve")).people.next_moment([("unheard of", "a.b")]) == NOW


def test_the_clock_only_goes_forward() -> None:
    """A trial may begin early; waiting for what is past changes nothing, and work takes no script's time."""
    clock = TrialClock(early=3_600, clock=StandingClock(NOW))
    assert clock.now() == NOW - timedelta(hours=1)
    clock.wait_until(NOW - timedelta(hours=2))
    assert clock.now() == NOW - timedelta(hours=1)
    clock.wait_until(NOW)
    assert clock.now() == NOW
    assert TrialClock().monotonic_ns() <= TrialClock().monotonic_ns()


def test_nobody_else_writes_to_a_trial() -> None:
    """A letter from outside is a mistake of ours; everybody in the script is taken at their word."""
    scene = Scene()
    with pytest.raises(InternalError):
        scene.people.post(HaltMessage(id="0" * 32, run=RUN, at="", by="eve"))
    verified = TrialVerifier().verify(Letter("alice", b"", None, None), signatures_required=True)
    assert (verified.assurance, verified.key, verified.boundary) == ("asserted", None, "none")
