"""One calm line for each event worth seeing, and how it is meant."""

from decimal import Decimal

import pytest

from agentctl.cli.run.event_lines import lines_of
from agentctl.events.approval import (
    ApprovalAnnounced,
    ApprovalEscalated,
    ApprovalExpired,
    GrantGiven,
    MessageRefused,
    ReviewerRecord,
)
from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetOverrun, BudgetRaised, BudgetStopped
from agentctl.events.loop import LoopDetected
from agentctl.events.model import ModelFailed, ModelRefused
from agentctl.events.record import AnyEvent
from agentctl.events.run import ClockAnomaly, JournalRecovered, RunFinished
from agentctl.events.tool import ToolAmended, ToolInDoubt, ToolResolved, ToolUnknown
from tests.fakes.journals import (
    CASEY,
    RUN,
    answered,
    chained,
    intended,
    refund_story,
    result,
    resumed,
    started,
)

CALL = f"{RUN}/1/0"
ALICE = ReviewerRecord(id="alice", kind="person", assurance="signed")
LIMITS = started().envelope.limits

LINES: list[tuple[AnyEvent, str, str]] = [
    (resumed(), "resumed by casey", "plain"),
    (
        JournalRecovered(bytes=3, sha256="s"),
        "3 bytes that were never synced were cut off the journal and kept aside",
        "warn",
    ),
    (
        BudgetStopped(meter="steps", limit="3", used="3", asked="1"),
        "budget: steps: 3 used, 1 more asked, ceiling 3",
        "warn",
    ),
    (
        BudgetOverrun(meter="input_tokens", reserved="10", reported="12", step=0),
        "budget: input_tokens: 12 reported, 10 reserved",
        "warn",
    ),
    (
        BudgetRaised(limits=LIMITS, reviewer=ALICE, reason="r", message="m"),
        "ceilings raised by alice (signed)",
        "plain",
    ),
    (
        ClockAnomaly(wall="w", behind_seconds=3.0),
        "the wall clock went back 3.0 s: open approvals are void",
        "warn",
    ),
    (
        ModelFailed(
            step=1,
            attempt=1,
            failure="unavailable",
            message="later",
            settlement=Reservation(),
            latency_ms=1,
        ),
        "step 1    model failed: unavailable: later",
        "bad",
    ),
    (
        ModelRefused(step=12, stage="affordable", reasons=("a", "b")),
        "step 12   model refused: a; b",
        "bad",
    ),
    (
        ToolAmended(call=CALL, approval="a", by=("alice", "bob"), arguments={"a": 1}, arguments_digest="d"),
        'call 1/0  alice, bob put other arguments in place: {"a": 1}',
        "plain",
    ),
    (intended(CALL, "t", {}), "call 1/0  t (irreversible), attempt 1", "plain"),
    (
        intended(f"{RUN}/review/0", "t", {}, purpose="review"),
        "          casey looks for itself: t",
        "plain",
    ),
    (result(CALL, {}), "call 1/0  ok, 4 ms", "plain"),
    (result(CALL, {}, outcome="error"), "call 1/0  error, 4 ms", "bad"),
    (
        ToolUnknown(call=CALL, attempt=1, reason="timed out", status=0, latency_ms=1),
        "call 1/0  outcome unknown: timed out",
        "warn",
    ),
    (ToolInDoubt(call=CALL, reason="never again"), "call 1/0  in doubt: never again", "warn"),
    (
        ToolResolved(call=CALL, verdict="executed", by=CASEY, reason="r", message="m"),
        "call 1/0  executed, says casey",
        "plain",
    ),
    (answered(CALL, reason=""), "call 1/0  alice: approve", "good"),
    (answered(CALL, "deny", reason="no"), "call 1/0  alice: deny: no", "bad"),
    (answered(CALL, "escalate", reason="not me"), "call 1/0  alice: escalate: not me", "plain"),
    (ApprovalExpired(approval="a"), "approval a expired: nobody answered in time", "bad"),
    (
        ApprovalEscalated(approval="a", step=0, reviewers=("olga",), why="an hour passed"),
        "approval a: olga may answer too: an hour passed",
        "plain",
    ),
    (
        ApprovalAnnounced(approval="a", webhook="chat", delivered=True, attempts=1, detail="200"),
        "announced at chat: 200",
        "plain",
    ),
    (
        ApprovalAnnounced(approval="a", webhook="chat", delivered=False, attempts=3, detail="500"),
        "could not be announced at chat: 500",
        "warn",
    ),
    (
        GrantGiven(
            grant="g",
            tool="t",
            facts={},
            up_to={"amount_usd": Decimal(1)},
            until="noon",
            version="v",
            reviewer=ALICE,
            reason="r",
            message="m",
        ),
        "alice granted t within limits, until noon",
        "plain",
    ),
    (
        MessageRefused(message="m", reasons=("not signed", "late")),
        "a message was not accepted: not signed; late",
        "warn",
    ),
]


@pytest.mark.parametrize(("event", "text", "tone"), LINES, ids=[text for _, text, _ in LINES])
def test_each_event_has_its_line(event: AnyEvent, text: str, tone: str) -> None:
    """What it is about stands before it; what went wrong stands out."""
    (record,) = chained(RUN, [event])
    (line,) = lines_of(record)
    assert (line.label + line.text, line.tone) == (text, tone)


def test_a_loop_that_stops_the_run_is_told_and_a_warning_is_not() -> None:
    """The refusal that the model gets tells of the first."""
    loop = LoopDetected(
        call=CALL,
        kind="same_call",
        meter="repeats",
        tools=("t",),
        repeats=4,
        limit=3,
        calls=(CALL,),
        stops=True,
    )
    stopped, warned = chained(RUN, [loop, loop.model_copy(update={"stops": False})])
    assert lines_of(stopped)[0].text.startswith("not made: ")
    assert lines_of(warned) == []


def test_what_is_of_interest_only_afterwards_has_none() -> None:
    """And the beginning has several."""
    assert lines_of(chained(RUN, [RunFinished(status="answered", answer="x")])[0]) == []
    assert [len(lines_of(record)) for record in chained(RUN, refund_story())[:4]] == [3, 0, 0, 1]
