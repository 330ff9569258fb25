"""Tests of what all events share: no silent conversions, exact money, tuples out of lists."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from agentctl.events.base import Principal, Reservation, Source


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
