"""JSON pointers find what is there, tell null from nothing, and never raise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.pointer import MISSING, joined, resolve

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
DOCUMENT: JsonValue = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "m~n": 8,
    "~1": 9,
    "none": None,
    "text": "abc",
    "0": "zero",
}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/m~0n", 8),
        ("/~01", 9),
        ("/none", None),
        ("/0", "zero"),
    ],
)
def test_a_pointer_finds_what_stands_there(pointer: str, found: JsonValue) -> None:
    """The examples of RFC 6901, and null, which is a value."""
    assert resolve(DOCUMENT, pointer) == found


@pytest.mark.parametrize(
    "pointer",
    [
        "/nope",
        "/foo/2",
        "/foo/-",
        "/foo/-1",
        "/foo/00",
        "/foo/01",
        "/foo/+1",
        "/foo/1.0",
        "/foo/²",
        "/foo/" + "9" * 5000,
        "/text/0",
        "/none/x",
        "/m~n",
        "/m~2n",
        "/foo~",
        "foo",
        "#/foo",
        "/FOO",
    ],
)
def test_a_pointer_to_nothing_is_missing(pointer: str) -> None:
    """What is not there, or is no pointer, is MISSING: no guess and no exception."""
    assert resolve(DOCUMENT, pointer) is MISSING


def _places(value: JsonValue, pointer: str = "") -> list[tuple[str, JsonValue]]:
    inner: list[tuple[str, JsonValue]] = []
    if isinstance(value, dict):
        inner = [(joined(pointer, key), item) for key, item in value.items()]
    elif isinstance(value, list):
        inner = [(joined(pointer, str(index)), item) for index, item in enumerate(value)]
    return [(pointer, value), *(place for at, item in inner for place in _places(item, at))]


@given(JSON)
def test_every_place_has_a_pointer_that_finds_it(document: JsonValue) -> None:
    """Whatever keys hold, `joined` makes a pointer that leads back to the same value."""
    assert all(resolve(document, pointer) == value for pointer, value in _places(document))


@given(JSON, st.text(max_size=20))
def test_no_text_makes_a_pointer_raise(document: JsonValue, pointer: str) -> None:
    """Any text is a question that has an answer."""
    resolve(document, pointer)
