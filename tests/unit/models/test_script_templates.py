"""The `{name}` in texts and arguments."""

from typing import Any

import pytest

from agentctl.models.script_templates import UnfitScript, filled, filled_text

NAMES = {"who": "Ann", "price": "49.00", "cents": 4900, "rate": 2.5, "on": True, "list": [1], "text": "{who}"}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{who}", "Ann"),
        ("{cents}", 4900),
        ("{list}", [1]),
        ("{price:cents}", 4900),
        ("{rate:cents}", 250),
        ("{price:int}", 49),
        ("{cents:int}", 4900),
        ("Hello {who}, {price:cents} cents, {on}, {list}", "Hello Ann, 4900 cents, true, [1]"),
        ("{text}!", "{who}!"),
        ("{}", "{}"),
        ('{"a": 1}', '{"a": 1}'),
        ({"a": ["{cents}", {"b": "{who}"}], "{who}": None}, {"a": [4900, {"b": "Ann"}], "{who}": None}),
        (5, 5),
    ],
)
def test_slots_are_filled(template: Any, value: Any) -> None:
    """Alone a slot is the value itself, within a text its text; what was bound is never filled again."""
    assert filled(template, NAMES) == value


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{nobody}", "nothing binds `nobody`"),
        ("{price:euro}", "unknown form `euro`"),
        ("{who:int}", "not a number"),
        ("{rate:int}", "not a number"),
        ("{on:int}", "not a number"),
        ("{list:cents}", "not a number"),
    ],
)
def test_a_slot_that_cannot_be_filled_is_told(template: str, why: str) -> None:
    """A script does not go on with a guess."""
    with pytest.raises(UnfitScript, match=why):
        filled_text(template, NAMES)


@pytest.mark.parametrize("number", ["49.001", "1e3", "1,000", "", " 1", "9" * 16, "٣", "1e999999999"])
def test_only_plain_numbers_become_cents(number: str) -> None:
    """Nothing is rounded, and nothing enormous is computed."""
    with pytest.raises(UnfitScript):
        filled("{n:cents}", {"n": number})
