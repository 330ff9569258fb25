"""Tests of how parts are written: quickly, where that gives what they say of themselves, and never otherwise."""

from decimal import Decimal

import pytest
import rfc8785
from msgspec.structs import replace

from agentctl.events.base import Part, Reservation, later
from agentctl.events.record import EVENT_TYPES, AnyEvent, Record, body_of, canonical_body
from agentctl.events.written import form_of, in_full
from agentctl.foundation.canonical import JsonValue, quick_bytes
from tests.fakes.events import a_few_events, proposed

RECORD = Record("R", 0, 1, "2026-03-14T09:00:00.000000Z", 1, a_few_events()[0], {}, "", "")


class Grown(Part):
    """A part that got two fields later."""

    first: str = "a"
    second: str | None = later()
    third: int = later(7)


PLAIN = (proposed(arguments={"amount": [1.5, 0, None, True]}), *a_few_events()[1:3], a_few_events()[4])


@pytest.mark.parametrize("event", PLAIN, ids=lambda event: event.type)
def test_most_events_are_written_the_quick_way(event: AnyEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of them is made into a dict first."""
    record = replace(RECORD, event=event)
    expected = rfc8785.dumps(body_of(record))
    monkeypatch.setattr("agentctl.events.record.body_of", None)
    assert canonical_body(record) == expected


def test_only_these_fields_are_searched_for_doubles() -> None:
    """A field may hold a double where its type says so, or says nothing; all others are of texts, integers and amounts."""
    loose = {name for kind in EVENT_TYPES.values() for name in form_of(kind).loose}
    assert loose == {"latency_ms", "duration_ms", "behind_seconds", "arguments", "value", "changes"}


@pytest.mark.parametrize("number", [1.0, 1e16, 1e-7, -0.0, 5e-324])
def test_a_double_that_not_all_write_alike_takes_the_other_way(number: float) -> None:
    """It is written as the reference writes it."""
    record = replace(RECORD, event=proposed(arguments={"deep": [number]}))
    assert quick_bytes(record.event, in_full) is None
    assert canonical_body(record) == rfc8785.dumps(body_of(record))


def test_a_field_that_came_later_is_left_out_at_its_default() -> None:
    """Journals that do not use it read as before."""
    for part in (Grown(), Grown(second="b"), Grown(third=8), Grown(second="b", third=8)):
        assert in_full(part) == part.model_dump()


def test_an_amount_is_written_plainly() -> None:
    """Wherever it stands."""
    assert quick_bytes({"a": [Decimal("1.50"), Reservation(cost_usd=Decimal("1e-7"))]}, in_full) == (
        b'{"a":["1.5",{"cost_usd":"0.0000001","input_tokens":0,"output_tokens":0,"tool_calls":0}]}'
    )


def test_what_is_no_part_is_refused() -> None:
    """Neither bytes nor a part to which something was added."""
    with pytest.raises(TypeError):
        in_full(b"bytes")
    event = proposed()
    event.__dict__["more"] = 1
    with pytest.raises(TypeError):
        in_full(event)


def test_an_interrupt_is_no_refusal() -> None:
    """Who interrupts the process while a part is written interrupts it."""

    def interrupted(_part: object) -> JsonValue:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quick_bytes(object(), interrupted)
