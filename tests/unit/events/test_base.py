"""Tests of what all events share: no silent conversions, exact money, tuples out of lists."""

import json
import math
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from pydantic import Field, ValidationError

from agentctl.events.base import Json, Object, Part, Principal, Reservation, Source
from agentctl.foundation.canonical import JsonValue, NotCanonical, canonical_bytes
from tests.fakes.events import json_values


class Held(Part):
    """A part with JSON in it."""

    value: Json
    named: Object = Field(default_factory=dict)


def test_money_is_decimal_text() -> None:
    """Dollars are written as plain text and read back exactly."""
    reservation = Reservation(cost_usd=Decimal("0.10"))
    written = reservation.model_dump(mode="json")
    assert written["cost_usd"] == "0.1"
    assert Reservation.model_validate(written) == reservation


@pytest.mark.parametrize("value", [0.1, 1, True, None, "a dime", "NaN", "1e999999999", Decimal("Infinity")])
def test_money_is_nothing_else(value: object) -> None:
    """Floats, integers, words and infinities are refused, not converted."""
    with pytest.raises(ValidationError):
        Reservation.model_validate({"cost_usd": value})


def test_a_list_fills_a_tuple() -> None:
    """JSON has lists, events have tuples."""
    source = Source.model_validate({"id": "input", "labels": ["untrusted", "private"]})
    assert source == Source(id="input", labels=("untrusted", "private"))


@pytest.mark.parametrize("labels", ["untrusted", {"untrusted": 1}, [1], None])
def test_a_tuple_is_filled_with_texts_only(labels: object) -> None:
    """A lone text, a mapping and numbers are no list of texts."""
    with pytest.raises(ValidationError):
        Source.model_validate({"id": "input", "labels": labels})


def test_a_part_never_changes() -> None:
    """What happened stays as it is."""
    source = Source(id="input")
    with pytest.raises(ValidationError, match="frozen"):
        source.id = "instructions"  # type: ignore[misc]  # that is the point


def test_a_part_has_no_unknown_keys() -> None:
    """A key that nobody reads is refused."""
    with pytest.raises(ValidationError, match="extra"):
        Source.model_validate({"id": "input", "label": []})


def test_a_part_converts_nothing() -> None:
    """The text `1` is no integer, and a word outside the vocabulary is no kind."""
    with pytest.raises(ValidationError):
        Reservation.model_validate({"tool_calls": "1"})
    with pytest.raises(ValidationError):
        Principal.model_validate({"id": "casey", "kind": "robot", "assurance": "asserted"})


@given(json_values)
def test_json_is_held_and_written_as_it_is(value: JsonValue) -> None:
    """Nothing in it is converted: true stays true, 1.0 a double, and whoever gave it may change their own copy."""
    held = Held(value=value, named={"given": value})
    assert repr(held.value) == repr(held.named["given"]) == repr(value)
    written = held.model_dump(mode="json")
    assert repr(written["value"]) == repr(written["named"]["given"]) == repr(value)
    assert Held.model_validate(json.loads(json.dumps(written))) == held


def test_json_may_be_held_in_tuples() -> None:
    """What our own code holds in tuples is written as lists."""
    assert Held(value=({"a": (1, "x")},)).model_dump(mode="json")["value"] == [{"a": [1, "x"]}]


@pytest.mark.parametrize(
    "value",
    [b"bytes", {1}, {1: 2}, datetime.now, datetime(2026, 3, 14, tzinfo=UTC)],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_json_is_refused(value: object) -> None:
    """Bytes, sets, numbers as keys, moments and functions are no JSON, wherever they stand."""
    for place in (value, [value], {"a": {"b": value}}):
        with pytest.raises(ValidationError):
            Held.model_validate({"value": place})
        with pytest.raises(ValidationError):
            Held.model_validate({"value": None, "named": {"a": place}})


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_no_number_becomes_null(number: float) -> None:
    """A double that JSON does not know is not written as nothing: the journal has to refuse it."""
    with pytest.raises(NotCanonical):
        canonical_bytes(Held(value={"a": [number]}).model_dump(mode="json"))
