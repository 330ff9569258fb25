"""Tests of where two JSON values differ."""

from hypothesis import given

from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.pointer import MISSING, resolve
from agentctl.replay.side_by_side.json_differences import json_differences, said, same
from tests.fakes.events import json_values


def found(before: JsonValue, after: JsonValue) -> list[tuple[str, object, object]]:
    """Return the differences as tuples."""
    return [(one.pointer, one.before, one.after) for one in json_differences(before, after)]


def test_a_difference_is_told_as_deep_as_it_lies() -> None:
    """By pointer, with what stands on either side; null is a value."""
    assert found({"a": {"b": [1, 2]}, "c/d": 1}, {"a": {"b": [1, 3, 4]}, "e": None}) == [
        ("/a/b/1", 2, 3),
        ("/a/b/2", MISSING, 4),
        ("/c~1d", 1, MISSING),
        ("/e", MISSING, None),
    ]


def test_values_of_other_shapes_differ_as_a_whole() -> None:
    """A list is no text, true is not 1; one and one point nought are the same number."""
    assert found([1], "1") == [("", [1], "1")]
    assert found({"a": 1}, {"a": True}) == [("/a", 1, True)]
    assert found(1, 1.0) == []
    assert not same(MISSING, None)
    assert same(MISSING, MISSING)


def test_a_value_is_said_as_it_is() -> None:
    """Texts bare, anything else as JSON, nothing as nothing."""
    assert (said("a"), said({"b": 1}), said(None), said(MISSING)) == ("a", '{"b":1}', "null", "")


@given(json_values, json_values)
def test_two_values_differ_where_the_pointer_says(before: JsonValue, after: JsonValue) -> None:
    """What it leads to is what is told, on both sides; equal values do not differ."""
    assert found(before, before) == []
    for pointer, one, other in found(before, after):
        assert (resolve(before, pointer), resolve(after, pointer)) == (one, other)
