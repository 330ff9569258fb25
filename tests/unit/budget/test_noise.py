"""Tests of noise: what only makes a call look like another one."""

import pytest

from agentctl.budget.noise import differing, essence, tells_much, without
from agentctl.contract.tool import Effect


@pytest.mark.parametrize(
    ("name", "effect", "is_noise"),
    [
        ("request_id", "read", True),
        ("Request-ID", "write", True),
        ("idempotencyKey", "irreversible", True),
        ("attempt", "write", True),
        ("reason", "read", True),
        ("reason", "write", False),
        ("page", "read", True),
        ("page", "write", False),
        ("charge", "read", False),
        ("query", "read", False),
    ],
)
def test_an_argument_is_noise_by_its_name(name: str, effect: Effect, *, is_noise: bool) -> None:
    """Bookkeeping always; words and places only in what is read; what is wanted never."""
    one, other = {"id": 1, name: "a"}, {"id": 1, name: "b"}
    assert (essence(one, effect) == essence(other, effect)) is is_noise


def test_noise_is_found_at_any_depth() -> None:
    """In objects and in lists of them; all else stays what it is."""
    found = essence({"all": [{"meta": {"nonce": 1, "lang": "en"}}], "n": None}, "read")
    assert found == b'{"all":[{"meta":{"lang":"en"}}],"n":null}'


def test_arguments_that_differ_are_named() -> None:
    """Also those that are missing somewhere; true is not 1."""
    assert differing(({"a": 1, "b": 2, "c": True}, {"a": 1, "b": 3, "c": 1}, {"a": 1})) == ("b", "c")
    assert differing(()) == ()


def test_an_argument_can_be_left_out() -> None:
    """The others stay, in canonical order."""
    assert without({"b": 1, "a": 2, "c": 3}, "b") == b'{"a":2,"c":3}'


@pytest.mark.parametrize(
    ("result", "much"),
    [
        ({"found": False}, False),
        ([], False),
        (10**300, False),
        ({"text": ["a" * 100, {"b": "b" * 100}]}, True),
    ],
)
def test_much_text_is_no_chance(result: object, *, much: bool) -> None:
    """What counts is text, however deep."""
    assert tells_much(result) is much  # type: ignore[arg-type]  # JSON values
