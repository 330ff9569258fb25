"""Values that do not show all they hold."""

from importlib import import_module
from pkgutil import walk_packages

import pytest

import agentctl
from agentctl.foundation.discreet import Discreet


class Letter(Discreet, frozen=True):
    """One open field, one that is nobody's business."""

    hidden = frozenset({"text"})

    to: str
    text: str


def test_what_is_hidden_does_not_stand_in_a_repr() -> None:
    """A repr names the fields that may be shown, and nothing of the others."""
    assert repr(Letter("bob", "meet me at 2 a.m.")) == "Letter(to='bob')"


def test_what_is_hidden_still_makes_a_difference() -> None:
    """Two values that look alike are not equal where what is hidden differs."""
    assert Letter("bob", "yes") != Letter("bob", "no")


def _all() -> list[type[Discreet]]:
    for module in walk_packages(agentctl.__path__, "agentctl."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    return [kind for kind in Discreet.__subclasses__() if kind.__module__.startswith("agentctl.")]


def test_whatever_is_hidden_is_a_field() -> None:
    """No class hides a name that it does not have: a field that was renamed would be shown."""
    found = _all()
    assert len(found) > 5
    for kind in found:
        assert kind.hidden <= set(kind.__struct_fields__), kind


def test_a_class_that_hides_nothing_shows_nothing() -> None:
    """Without a word about what is hidden a value has no repr at all, rather than one that shows everything."""

    class Careless(Discreet, frozen=True):
        secret: str

    with pytest.raises(AttributeError, match="hidden"):
        repr(Careless("x"))
