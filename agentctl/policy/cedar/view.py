"""What of a call's context some rules look at: they are shown that, and nothing they never asked for. Pure.

Cedar takes forty times as long to read a context as to judge by it. Leaving out what no condition speaks of changes no
answer: a condition that takes hold of the whole context, or of a record in it, is shown all of that. What is left out was
still built, and must fit its type like the rest.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from msgspec import Struct, field

from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.policy.cedar.rules import Rule

Path: TypeAlias = tuple[str, ...]
"""Attributes on the way from the context to a value."""


class View(Struct, frozen=True):
    """Some attributes of a record, each with what is seen of its value; `whole` sees all of it."""

    members: Mapping[str, "View"] = field(default_factory=dict)
    whole: bool = False

    @classmethod
    def of(cls, paths: Iterable[Path]) -> "View":
        """Return the view that sees the values at some paths."""
        listed = list(paths)
        below: dict[str, list[Path]] = {}
        for path in listed:
            if path:
                below.setdefault(path[0], []).append(path[1:])
        return cls({name: cls.of(rests) for name, rests in below.items()}, whole=() in listed)

    def of_value(self, value: JsonValue) -> JsonValue:
        """Return what is seen of a value."""
        if self.whole or not isinstance(value, Mapping):
            return value
        return {name: view.of_value(value[name]) for name, view in self.members.items() if name in value}

    def of_attributes(self, attributes: JsonObject, common: JsonObject) -> JsonObject:
        """Return what is seen of a record's attributes, in the JSON form of schemas; `common` are the named types."""
        if self.whole:
            return attributes
        seen = {name: view for name, view in self.members.items() if name in attributes}
        return {name: view.of_type(attributes[name], common) for name, view in seen.items()}

    def of_type(self, kind: JsonValue, common: JsonObject) -> JsonValue:
        """Return what is seen of an attribute with this type, in the JSON form of schemas."""
        if self.whole or not isinstance(kind, Mapping):
            return kind
        record = common.get(str(kind["type"]), kind)
        attributes = record.get("attributes") if isinstance(record, Mapping) else None
        if not isinstance(record, Mapping) or not isinstance(attributes, Mapping):
            return kind
        return {**kind, **record, "attributes": self.of_attributes(attributes, common)}


_ENTITIES: Final = {("agent",), ("environment",)}

EVERYTHING: Final = View(whole=True)
"""Sees the whole context."""


def view_of(rules: Iterable[Rule]) -> View:
    """Return what some rules look at."""
    return View.of(_in_context(path) for rule in rules for path in _paths(rule.body["conditions"]))


def _in_context(path: Path) -> Path:
    """Return the part of a path that lies in the context: an entity's attributes stand with the entities."""
    return path[:1] if path[:1] in _ENTITIES else path


def _paths(expression: JsonValue) -> Iterator[Path]:
    """Yield where the context is looked into; a form that is not known here looks at all that stands in it."""
    path = _path(expression)
    if path is not None:
        yield path
    elif isinstance(expression, Mapping):
        for part in expression.values():
            yield from _paths(part)
    elif isinstance(expression, list):
        for part in expression:
            yield from _paths(part)


def _path(expression: JsonValue) -> Path | None:
    match expression:
        case {"Var": "context"}:
            return ()
        case {".": {"left": left, "attr": str(attribute)}} | {"has": {"left": left, "attr": str(attribute)}}:
            base = _path(left)
            return None if base is None else (*base, attribute)
        case _:
            return None
