"""A decision of the past: the question is made again from the journal, byte for byte as it was put."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace
from typing_extensions import override

from agentctl.events.record import Record
from agentctl.events.tool import DecisionMade, PolicyAnswer
from agentctl.policy.engine import PolicyRequest
from agentctl.review.decisions.past import PastDecision, past_decisions
from tests.fakes.authorities import FakeAuthority
from tests.fakes.models import FakeModel, asks, says
from tests.fakes.runs import Stage

READ = ("zendesk.read_ticket", {"ticket_id": "4201"})
LOOK_UP = ("stripe.lookup_charge", {"charge": "ch_small"})
REFUND = ("stripe.create_refund", {"charge": "ch_small", "amount": 4900, "currency": "usd"})


@dataclass
class SlowToBegin(FakeAuthority):
    """An authority whose first answer takes longer than its second."""

    @override
    async def decide(self, request: PolicyRequest) -> PolicyAnswer:
        """Let others go first, once."""
        answer = await super().decide(request)
        for _ in range(1_000 if len(self.shown) == 1 else 0):
            await asyncio.sleep(0)
        return answer


def pasts(stage: Stage, records: tuple[Record, ...] | None = None) -> list[PastDecision]:
    """Return the decisions of a run."""
    return list(past_decisions(records or stage.records(), stage.contract, stage.tools))


@pytest.fixture
async def stage(tmp_path: Path) -> Stage:
    """Return a run that read, looked up and refunded."""
    made = Stage(tmp_path, FakeModel([asks(READ), asks(LOOK_UP), asks(REFUND), says("refunded")]))
    await made.start()
    return made


async def test_every_question_is_made_again_exactly(stage: Stage) -> None:
    """The digest of what is shown now is that of what was shown then."""
    found = pasts(stage)
    assert [past.agrees for past in found] == [True] * len(found)
    assert [past.question.asked.descriptor.name for past in found][:2] == [READ[0], LOOK_UP[0]]
    assert found[-1].question.request.history[LOOK_UP[0]].facts["charge"] == ("ch_small",)


async def test_only_the_decision_that_an_attempt_rested_on_counts_as_executed(stage: Stage) -> None:
    """What needed an approval was judged twice, and executed once."""
    assert [past.executed for past in pasts(stage)] == [True, True, False, True]


async def test_calls_that_were_judged_together_are_told_apart(tmp_path: Path) -> None:
    """Consecutive reads run together: between question and decision there may be records of others."""
    stage = Stage(
        tmp_path, FakeModel([asks(READ, LOOK_UP), says("done")]), engines=(SlowToBegin(authority="contract"),)
    )
    await stage.start()
    found = pasts(stage)
    assert [past.question.asked.descriptor.name for past in found] == [LOOK_UP[0], READ[0]]
    assert [past.agrees for past in found] == [True, True]
    assert [past.question.request.run.tool_calls for past in found] == [0, 0]


async def test_a_refusal_is_made_again_too(tmp_path: Path) -> None:
    """Nobody else's answer changes what was asked."""
    stage = Stage(tmp_path, FakeModel([asks(REFUND), asks(REFUND), says("done")]), reviewers=())
    await stage.start()
    assert all(past.agrees for past in pasts(stage))
    assert not any(past.executed for past in pasts(stage))


@pytest.mark.parametrize(
    ("changes", "agrees"),
    [({"inputs_digest": "sha256:other"}, False), ({"judged_at": None}, None)],
)
async def test_what_cannot_be_made_again_is_told(
    stage: Stage, changes: dict[str, object], *, agrees: bool | None
) -> None:
    """A question that comes out otherwise is not passed off as the one that was put; nor one of which too little is known."""
    records = tuple(
        _edited(record, lambda made: made.model_copy(update=changes)) for record in stage.records()
    )
    assert {past.agrees for past in pasts(stage, records)} == {agrees}


async def test_a_call_of_a_tool_that_the_contract_does_not_have_was_not_judged(tmp_path: Path) -> None:
    """It is refused before anybody is asked."""
    stage = Stage(tmp_path, FakeModel([asks(("nobody.knows", {})), says("done")]))
    await stage.start()
    assert pasts(stage) == []


def _edited(record: Record, edit: Callable[[DecisionMade], DecisionMade]) -> Record:
    return replace(record, event=edit(record.event)) if isinstance(record.event, DecisionMade) else record
