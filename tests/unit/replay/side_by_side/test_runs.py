"""Tests of comparing two runs: their figures, in what they differ, and how that is told in rows."""

from decimal import Decimal
from itertools import combinations

import pytest

from agentctl.events.approval import ApprovalExpired
from agentctl.events.base import Reservation
from agentctl.events.budget import BudgetStopped
from agentctl.events.model import ModelAnswered, ModelFailed
from agentctl.events.record import EVENT_TYPES
from agentctl.events.replay import Difference
from agentctl.events.tool import DecisionMade, ToolProposed, ToolRefused, ToolResult
from agentctl.replay.side_by_side.alignment import aligned
from agentctl.replay.side_by_side.rows import Row, StepRows, story_rows
from agentctl.replay.side_by_side.runs import ASPECTS, aspect_of, compare_runs, run_side
from tests.fakes.recorded_runs import STORIES, Records, changed, recorded_run, with_field

ANSWERED, EDITED = recorded_run("v2/answered"), recorded_run("v2/edited")


def seq_of(records: Records, kind: type, number: int = 0) -> int:
    """Return where an event of some type stands."""
    return [record.seq for record in records if isinstance(record.event, kind)][number]


def telling(before: Records, after: Records) -> dict[str, tuple[str | None, str | None]]:
    """Return the rows in which two runs differ."""
    rows = [row for step in story_rows(aligned(before, after)) for row in step.rows if row.is_telling]
    return {row.label: (row.before, row.after) for row in rows}


def test_a_run_has_its_figures() -> None:
    """What it is, how it ended, what it used; a waiting one and a killed one too."""
    side = run_side(ANSWERED)
    assert (side.agent, side.environment, side.principal, side.input) == (
        "refund-assistant",
        "sandbox",
        "casey",
        "4201",
    )
    assert (side.status, side.steps, side.model_calls, side.tool_calls, side.refused, side.approvals) == (
        "answered",
        4,
        4,
        3,
        0,
        1,
    )
    assert side.cost_usd > Decimal(0)
    assert (side.input_tokens > side.output_tokens > 0, side.model_ms > 0, side.tool_ms > 0) == (
        True,
        True,
        True,
    )
    assert side.duration_ms >= side.tool_ms
    assert run_side(recorded_run("v2/waiting")).status == "suspended: approval"
    assert (run_side(recorded_run("v2/killed")).status, run_side(recorded_run("v2/killed")).answer) == (
        "not ended",
        None,
    )


def test_two_runs_differ_in_aspects() -> None:
    """Counted, in the order in which they are told; the same run in none."""
    assert compare_runs(ANSWERED, ANSWERED).same
    found = compare_runs(ANSWERED, EDITED)
    assert not found.same
    assert list(found.aspects) == [aspect for aspect in ASPECTS if aspect in found.aspects]
    assert sum(found.aspects.values()) == len(found.differences)
    assert {
        "governed",
        "input",
        "outcome",
        "arguments",
        "decisions",
        "approvals",
        "results",
        "text",
        "cost",
    } <= set(found.aspects)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_has_an_aspect(kind: str) -> None:
    """Whatever of it differs."""
    for field in ("", "/arguments/a", "/settlement/cost_usd", "/text"):
        difference = Difference(step=0, call=None, event=kind, field=field, before="", after="")
        assert aspect_of(difference) in ASPECTS


@pytest.mark.parametrize("story", STORIES)
def test_a_run_tells_no_difference_from_itself(story: str) -> None:
    """Every step has its rows, and none of them differs."""
    records = recorded_run(story)
    steps = story_rows(aligned(records, records))
    assert not any(step.differs for step in steps)
    assert all(row.before == row.after for step in steps for row in step.rows)
    assert {"says", "decision", "result", "took"} <= {row.label for step in steps for row in step.rows}


@pytest.mark.parametrize(("one", "other"), list(combinations(STORIES, 2)))
def test_what_differs_is_told_in_its_step(one: str, other: str) -> None:
    """No step that differs is told as the same, whatever its facets leave out."""
    alignment = aligned(recorded_run(one), recorded_run(other))
    steps = story_rows(alignment)[1:-1]
    assert [bool(alignment.of_step(step)) for step in alignment.steps] == [rows.differs for rows in steps]


def test_a_change_is_told_in_words() -> None:
    """A decision, a reason, an argument, a result, what the model says, what it costs."""
    decided = seq_of(ANSWERED, DecisionMade)
    denied = with_field(ANSWERED, decided, decision="deny")
    assert telling(ANSWERED, denied) == {"decision": ("allow", "deny")}
    answered = seq_of(ANSWERED, ModelAnswered, 3)
    assert telling(ANSWERED, with_field(ANSWERED, answered, text="No."))["says"][1] == "No."
    spent = with_field(ANSWERED, answered, settlement=Reservation(input_tokens=1, cost_usd=Decimal("0.5")))
    assert telling(ANSWERED, spent)["cost"][1] == "0.5 USD"
    result = seq_of(ANSWERED, ToolResult)
    assert telling(ANSWERED, with_field(ANSWERED, result, value={"ticket_id": "4201"}))["result subject"] == (
        "Teapot arrived broken",
        None,
    )
    failed = telling(ANSWERED, with_field(ANSWERED, result, value="gone", outcome="error", status=500))
    assert failed["result"] == ("ok (200)", "error (500)")
    assert failed["result text"] == (None, "gone")
    proposed = seq_of(ANSWERED, ToolProposed)
    assert telling(ANSWERED, with_field(ANSWERED, proposed, arguments={"ticket_id": "4203"}))[
        "ticket_id"
    ] == (
        "4201",
        "4203",
    )
    assert telling(ANSWERED, with_field(ANSWERED, proposed, arguments="no json"))["arguments"][1] == "no json"


def test_what_no_facet_tells_is_told_by_its_pointer() -> None:
    """So that nothing that differs looks the same."""
    intended = seq_of(ANSWERED, DecisionMade)
    found = telling(
        ANSWERED, changed(ANSWERED, intended, lambda event: event.model_copy(update={"attempt": 2}))
    )
    assert found == {"decision.made/attempt": ("1", "2")}


def test_other_events_are_told_too() -> None:
    """Refusals, failures, stops, and whatever has no words of its own."""

    def with_event(event: object) -> dict[str, tuple[str | None, str | None]]:
        return telling(ANSWERED, changed(ANSWERED, 3, lambda _: event))  # type: ignore[arg-type,return-value]

    call = f"{ANSWERED[0].run}/0/0"
    refused = with_event(ToolRefused(call=call, stage="permitted", reasons=("no", "never")))
    assert (refused["refused at"], refused["because"]) == ((None, "permitted"), (None, "no; never"))
    failed = with_event(
        ModelFailed(
            step=0,
            attempt=1,
            failure="rate_limited",
            message="slow down",
            settlement=Reservation(),
            latency_ms=1,
        )
    )
    assert failed["fails"] == (None, "rate_limited: slow down")
    stopped = with_event(BudgetStopped(meter="steps", limit="2", used="2", asked="1"))
    assert stopped["stopped at"] == (None, "2 steps: 2 used, 1 more asked")
    expired = with_event(ApprovalExpired(approval=f"{ANSWERED[0].run}-0-0-1"))
    assert expired["approval.expired approval"] == (None, "0-0-1")


def test_details_are_told_only_beside_each_other() -> None:
    """Of a step that one run does not have, what its policies said one by one is left out; times never differ."""
    killed = recorded_run("v2/killed")
    rows = [row for step in story_rows(aligned(ANSWERED, killed)) for row in step.rows]
    assert [row.label for row in rows if row.differs and not row.is_telling]
    assert not Row("took", "1 ms", "2 ms", "figure").differs
    assert StepRows(Row("the step", None, "step 1", "head", 0), ()).differs
