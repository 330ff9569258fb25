"""Tests of the record: every event comes back from its line, and the hash covers all of it."""

from collections.abc import Callable
from typing import get_args

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentctl.events.base import Event
from agentctl.events.form import GENESIS, JOURNAL_VERSION
from agentctl.events.record import EVENT_TYPES, AnyEvent, Record, body_of, canonical_body
from agentctl.events.run import RunSuspended
from agentctl.foundation.canonical import JsonObject, canonical_bytes, parse_json
from agentctl.foundation.errors import IntegrityError
from agentctl.trace.journals.chain import LINE_LIMITS, line_of, linked, parse_line
from tests.fakes.events import a_few_events, events_of

KINDS = pytest.mark.parametrize("kind", EVENT_TYPES.values(), ids=list(EVENT_TYPES))
DRAFT = Record(
    run="01ARZ3NDEKTSV4RRFFQ69G5FAV",
    seq=3,
    epoch=2,
    time="2026-03-14T09:00:00.000000Z",
    mono_us=1_000,
    event=a_few_events()[0],
    sealed={"[email:1]": "sha256:00"},
    prev=GENESIS,
    hash="",
)
OTHERWISE: dict[str, object] = {
    "run": "01BX5ZZKBKACTAV9WEVGEMMVRZ",
    "seq": 4,
    "epoch": 3,
    "time": "2026-03-14T09:00:00.000001Z",
    "mono_us": 1_001,
    "event": a_few_events()[1],
    "sealed": {"[email:1]": "sha256:01"},
    "prev": "1" * 64,
    "version": 1,
}


@KINDS
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_an_event_comes_back_from_its_line(kind: type[Event], data: st.DataObject) -> None:
    """Whatever an event holds, its line gives the same record back, and that record the same line."""
    record, line = linked(replace(DRAFT, event=data.draw(events_of(kind))))
    assert parse_line(line) == record
    assert line_of(parse_line(line)) == line


@KINDS
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_record_is_written_as_its_parts_describe_themselves(kind: type[Event], data: st.DataObject) -> None:
    """The quicker way to write an event and the one that pydantic and the reference go give the same bytes."""
    record = replace(DRAFT, event=data.draw(events_of(kind)))
    assert canonical_body(record) == rfc8785.dumps(body_of(record))


@KINDS
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_the_hash_covers_every_field_of_an_event(kind: type[Event], data: st.DataObject) -> None:
    """A field that is changed or taken away, with the hash left alone, is noticed."""
    _, line = linked(replace(DRAFT, event=data.draw(events_of(kind))))
    for name in kind.model_fields:
        for damaged in (_without(line, name), _with(line, name, "something else")):
            if damaged != line:  # a field that says nothing is not written
                with pytest.raises(IntegrityError, match="are not the bytes"):
                    parse_line(damaged)


@pytest.mark.parametrize("name", list(OTHERWISE))
def test_the_hash_covers_every_field_of_a_record(name: str) -> None:
    """No two records that differ anywhere have the same hash."""
    changed = replace(DRAFT, **{name: OTHERWISE[name]})  # type: ignore[arg-type]  # the name decides the type
    assert linked(changed)[0].hash != linked(DRAFT)[0].hash


def test_no_field_of_a_record_is_forgotten() -> None:
    """The table above names every field but the hash itself."""
    assert set(Record.__struct_fields__) == {*OTHERWISE, "hash"}


def test_the_hash_covers_the_type_and_the_version() -> None:
    """The event's name and the journal's version are part of the body."""
    body = body_of(DRAFT)
    assert (body["type"], body["v"]) == (DRAFT.event.type, JOURNAL_VERSION)
    assert canonical_body(DRAFT) == canonical_bytes(body)


def test_every_event_of_the_union_has_a_name_of_its_own() -> None:
    """No event is missing from the table, and no two share a name."""
    assert set(EVENT_TYPES.values()) == set(get_args(AnyEvent))
    assert all(EVENT_TYPES[kind.type] is kind for kind in get_args(AnyEvent))


def test_every_event_class_is_in_the_union() -> None:
    """An event that is not in the union could be written and not read."""
    assert set(Event.__subclasses__()) == set(get_args(AnyEvent))


def test_two_events_of_equal_fields_but_other_names_differ() -> None:
    """Only the type tells some events apart, so it counts."""
    suspended = RunSuspended(reason="approval", detail="")
    assert b'"type":"run.suspended"' in linked(replace(DRAFT, event=suspended))[1]


def _without(line: bytes, name: str) -> bytes:
    return _with_data(line, lambda data: {key: value for key, value in data.items() if key != name})


def _with(line: bytes, name: str, value: str) -> bytes:
    return _with_data(line, lambda data: {**data, name: value})


def _with_data(line: bytes, change: Callable[[JsonObject], JsonObject]) -> bytes:
    body = parse_json(line, LINE_LIMITS)
    return canonical_bytes({**body, "data": change(body["data"])}) + b"\n"
