"""What stands at the lower edge of a run's screen: what goes on, for how long, and what is used of its budget."""

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce

import pytest
from msgspec.structs import replace

from agentctl.cli.run.live_state import Watched, bottom, watched_after, whole_time
from agentctl.events.base import Reservation
from agentctl.events.model import ModelFailed
from agentctl.events.record import AnyEvent
from agentctl.events.run import RunSuspended
from tests.fakes.journals import (
    RUN,
    answered,
    chained,
    decided,
    intended,
    model_call,
    proposed,
    refund_story,
    requested,
    result,
    resumed,
    started,
)

CALL = f"{RUN}/0/0"
SECOND = 1_000_000


def after(events: Sequence[AnyEvent]) -> Watched:
    """Return a run after some events, a second apart."""
    records = (replace(record, mono_us=record.seq * SECOND) for record in chained(RUN, events))
    return reduce(watched_after, records, Watched())


def shown(events: Sequence[AnyEvent], *, later: float = 0, width: int = 80) -> list[str]:
    """Return what stands there so many seconds after the last event."""
    now = int((len(events) - 1 + later) * SECOND)
    return [line.text for line in bottom(after(events), now, width)]


def doing(events: Sequence[AnyEvent], *, later: float = 0) -> list[str]:
    """Return what goes on, without the budget."""
    return shown(events, later=later)[:-3]


def test_before_the_run_has_begun_it_is_starting() -> None:
    """There is no budget yet to show."""
    assert [line.text for line in bottom(Watched(), 0, 80)] == ["starting"]


def test_the_whole_edge_while_a_model_is_asked() -> None:
    """What is used, what is promised, what is left."""
    events = [started(), *model_call(0, "", cost="0.1")[:2]]
    assert shown(events, later=3.9) == [
        "waiting for the model scripted-small, 3 s",
        "cost 0 of 0.35 USD ░░░░░░░░░░ 0.01 reserved",
        "tokens in 0 of 60,000   out 0 of 8,000",
        "calls 0 of 20   steps 1 of 12   time 5 s",
    ]
    events = [started(), *model_call(0, "", cost="0.14"), *model_call(1, "")[:2]]
    assert shown(events)[1] == "cost 0.14 of 0.35 USD ████░░░░░░ 0.01 reserved"


def test_what_has_ended_is_not_shown() -> None:
    """Between two calls something is decided."""
    failed = ModelFailed(
        step=0, attempt=1, failure="rate_limited", message="m", settlement=Reservation(), latency_ms=1
    )
    asked = model_call(0, "")[1]
    assert doing([started(), asked, failed]) == ["deciding what comes next"]
    again = asked.model_copy(update={"attempt": 2})
    assert doing([started(), asked, failed, again]) == ["waiting for the model scripted-small, attempt 2"]
    intent = intended(CALL, "t", {}, attempt=2)
    called = [started(), proposed(CALL, "t", {}), decided(CALL), intent]
    assert doing(called, later=75) == ["calling t (irreversible), attempt 2, 1 min 15 s"]
    assert doing([*called, result(CALL, {}, attempt=2)]) == ["deciding what comes next"]
    assert doing([*called, RunSuspended(reason="interrupted", detail="d")]) == ["deciding what comes next"]
    assert doing([*called, resumed()]) == ["deciding what comes next"]


def test_reviewers_are_named_until_enough_of_them_answered() -> None:
    """And while a person makes up their mind the clock of the run stands."""
    waiting = [started(), proposed(CALL, "t", {}), requested(CALL, "t")]
    assert shown(waiting, later=60)[0] == "waiting for a reviewer of t: alice, bob, 1 min"
    assert shown(waiting, later=60)[-1].endswith("time 2 s")
    assert doing([*waiting, answered(CALL)]) == ["deciding what comes next"]
    both = requested(CALL, "t").model_copy(update={"quorum": 2})
    assert doing([*waiting[:2], both, answered(CALL)])[0].startswith("waiting for a reviewer of t")


def test_of_many_calls_some_are_counted() -> None:
    """The lower edge stays small."""
    calls = [f"{RUN}/0/{number}" for number in range(5)]
    events = [event for call in calls for event in (proposed(call, "t", {}), intended(call, "t", {}))]
    *first, last = doing([started(), *events])
    assert (len(first), last) == (3, "and 2 more under way; their ends will be told")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_meters_stand_beside_each_other_where_there_is_room(width: int) -> None:
    """And below each other where there is none; each stays in one piece."""
    events = refund_story()[:-1]
    rows = shown(events, width=width)[1:]
    assert "   ".join(rows).split("   ") == [
        "cost 0.0032 of 0.35 USD ░░░░░░░░░░",
        "tokens in 1,236 of 60,000",
        "out 114 of 8,000",
        "calls 2 of 20",
        "steps 3 of 12",
        "time 24 s",
    ]
    assert all(len(row) <= width or "   " not in row for row in rows)


def test_what_is_nearly_used_up_stands_out() -> None:
    """From four fifths on; a ceiling of nothing is used up."""
    beginning = started()
    limits = beginning.envelope.limits.model_copy(
        update={"max_cost_usd": Decimal("0.002"), "max_tool_calls": 0, "max_wall_clock_seconds": 3_700}
    )
    envelope = beginning.envelope.model_copy(update={"limits": limits})
    watched = after([beginning.model_copy(update={"envelope": envelope}), *model_call(0, "", cost="0.0016")])
    _, cost, tokens, calls = bottom(watched, 3 * SECOND, 80)
    assert (cost.text, cost.tone) == ("cost 0.0016 of 0.002 USD ████████░░", "warn")
    assert tokens.tone == "quiet"
    assert (calls.text, calls.tone) == ("calls 0 of 0   steps 1 of 12   time 3 s of 1 h 1 min", "warn")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (125, "2 min 5 s"), (3_661, "1 h 1 min")]
)
def test_a_length_of_time_in_whole_units(seconds: int, words: str) -> None:
    """It does not flicker."""
    assert whole_time(seconds) == words
