"""JSON Schema of the documents: what an editor completes and checks while the YAML is written."""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from textwrap import dedent
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema
from typing_extensions import override

Schema = dict[str, Any]
"""A JSON Schema. Foreign JSON, made by pydantic and read key by key, hence `Any`."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_STANDARD_BOUNDS: Final = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}
_LIST_BOUNDS: Final = {"minLength": "minItems", "maxLength": "maxItems"}
_HOLDS_ONE: Final = ("items", "additionalProperties", "propertyNames")
_HOLDS_SOME: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_HOLDS_NAMED: Final = ("properties", "patternProperties", "$defs")


def export_schema(model: type[BaseModel], title: str) -> Schema:
    """Return the JSON Schema (2020-12) of the YAML files that a model reads.

    Money and rates are numbers, as they are in our YAML; the same model always gives the same schema.
    """
    schema = _cleaned(model.model_json_schema(schema_generator=_EditorSchema))
    return {"$schema": DIALECT, "title": title, **schema}


class _EditorSchema(GenerateJsonSchema):
    """Speaks of documents, not of Python: decimals are numbers, and class names are nobody's business."""

    @override
    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        number: Schema = {"type": "number"}
        self.update_with_validations(number, dict(schema), self.ValidationsMapping.numeric)
        return number

    @override
    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made, model = super().model_schema(schema), schema["cls"]
        meanings = _meanings(model)
        for name, field in model.model_fields.items():
            if name in meanings:
                made["properties"][field.alias or name].setdefault("description", meanings[name])
        return made

    @override
    def encode_default(self, dflt: object) -> object:
        return _plain(dflt)

    @override
    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return what each field of a model is for: the text below it in the code. Read only here; a run needs none of it."""
    ancestry = (base for base in reversed(model.__mro__) if issubclass(base, BaseModel))
    return {
        name: text for base in ancestry if base is not BaseModel for name, text in _own_meanings(base).items()
    }


@lru_cache(maxsize=128)
def _own_meanings(model: type[BaseModel]) -> dict[str, str]:
    try:
        code = inspect.getsource(model)
    except OSError:  # installed without its source: nothing is said of what fields mean
        return {}
    return dict(_texts_below_fields(ast.parse(dedent(code)).body[0]))


def _texts_below_fields(model: ast.AST) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(ast.iter_child_nodes(model)):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
            case _:
                pass


def _plain(value: object) -> object:
    """Return a default as JSON; a decimal becomes the number that an author would write."""
    match value:
        case BaseModel():
            return _plain(value.model_dump())
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _cleaned(schema: Schema) -> Schema:
    names = _STANDARD_BOUNDS | (_LIST_BOUNDS if schema.get("type") == "array" else {})
    node = {
        names.get(keyword, keyword): _plain(value)
        for keyword, value in schema.items()
        if not _is_noise(keyword, value)
    }
    _replace_subschemas(node)
    if "patternProperties" in node:
        node.setdefault("additionalProperties", False)  # a key that fits no pattern is refused
    return node


def _is_noise(keyword: str, value: object) -> bool:
    """Titles are names of classes; defaults that are mappings, or nothing, would be written into files by editors."""
    return keyword == "title" or (keyword == "default" and (value is None or isinstance(value, Mapping)))


def _replace_subschemas(node: Schema) -> None:
    _replace(node, _HOLDS_ONE, _cleaned_or_boolean)
    _replace(node, _HOLDS_SOME, lambda options: [_cleaned(option) for option in options])
    _replace(node, _HOLDS_NAMED, lambda named: {name: _cleaned(item) for name, item in named.items()})


def _replace(node: Schema, keywords: Sequence[str], change: Callable[[Any], object]) -> None:
    node.update({keyword: change(node[keyword]) for keyword in keywords if keyword in node})


def _cleaned_or_boolean(schema: Schema | bool) -> Schema | bool:  # noqa: FBT001 - JSON Schema's own true and false
    return schema if isinstance(schema, bool) else _cleaned(schema)
