"""Of the library that judges by Cedar, a part that nothing here uses is read only when somebody looks into it."""

import sys

import cedarpy
import pytest

from agentctl.policy.cedar import _Unread


def test_a_part_of_a_library_is_read_when_it_is_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then it only stands there; from then on it is what it would have been."""
    unread = _Unread("this")
    monkeypatch.setitem(sys.modules, "this", unread)
    assert sys.modules["this"] is unread
    assert unread.d["n"] == "a"
    assert sys.modules["this"] is not unread
    assert unread.d is sys.modules["this"].d


def test_what_the_library_makes_with_that_part_is_as_ever() -> None:
    """It asks for it by name, and finds it."""
    trees = cedarpy.policies_to_pst("permit(principal, action, resource);")
    assert type(trees).__module__ == "cedarpy.pst"
    assert isinstance(trees, cedarpy.pst.PolicySet)
