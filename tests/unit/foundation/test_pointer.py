"""Tests of JSON pointers: what stands there, or nothing; never something else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.pointer import at
from tests.fakes.events import json_values

DOCUMENT: JsonValue = {
    "charge": "ch_1",
    "": "under the empty key",
    "a/b": 1,
    "m~n": 2,
    "~1": 3,
    "users": [{"email": "a@example.com"}, {"email": "b@example.com"}],
    "null": None,
    "0": "a key that is a digit",
    "deep": {"": {"": 4}},
}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", DOCUMENT),
        ("/charge", "ch_1"),
        ("/", "under the empty key"),
        ("/a~1b", 1),
        ("/m~0n", 2),
        ("/~01", 3),
        ("/users/1/email", "b@example.com"),
        ("/users/0", {"email": "a@example.com"}),
        ("/0", "a key that is a digit"),
        ("/deep//", 4),
        ("/null", None),
    ],
)
def test_what_stands_there_is_found(pointer: str, found: JsonValue) -> None:
    """Keys, indexes, escapes and empty keys, as RFC 6901 says."""
    assert at(DOCUMENT, pointer) == found


@pytest.mark.parametrize(
    "pointer",
    [
        "/Charge", "/charge/0", "/charge/length", "/users/2", "/users/-", "/users/-1", "/users/00", "/users/01",
        "/users/+1", "/users/1.0", "/users/\u0661", "/users/\u00b2", "/users/", "/users/email", "/null/x", "/a/b",
        "/nothing/at/all", "/users/99999999999999999999",
    ],
)  # fmt: skip
def test_what_is_not_there_is_nothing(pointer: str) -> None:
    """No index from the end, no digit of another script, no letter of a text, no step through nothing."""
    assert at(DOCUMENT, pointer) is None


@pytest.mark.parametrize("pointer", ["charge", "charge/users", "#/charge", " /charge", "users/0", "\n"])
def test_what_is_no_pointer_points_at_nothing(pointer: str) -> None:
    """It is not taken for the empty pointer: the whole document is no answer to a question about a part."""
    assert at(DOCUMENT, pointer) is None


@pytest.mark.parametrize("document", [None, True, 7, 0.5, "text"])
def test_a_scalar_has_no_parts(document: JsonValue) -> None:
    """The empty pointer is itself, every other one is nothing."""
    assert at(document, "") == document
    assert at(document, "/0") is None
    assert at(document, "/") is None


@settings(deadline=None)
@given(json_values, st.lists(st.text(max_size=4), max_size=3))
def test_every_pointer_has_an_answer(document: JsonValue, parts: list[str]) -> None:
    """Whatever the document and the pointer, nothing is raised, and a found key is the one that was named."""
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
    expected: JsonValue = document
    for part in parts:
        if isinstance(expected, dict):
            expected = expected.get(part)
        elif isinstance(expected, list) and part in {str(index) for index in range(len(expected))}:
            expected = expected[int(part)]
        else:
            expected = None
    assert at(document, pointer) == expected
