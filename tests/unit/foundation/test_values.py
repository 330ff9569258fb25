"""Frozen dataclasses that are written when the first one is made are those of the standard library in all that we ask of them."""

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any

import pytest

from agentctl.foundation.values import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A point with a name, and what was seen of it."""

    x: int
    y: int = 2
    seen: list[str] = field(default_factory=list)
    secret: str = field(default="s", repr=False)
    origin: str = field(default="here", init=False)
    marks: list[str] = field(default_factory=list, init=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """The same by the standard library."""

    x: int
    y: int = 2
    seen: list[str] = field(default_factory=list)
    secret: str = field(default="s", repr=False)
    origin: str = field(default="here", init=False)
    marks: list[str] = field(default_factory=list, init=False)


@dataclass(frozen=True)
class Loose:
    """One without slots, which compares but one of its fields, and hashes by it."""

    name: str
    note: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Labelled(Point):
    """One that has another's fields before its own."""

    label: str = "none"


@dataclass(frozen=True, slots=True)
class Nothing:
    """One without fields, with a word of its own for itself."""

    def __repr__(self) -> str:
        """Say nothing."""
        return "nothing"


@dataclass(frozen=False, slots=True)
class Open:
    """One that can change is the standard library's."""

    x: int


CALLS: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    ((1,), {}),
    ((1, 3), {"seen": ["a"]}),
    ((), {"x": 5, "secret": "t"}),
    ((1, 2, ["b"], "u"), {}),
)


@pytest.mark.parametrize(("values", "named"), CALLS)
def test_it_is_made_and_shown_as_the_standard_library_would(
    values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """By position and by name, with defaults and with what is made anew; secrets are not shown."""
    ours, theirs = Point(*values, **named), Standard(*values, **named)
    assert asdict(ours) == asdict(theirs)
    assert repr(ours) == repr(theirs).replace("Standard", "Point")
    assert Point.__match_args__ == Standard.__match_args__  # type: ignore[attr-defined]  # the library adds it


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, [], "s", "too many"), {}), ((1,), {"z": 1}), ((1,), {"x": 1})]
)
def test_what_does_not_fit_is_refused_in_the_same_words(
    values: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """A value too few, one too many, one that nobody knows, one twice."""
    with pytest.raises(TypeError) as ours:
        Point(*values, **named)
    with pytest.raises(TypeError) as theirs:
        Standard(*values, **named)
    assert str(ours.value) == str(theirs.value).replace("Standard", "Point")


def test_each_has_what_is_made_for_it_alone() -> None:
    """A default that is made is made for each."""
    first, second = Point(1), Point(1)
    first.seen.append("a")
    assert (second.seen, first.marks is second.marks) == ([], False)


def test_equal_values_are_equal_and_hash_alike() -> None:
    """Objects of another class never are, and fields that are not compared do not count."""
    assert Loose("a", "1") == Loose("a", "2")
    assert hash(Loose("a", "1")) == hash(Loose("a", "2"))
    assert Loose("a") != Loose("b")
    assert Point(1) == Point(1) != Labelled(1)
    assert Nothing() == Nothing() != Point(1)
    assert len({Loose("a"), Loose("a"), Loose("b")}) == 2


def test_a_value_that_is_itself_is_equal_whatever_it_says() -> None:
    """As in a tuple: what is no number is equal to itself here."""
    no_number = float("nan")
    assert Loose(no_number) == Loose(no_number)  # type: ignore[arg-type]  # any value


@pytest.mark.parametrize("one", [Point(1), Loose("a"), Labelled(1, label="x"), Nothing()])
def test_nothing_of_it_changes(one: object) -> None:
    """Neither a field nor another name can be set or deleted."""
    for name in ("x", "name", "other"):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(one, name, 3)
        with pytest.raises(FrozenInstanceError, match=f"cannot delete field '{name}'"):
            delattr(one, name)


@pytest.mark.parametrize("one", [Point(1, seen=["a"]), Loose("a", "b"), Labelled(1, label="x"), Nothing()])
def test_it_is_copied_kept_and_read_again(one: object) -> None:
    """`copy`, `deepcopy` and `pickle` give its equal."""
    assert copy.copy(one) == one
    assert copy.deepcopy(one) == one
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own
    assert asdict(pickle.loads(pickle.dumps(one))) == asdict(one)  # type: ignore[call-overload]  # noqa: S301 - our own


def test_the_standard_librarys_functions_take_it_for_theirs() -> None:
    """`replace` and `fields` work, and a field of its parent stands before its own."""
    assert replace(Labelled(1), x=4, label="z") == Labelled(4, label="z")
    assert [one.name for one in fields(Labelled)][-1] == "label"
    match Point(1, 5):
        case Point(x, y):
            assert (x, y) == (1, 5)


def test_a_word_of_its_own_stays() -> None:
    """What the class says itself is not written over."""
    assert repr(Nothing()) == "nothing"


def test_one_that_holds_itself_can_be_shown() -> None:
    """Its representation ends."""
    seen: list[Any] = []
    one = Point(1, seen=seen)
    seen.append(one)
    assert "..." in repr(one)


def test_one_that_can_change_is_the_standard_librarys() -> None:
    """It can."""
    one = Open(1)
    one.x = 2
    assert one == Open(2)
