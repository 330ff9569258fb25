"""The next version of a frozen value."""

from dataclasses import FrozenInstanceError, dataclass, replace
from typing import Any

import pytest

from agentctl.foundation.changed import changed


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


def test_it_is_what_replace_would_make() -> None:
    """Some fields are others, the rest is the same, and the first value stays what it was."""
    first = Point(1, 2)
    second = changed(first, y=3)
    assert second == replace(first, y=3) == Point(1, 3)
    assert first == Point(1, 2)
    assert changed(first) is not first


def test_it_is_frozen_too() -> None:
    """Nobody changes it afterwards."""
    second: Any = changed(Point(1), x=5)
    with pytest.raises(FrozenInstanceError):
        second.x = 6


def test_a_field_that_does_not_exist_is_refused() -> None:
    """A slip of the pen makes no new attribute."""
    with pytest.raises(TypeError, match="`Point` has no field z"):
        changed(Point(1), z=5)
