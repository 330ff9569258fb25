"""What a document may hold at one place, read from its JSON Schema, so that editors and messages say the same."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct
from pydantic import BaseModel

from agentctl.contract.json_schema import Schema, export_schema
from agentctl.contract.words import listed

Shape = Literal["mapping", "list", "scalar"]

_NULL: Final = {"type": "null"}
_BOUNDS: Final = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
_TAG_PREFIX: Final = "#/$defs/"


class Form(Struct, frozen=True):
    """One place of a document: which keys, values and alternatives it takes. An empty form takes anything."""

    schema: Schema
    definitions: Mapping[str, Schema]

    @property
    def description(self) -> str:
        """What the place is for; empty if nobody said."""
        return str(self.schema.get("description", ""))

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the keys a mapping here may have."""
        return tuple(self.schema.get("properties", {}))

    @property
    def options(self) -> tuple["Form", ...]:
        """The alternatives, if there are several; each leads to a part of its own in the place of an error."""
        options: list[Schema] = self.schema.get("anyOf") or self.schema.get("oneOf") or []
        return tuple(self._of(option) for option in options)

    @property
    def tag_key(self) -> str | None:
        """The key whose value says which alternative a mapping is."""
        name: str | None = self.schema.get("discriminator", {}).get("propertyName")
        return name

    @property
    def tags(self) -> tuple[str, ...]:
        """The values of the tag key."""
        return tuple(self.schema.get("discriminator", {}).get("mapping", {}))

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that are accepted here, where only certain ones are."""
        own = [self.schema["const"]] if "const" in self.schema else self.schema.get("enum", [])
        return tuple(word for word in own if isinstance(word, str)) + tuple(
            word for option in self.options for word in option.choices
        )

    def tagged(self, tag: str) -> "Form":
        """Return the alternative of a tag."""
        return self._of({"$ref": self.schema["discriminator"]["mapping"][tag]})

    def part(self, name: str | int) -> "Form":
        """Return the form of an item of a list, or of the value of a key."""
        if isinstance(name, int):
            return self._of(self.schema.get("items", {}))
        named = self.schema.get("properties", {}).get(name)
        return self._of(named if named is not None else self._any_value())

    def fits_shape(self, value: object) -> bool:
        """Return whether a value at least has the shape this form asks for: mapping, list or scalar."""
        if self.options:
            return any(option.fits_shape(value) for option in self.options)
        return self._shape() in {None, _shape_of(value)}

    def accepted(self) -> str:
        """Return what is accepted here, as a phrase; empty if that cannot be said."""
        if self.options:
            return " or ".join(dict.fromkeys(filter(None, (option.accepted() for option in self.options))))
        if "const" in self.schema:
            return listed([self.schema["const"]])
        if "enum" in self.schema:
            return f"one of {listed(self.schema['enum'])}"
        return self._accepted_type()

    def accepted_key(self) -> str:
        """Return which keys a mapping here accepts."""
        patterns = [*self.schema.get("patternProperties", {})]
        key = self._of(self.schema.get("propertyNames", {}))
        return (
            f"a key that matches {listed(patterns)}" if patterns else f"as a key, {key.accepted() or 'text'}"
        )

    def _of(self, schema: Schema) -> "Form":
        """Return the form of a part: references followed, `or nothing` left out."""
        while "$ref" in schema:
            beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
            schema = {**self.definitions[schema["$ref"].removeprefix(_TAG_PREFIX)], **beside}
        something = [option for option in schema.get("anyOf", ()) if option != _NULL]
        if len(something) == 1:
            beside = {keyword: value for keyword, value in schema.items() if keyword != "anyOf"}
            return self._of({**something[0], **beside})
        return Form({**schema, "anyOf": something} if something else schema, self.definitions)

    def _any_value(self) -> Schema:
        patterns = [*self.schema.get("patternProperties", {}).values()]
        others = patterns[0] if patterns else self.schema.get("additionalProperties")
        return others if isinstance(others, dict) else {}

    def _shape(self) -> Shape | None:
        match self.schema.get("type"):
            case "object":
                return "mapping"
            case "array":
                return "list"
            case None if not self.choices:
                return None
            case _:
                return "scalar"

    def _accepted_type(self) -> str:
        match self.schema.get("type"):
            case "integer":
                return f"a whole number{self._range()}"
            case "number":
                return f"a number{self._range()}"
            case "boolean":
                return "`true` or `false`"
            case "string":
                return f"text{self._count('Length', 'character')}{self._pattern()}"
            case "array":
                return f"a list{self._count('Items', 'item')}"
            case "object":
                return f"a mapping{self._required()}"
            case "null":
                return "nothing"
            case _:
                return ""

    def _range(self) -> str:
        low, high = self.schema.get("minimum"), self.schema.get("maximum")
        if low is not None and high is not None:
            bounds = f" from {low} to {high}"
        else:
            signs = [f"{sign} {self.schema[name]}" for name, sign in _BOUNDS.items() if name in self.schema]
            bounds = f" {' and '.join(signs)}" if signs else ""
        step = self.schema.get("multipleOf")
        return bounds if step is None else f"{bounds}, a multiple of {step}"

    def _count(self, suffix: str, noun: str) -> str:
        least, most = self.schema.get(f"min{suffix}", 0), self.schema.get(f"max{suffix}")
        if most is None:
            return f" of at least {least} {noun}{'' if least == 1 else 's'}" if least else ""
        return f" of {least} to {most} {noun}s"

    def _pattern(self) -> str:
        return f" that matches `{self.schema['pattern']}`" if "pattern" in self.schema else ""

    def _required(self) -> str:
        names = self.schema.get("required", [])
        return f" with the {'key' if len(names) == 1 else 'keys'} {listed(names)}" if names else ""


@lru_cache(maxsize=32)
def form_of(model: type[BaseModel]) -> Form:
    """Return the form of a whole document."""
    schema = export_schema(model, "")
    return Form({"items": schema}, schema.get("$defs", {})).part(0)


def _shape_of(value: object) -> Shape:
    if isinstance(value, dict):
        return "mapping"
    return "list" if isinstance(value, list) else "scalar"
