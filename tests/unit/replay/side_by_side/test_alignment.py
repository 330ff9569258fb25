"""Tests of laying two runs side by side."""

import json
import random
from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentctl.events.record import Record
from agentctl.events.replay import Difference, ReplayJudged
from agentctl.foundation.canonical import JsonValue
from agentctl.replay.side_by_side.alignment import aligned, differences
from agentctl.replay.side_by_side.volatile import without_volatile
from tests.fakes.recorded_runs import STORIES, Records, recorded_run, renumbered, with_field

ANSWERED = recorded_run("v2/answered")
OTHER_ID = "01ZZZZZZZZZZZZZZZZZZZZZZZZ"


def places(found: tuple[Difference, ...]) -> set[tuple[int, str | None, str, str]]:
    """Return where differences were found."""
    return {(one.step, one.call, one.event, one.field) for one in found}


def under_another_id(records: Records) -> Records:
    """Return the same run, had it begun under another id."""
    text = "\n".join(
        json.dumps({"type": record.event.type, "data": record.event.model_dump(mode="json")})
        for record in records
    ).replace(records[0].run, OTHER_ID)
    events = [type(record.event) for record in records]
    lines = [json.loads(line)["data"] for line in text.split("\n")]
    return tuple(
        replace(record, run=OTHER_ID, event=kind.model_validate_json(json.dumps(line)))
        for record, kind, line in zip(records, events, lines, strict=True)
    )


def step_taken_out(records: Records, step: int) -> Records:
    """Return a run that never made one of its steps; the later ones count on."""
    kept = [record for record in records if not _is_of(record, step)]
    if step == 2:  # of which the look-up of a reviewer is a part
        kept = [record for record in kept if "/review/" not in record.event.model_dump_json()]
    text = [record.event.model_dump_json() for record in kept]
    for later in range(step + 1, 9):
        text = [
            line.replace(f"{records[0].run}/{later}/", f"{records[0].run}/{later - 1}/")
            .replace(f"{records[0].run}-{later}-", f"{records[0].run}-{later - 1}-")
            .replace(f'"step":{later}', f'"step":{later - 1}')
            for line in text
        ]
    events = [type(record.event).model_validate_json(line) for record, line in zip(kept, text, strict=True)]
    return renumbered(tuple(replace(record, event=event) for record, event in zip(kept, events, strict=True)))


def _is_of(record: Record, step: int) -> bool:
    text = record.event.model_dump_json()
    return f'"step":{step}' in text or f"{record.run}/{step}/" in text


@pytest.mark.parametrize("story", STORIES)
def test_a_run_does_not_differ_from_itself(story: str) -> None:
    """Whatever its form and however it ended; neither does a beginning of it."""
    records = recorded_run(story)
    assert differences(records, records) == ()
    assert all(differences(records[:count], records[:count]) == () for count in range(len(records)))


@pytest.mark.parametrize("story", STORIES)
def test_a_run_does_not_differ_from_the_same_under_another_id(story: str) -> None:
    """Names of calls, of approvals, of the run itself, and digests made of them are no difference."""
    records = recorded_run(story)
    assert differences(records, under_another_id(records)) == ()


@pytest.mark.parametrize(("one", "other"), list(combinations(STORIES, 2)))
def test_differences_are_the_same_from_either_side(one: str, other: str) -> None:
    """As many, and before and after change places where both runs have the event."""
    found, back = (
        differences(recorded_run(one), recorded_run(other)),
        differences(recorded_run(other), recorded_run(one)),
    )
    assert len(found) == len(back) > 0
    assert sorted(
        (item.event, item.field, item.before, item.after) for item in found if item.call is None
    ) == sorted((item.event, item.field, item.after, item.before) for item in back if item.call is None)


def test_two_runs_of_one_thing_differ_where_the_world_answered_otherwise() -> None:
    """A run that was killed before the end of a call lacks what came after; a raised one was stopped on the way."""
    assert places(differences(ANSWERED, recorded_run("v2/killed"))) == {
        (3, None, "run.finished", ""),
        (2, "2/0", "tool.result", ""),
        (3, None, "route.chosen", ""),
    }
    raised = places(differences(ANSWERED, recorded_run("v2/raised")))
    assert (1, None, "budget.stopped", "") in raised
    assert (0, None, "run.started", "/envelope/limits/max_steps") in raised


def _leaves(value: JsonValue, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    elif isinstance(value, str | int | float):
        yield path


WORDS = {"answered", "denied", "approve", "deny", "escalate", "approve_with_changes", "approval", "budget"}
"""Texts that can only be one of a few words."""

FREE_TEXTS = {"text", "answer", "input", "reason", "reasons", "why", "detail", "value", "arguments", "facts"}


@settings(max_examples=50)
@given(st.data())
def test_a_single_planted_change_is_found_at_its_place(data: st.DataObject) -> None:
    """One text of one event of one story: there is one difference, and it leads there."""
    records = recorded_run(data.draw(st.sampled_from(STORIES)))
    seq = data.draw(st.integers(0, len(records) - 1))
    event = records[seq].event
    dumped = event.model_dump(mode="json")
    compared = without_volatile(event.type, dumped)
    texts = [path for path in _leaves(compared) if path[0] in FREE_TEXTS and _is_free(_at(dumped, path))]
    if not texts:
        return
    path = data.draw(st.sampled_from(texts))
    planted = f"{_at(dumped, path)} planted"
    _put(dumped, path, planted)
    after = list(records)
    after[seq] = replace(records[seq], event=type(event).model_validate_json(json.dumps(dumped)))
    (found,) = differences(records, after)
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    assert (found.event, found.field) == (event.type, pointer)
    assert found.after.endswith("planted")


def _is_free(value: JsonValue) -> bool:
    return isinstance(value, str) and value not in WORDS


def _at(value: JsonValue, path: tuple[str | int, ...]) -> JsonValue:
    for part in path:
        value = value[part]  # type: ignore[index,call-overload]
    return value


def _put(value: JsonValue, path: tuple[str | int, ...], new: str) -> None:
    *way, last = path
    _at(value, tuple(way))[last] = new  # type: ignore[index,call-overload]


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_step_that_was_left_out_shifts_nothing(step: int) -> None:
    """It stands alone; every other step stands beside its like, under another number, and does not differ."""
    shorter = step_taken_out(ANSWERED, step)
    found = aligned(ANSWERED, shorter)
    alone = [item.steps for item in found.steps if not (item.steps.before and item.steps.after)]
    assert [pair.before.step for pair in alone if pair.before] == [step]
    assert {(one.step, one.field) for one in found.differences()} == {(step, "")}
    assert {(one.step, one.field) for one in differences(shorter, ANSWERED)} == {(step, "")}


def test_another_tool_in_place_of_one_is_two_calls_of_one_step() -> None:
    """The step stands beside its like, for both called something; the calls stand alone."""
    proposal = next(record for record in ANSWERED if record.event.type == "tool.proposed")
    other = with_field(ANSWERED, proposal.seq, tool="zendesk.search_tickets")
    (step,) = [
        item for item in aligned(ANSWERED, other).steps if item.steps.before and item.steps.before.step == 0
    ]
    assert [(bool(pair.before), bool(pair.after)) for pair in step.calls] in (
        [(True, False), (False, True)],
        [(False, True), (True, False)],
    )
    assert {one.field for one in differences(ANSWERED, other)} == {""}


def test_reviewers_look_ups_are_part_of_the_call_under_review() -> None:
    """They count over the run, and two runs that looked up more or less before stay comparable."""
    found = aligned(ANSWERED, ANSWERED)
    (refund,) = found.steps[2].calls
    assert refund.before is not None
    kinds = [told.event.type for told in refund.before.told]
    assert kinds.index("approval.requested") < kinds.index("tool.result") < kinds.index("approval.answered")
    later = under_another_id(ANSWERED)
    shifted = tuple(
        replace(
            record,
            event=type(record.event).model_validate_json(
                record.event.model_dump_json().replace("/review/0", "/review/7")
            ),
        )
        for record in later
    )
    assert differences(ANSWERED, shifted) == ()


def test_a_journal_that_does_not_hold_the_beginning_is_told_all_the_same() -> None:
    """What there is of it is laid beside the other."""
    assert [one.event for one in differences(ANSWERED, ANSWERED[1:])] == ["run.started"]
    assert differences((), ()) == ()


def test_random_orders_of_events_never_fail() -> None:
    """Even of journals that nobody wrote so."""
    dice = random.Random(7)
    for _ in range(20):
        mixed = tuple(dice.sample(ANSWERED, k=dice.randint(1, len(ANSWERED))))
        assert len(differences(mixed, ANSWERED)) == len(differences(ANSWERED, mixed))
        assert differences(mixed, mixed) == ()


def test_records_of_replays_are_named_after_the_run_that_is_replayed() -> None:
    """Their calls have that run's id, and are no difference; nor is what the replay was judged to be."""
    line = ANSWERED[0].event.model_dump(mode="json")
    line["envelope"] |= {
        "run": OTHER_ID,
        "kind": "replay",
        "replay": {"run": ANSWERED[0].run, "head": "", "mode": "verify", "version": ""},
    }
    started = type(ANSWERED[0].event).model_validate_json(json.dumps(line))
    replayed = tuple(replace(record, run=OTHER_ID) for record in ANSWERED)
    judged = ReplayJudged(
        fidelity="exact", step=None, cause=None, detail="", exact=1, drift=0, missed=0, differences=()
    )
    end = replace(replayed[-1], event=judged)
    assert differences(ANSWERED, (replace(replayed[0], event=started), *replayed[1:], end)) == ()
