"""The words of messages about documents."""

from decimal import Decimal

import pytest

from agentctl.contract.words import dotted, found, listed, nearest, shown


@pytest.mark.parametrize(
    ("value", "phrase"),
    [
        (None, "nothing"),
        (True, "`true`"),
        (5, "the number `5`"),
        (Decimal("0.50"), "the number `0.50`"),
        ("", "an empty text"),
        ("a\x1b[2K\nb", "the text `a\\x1b[2K\\x0ab`"),
        ([], "an empty list"),
        ([1], "a list of 1 item"),
        ([1, 2], "a list of 2 items"),
        ({}, "an empty mapping"),
        ({"a": 1}, "a mapping with the key `a`"),
        (dict.fromkeys("abcdefg"), "a mapping with the keys `a`, `b`, `c`, `d`, `e` and 2 more"),
    ],
)
def test_a_value_is_named_by_its_kind(value: object, phrase: str) -> None:
    """Each kind of value is told in words of YAML, with strangers' text visible."""
    assert found(value) == phrase


@pytest.mark.parametrize("text", ["x" * 81, "x" * 100_000, "\x1b" * 80, "\x1b" * 30])
def test_shown_text_is_short(text: str) -> None:
    """However long or hidden the text, at most 80 characters of it are shown, and the cut is."""
    assert len(shown(text)) == 80
    assert shown(text).endswith("…")


def test_shown_text_that_fits_is_whole() -> None:
    """Eighty characters fit."""
    assert shown("x" * 80) == "x" * 80


def test_names_are_listed_in_backticks() -> None:
    """Names stand in backticks."""
    assert listed(["a", 3]) == "`a`, `3`"


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("requierd", "required"),
        ("READ", "read"),
        ("max-steps", "max_steps"),
        ("nothing-like", ""),
        ("x" * 300_000, ""),
    ],
)
def test_the_nearest_name_ignores_case_and_dashes(word: str, name: str) -> None:
    """A misspelt, shouted or dashed name finds the name that was meant; others find none."""
    assert nearest(word, ["required", "read", "max_steps"]) == name


def test_a_path_is_dotted() -> None:
    """Keys are joined by dots, indices stand in brackets, and hidden characters are visible."""
    assert dotted(("models", "small-fast", 0, "a\x1b")) == "models.small-fast[0].a\\x1b"
    assert dotted((0, "a")) == "[0].a"
    assert dotted(()) == ""
