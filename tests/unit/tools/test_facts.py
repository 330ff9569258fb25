"""Facts are exact or absent, and the name of an effect cannot be imitated."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.tools.facts import effect_key, effect_key_problem, facts_of
from tests.unit.tools.samples import descriptor

AMOUNT: JsonObject = {"pointer": "/amount", "unit": "minor_units", "currency": "/currency"}
REFUND = descriptor(
    effect_key="refund:{charge}:{amount}",
    facts={
        "amount_usd": AMOUNT,
        "amount": AMOUNT,
        "charge": {"pointer": "/charge"},
        "ticket": {"pointer": "/ticket/id", "unit": "number"},
        "status": {"source": "result", "pointer": "/status"},
    },
)
CALL: JsonObject = {"amount": 4900, "currency": "usd", "charge": "ch_1", "ticket": {"id": 7}}


def test_facts_are_read_from_arguments_and_result() -> None:
    """Amounts are in major units, exact."""
    facts = facts_of(REFUND, CALL, {"status": "done"})
    assert facts.values == {
        "amount_usd": Decimal("49.00"),
        "amount": Decimal("49.00"),
        "charge": "ch_1",
        "ticket": Decimal(7),
        "status": "done",
    }
    assert facts.missing == {}


def test_without_a_result_its_facts_are_missing() -> None:
    """Before the call nobody knows them."""
    assert facts_of(REFUND, CALL).missing == {"status": "it is read from the result, and there is none yet"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"amount": True}, "found a boolean"),
        ({"amount": 49.0}, "found a number; accepted: a whole number"),
        ({"amount": "4900"}, "found another text"),
        ({"amount": [4900]}, "found an array"),
        ({"amount": {"__extn": {"fn": "decimal", "arg": "1"}}}, "found an object"),
        ({"amount": None}, "there is nothing at `/amount`"),
        ({"amount": -1}, "the amount is negative"),
        ({"amount": 2**60}, "too large a number to be exact"),
        ({"currency": "us"}, "the currency is another text"),
        ({"currency": 840}, "the currency is a number"),
        ({"currency": "ＵＳＤ"}, "the currency is another text"),
        ({"currency": "usd\n"}, "the currency is another text"),
        ({"currency": None}, "there is nothing at `/currency`"),
    ],
)
def test_an_amount_that_is_not_plain_is_no_amount(change: JsonObject, told: str) -> None:
    """It is absent, with the reason; no threshold is compared with a guess."""
    facts = facts_of(REFUND, {**CALL, **change})
    assert "amount_usd" not in facts.values
    assert "amount" not in facts.values
    assert told in facts.missing["amount_usd"]


@pytest.mark.parametrize(("currency", "amount"), [("eur", "49.00"), ("JPY", "4900"), ("KWD", "4.900")])
def test_dollars_are_dollars_only(currency: str, amount: str) -> None:
    """A fact in `_usd` has no value in another currency; one without that ending has, in its own units."""
    facts = facts_of(REFUND, {**CALL, "currency": currency})
    assert facts.values["amount"] == Decimal(amount)
    assert facts.missing["amount_usd"] == f"the currency is `{currency.upper()}`; accepted: `USD`"


def test_the_spelling_of_dollars_does_not_matter() -> None:
    """`USD` is `usd`."""
    assert facts_of(REFUND, {**CALL, "currency": "USD"}).values["amount_usd"] == Decimal(49)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.1, "number", Decimal("0.1")),
        (-3, "number", Decimal(-3)),
        ("x", "text", "x"),
        (1e300, "number", "it is too large a number to be exact"),
        (float("nan"), "number", "`nan` is not a finite number"),
        (float("inf"), "number", "it is too large a number to be exact"),
        (True, "number", "found a boolean; accepted: a number"),
        ("1", "number", "found another text; accepted: a number"),
        (1, "text", "found a number; accepted: a text"),
        (["x"], "text", "found an array; accepted: a text"),
    ],
)
def test_text_is_text_and_numbers_are_numbers(value: JsonValue, unit: str, expected: str | Decimal) -> None:
    """A value of another type is no fact: policies rely on types."""
    facts = facts_of(descriptor(facts={"f": {"pointer": "/v", "unit": unit}}), {"v": value})
    assert expected in {*facts.values.values(), *facts.missing.values()}


@pytest.mark.parametrize("fact", [{"unit": "number", "total_per": "/charge"}, {"unit": "number"}])
def test_what_is_added_up_is_never_negative(fact: JsonObject) -> None:
    """A negative amount would make room for another one."""
    name = "limit_usd" if len(fact) == 1 else "limit"
    tool = descriptor(facts={name: {"pointer": "/v", **fact}})
    assert facts_of(tool, {"v": -5}).missing == {name: "the amount is negative; accepted: zero or more"}
    assert facts_of(tool, {"v": 5}).values == {name: Decimal(5)}


def test_an_effect_is_named_after_its_arguments() -> None:
    """The declared template, filled."""
    assert effect_key(REFUND, CALL) == "refund:ch_1:4900"
    assert effect_key_problem(REFUND, CALL) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [(5000, 5000.0), (5000, "5000"), (0, -0.0), (True, "true"), ({"b": 1, "a": 2}, {"a": 2.0, "b": 1.0})],
)
def test_one_value_in_two_spellings_is_one_effect(first: JsonValue, second: JsonValue) -> None:
    """Nobody gets a second refund by writing a number otherwise."""
    assert effect_key(REFUND, {**CALL, "amount": first}) == effect_key(REFUND, {**CALL, "amount": second})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"charge": None}, "there is nothing at `/charge`"),
        ({"amount": float("nan")}, "the argument `amount` has no canonical form"),
        ({"amount": 2**60}, "the argument `amount` has no canonical form"),
        ({"charge": "\ud800"}, "the argument `charge` has no canonical form"),
    ],
)
def test_an_effect_with_a_hole_has_no_name(change: JsonObject, told: str) -> None:
    """And it is said why."""
    assert effect_key(REFUND, {**CALL, **change}) is None
    assert effect_key_problem(REFUND, {**CALL, **change}) == told


def test_a_tool_without_a_declared_effect_has_neither_name_nor_problem() -> None:
    """Nothing is declared, nothing is missing."""
    assert (effect_key(descriptor(), CALL), effect_key_problem(descriptor(), CALL)) == (None, None)


def _tool() -> ToolDescriptor:
    return descriptor(effect_key="e:{a}:{b}")


@given(*[st.text(alphabet=st.characters(codec="utf-8"), max_size=8) for _ in range(4)])
def test_other_values_always_make_another_name(a: str, b: str, c: str, d: str) -> None:
    """No value can imitate a separator, so no two effects share a name by accident or on purpose."""
    names = [effect_key(_tool(), {"a": one, "b": two}) for one, two in ((a, b), (c, d))]
    assert (names[0] == names[1]) is ((a, b) == (c, d))
    assert all(name is not None and name.count(":") == 2 for name in names)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_whatever_stands_in_the_arguments_facts_never_raise(value: JsonValue) -> None:
    """Every fact is there or has a reason."""
    facts = facts_of(REFUND, {"amount": value, "currency": value, "charge": value, "ticket": {"id": value}})
    assert {*facts.values, *facts.missing} == set(REFUND.facts)
    effect_key(REFUND, {"amount": value, "charge": value})
