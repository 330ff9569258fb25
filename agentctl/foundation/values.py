"""Frozen dataclasses that cost a twentieth of the time to load: what makes them is written when the first one is made.

The standard library writes and compiles six functions for each such class while its module is imported. A command loads
hundreds of them, uses half of them, and waited an eighth of its start for that.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from dataclasses import dataclass as standard_dataclass
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, slots: bool = False) -> Callable[[type], type]:
        """Make a frozen dataclass, as the standard library's decorator of that name does; only what is not frozen is its own.

        `fields`, `replace`, `asdict`, `match`, `copy` and `pickle` take it for one. Nobody needed `order`, `kw_only`,
        `InitVar` or `__post_init__` yet.
        """
        if not frozen:
            return standard_dataclass(slots=slots)
        return lambda cls: _completed(standard_dataclass(init=False, repr=False, eq=False, slots=slots)(cls))


def _completed(cls: type) -> type:
    """Give a class the methods that it does not have itself."""
    named = fields(cls)
    methods = {
        "__init__": _first_init(cls),
        "__repr__": _repr(tuple(one.name for one in named if one.repr)),
        **_comparison(tuple(one.name for one in named if one.compare)),
        "__setattr__": _no_assigning,
        "__delattr__": _no_deleting,
        "__getstate__": lambda self: [getattr(self, one.name) for one in named],
        "__setstate__": lambda self, state: _restore(self, named, state),
    }
    for name, method in methods.items():
        if name not in vars(cls):
            setattr(cls, name, method)
    return cls


def _first_init(cls: type) -> Callable[..., None]:
    """Return what makes the first one: it writes what makes all others."""

    def __init__(self: object, *values: object, **named: object) -> None:  # noqa: N807 - it is put in its place
        written = _written_init(cls)
        cls.__init__ = written  # type: ignore[misc]  # this is how the others come to it
        written(self, *values, **named)

    return __init__


def _written_init(cls: type) -> Callable[..., None]:
    """Return what makes one: the fields are its parameters, and each value is put where the class keeps it."""
    named = fields(cls)
    takes = ", ".join(["self", *(_parameter(one) for one in named if one.init)])
    puts = "\n ".join(_statement(cls, one) for one in named)
    known: dict[str, Any] = {"missing": MISSING, "put": object.__setattr__}
    for one in named:
        known |= {f"default_{one.name}": one.default, f"make_{one.name}": one.default_factory}
        if "__slots__" in vars(cls):
            known[f"put_{one.name}"] = getattr(cls, one.name).__set__
    exec(f"def __init__({takes}):\n {puts or 'pass'}", known)  # noqa: S102 - names of fields and nothing else
    written: Callable[..., None] = known["__init__"]
    written.__qualname__ = f"{cls.__qualname__}.__init__"
    return written


def _parameter(one: "Field[Any]") -> str:
    if one.default is not MISSING:
        return f"{one.name}=default_{one.name}"
    return one.name if one.default_factory is MISSING else f"{one.name}=missing"


def _statement(cls: type, one: "Field[Any]") -> str:
    name = one.name
    value = name if one.init else f"default_{name}"
    if one.default_factory is not MISSING:
        value = f"make_{name}() if {name} is missing else {name}" if one.init else f"make_{name}()"
    return f"put_{name}(self, {value})" if "__slots__" in vars(cls) else f"put(self, {name!r}, {value})"


def _repr(names: tuple[str, ...]) -> Callable[[object], str]:
    @recursive_repr()
    def __repr__(self: object) -> str:  # noqa: N807 - it is put in its place
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _comparison(names: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
    """Return how two are compared, and the hash that fits it."""
    key = _key(names)

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - it is put in its place
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807 - it is put in its place
        return hash(key(self))

    return {"__eq__": __eq__, "__hash__": __hash__}


def _key(names: tuple[str, ...]) -> Callable[[object], object]:
    """Return what tells the values of an object, as a tuple: so values that are the same object are equal, whatever they say."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple(getattr(self, name) for name in names)


def _no_assigning(_: object, name: str, __: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deleting(_: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _restore(self: object, named: "tuple[Field[Any], ...]", state: list[Any]) -> None:
    for one, value in zip(named, state, strict=True):
        object.__setattr__(self, one.name, value)
