"""The JSON Schema that editors read."""

import json
from decimal import Decimal
from typing import Annotated, Literal

import jsonschema
import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agentctl.contract.json_schema import DIALECT, export_schema

Name = Annotated[str, Field(pattern=r"^[a-z]+$")]
Exact = Annotated[Decimal, BeforeValidator(lambda value: value), Field(ge=0, lt=10)]


class Part(BaseModel):
    """A part of the document."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Price(Part):
    """What it costs."""

    usd: Decimal = Field(default=Decimal("0.25"), gt=0, le=Decimal("99.5"))
    """In US dollars."""
    whole: Exact = Decimal(2)
    """Bounded behind a conversion."""


class Card(Part):
    """Paid by card."""

    type: Literal["card"]


class Cash(Part):
    """Paid in cash."""

    type: Literal["cash"]
    title: str = "cash"
    """A key that is called like a keyword."""
    ge: int = 1
    """Another one."""


class Order(Part):
    """An order."""

    effect: Literal["read", "write"] = "read"
    """What it does."""
    price: Price = Price()
    """A default that is a mapping."""
    items: Annotated[tuple[str, ...], BeforeValidator(lambda value: value), Field(min_length=1, max_length=3)]
    """Bounded behind a conversion."""
    defaults: tuple[Decimal, ...] = (Decimal("0.5"), Decimal(1))
    """A default that is a list."""
    by_name: dict[Name, int] = Field(default_factory=dict)
    """Keys of one form."""
    payment: Annotated[Card | Cash, Field(discriminator="type")]
    """How it is paid."""
    note: str | None = None
    """Said beside it."""


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    """The schema of an order, as it is written to a file."""
    result: dict[str, object] = json.loads(json.dumps(export_schema(Order, "Order of things")))
    return result


def test_it_is_a_schema_of_the_named_dialect(schema: dict[str, object]) -> None:
    """The schema says which dialect it is of, and is valid in it."""
    jsonschema.Draft202012Validator.check_schema(schema)
    assert (schema["$schema"], schema["title"]) == (DIALECT, "Order of things")


def test_the_whole_schema_of_a_small_model() -> None:
    """Decimals are numbers with standard bounds, class names do not appear, unknown keys are refused."""
    assert export_schema(Price, "Price") == {
        "$schema": DIALECT,
        "title": "Price",
        "description": "What it costs.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "usd": {
                "type": "number",
                "exclusiveMinimum": 0,
                "maximum": 99.5,
                "default": 0.25,
                "description": "In US dollars.",
            },
            "whole": {
                "type": "number",
                "minimum": 0,
                "exclusiveMaximum": 10,
                "default": 2,
                "description": "Bounded behind a conversion.",
            },
        },
    }


def test_every_part_is_described_and_closed(schema: dict[str, object]) -> None:
    """Each definition has its description and takes no other keys; each key says what it is for."""
    definitions: dict[str, dict[str, object]] = schema["$defs"]  # type: ignore[assignment]  # it is a JSON object
    assert sorted(definitions) == ["Card", "Cash", "Price"]
    assert all(part["additionalProperties"] is False and part["description"] for part in definitions.values())


def test_keys_that_are_called_like_keywords_survive(schema: dict[str, object]) -> None:
    """Cleaning touches keywords, not the keys of documents."""
    assert list(schema["$defs"]["Cash"]["properties"]) == ["type", "title", "ge"]  # type: ignore[index]  # as above


def test_defaults_are_what_an_author_would_write(schema: dict[str, object]) -> None:
    """Scalars and lists are offered as defaults; mappings and nothing are not."""
    properties: dict[str, dict[str, object]] = schema["properties"]  # type: ignore[assignment]  # as above
    defaults = {name: node["default"] for name, node in properties.items() if "default" in node}
    assert defaults == {"effect": "read", "defaults": [0.5, 1]}


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"price": {"usd": 1.5}}, True),
        ({"price": {"usd": "1.5"}}, False),
        ({"price": {"whole": 10}}, False),
        ({"effect": "delete"}, False),
        ({"effekt": "read"}, False),
        ({"items": []}, False),
        ({"items": ["a", "b", "c", "d"]}, False),
        ({"by_name": {"abc": 1}}, True),
        ({"by_name": {"ABC": 1}}, False),
        ({"payment": {"type": "cash", "ge": 3}}, True),
        ({"payment": {"type": "card", "ge": 3}}, False),
        ({"note": None}, True),
    ],
)
def test_an_editor_judges_as_the_model_does(
    schema: dict[str, object],
    change: dict[str, object],
    valid: bool,  # noqa: FBT001
) -> None:
    """What the schema takes and refuses is what the model takes and refuses."""
    document = {"items": ["a"], "payment": {"type": "card"}, **change}
    assert jsonschema.Draft202012Validator(schema).is_valid(document) is valid


def test_the_same_model_gives_the_same_text() -> None:
    """The exported file changes only when the model does."""
    assert json.dumps(export_schema(Order, "x")) == json.dumps(export_schema(Order, "x"))


class Renamed(Part):
    """A field that has another name in files."""

    checks: tuple[str, ...] = Field(default=(), alias="assert")
    """What must hold."""
    said: str = Field(default="", description="Said where the field is made.")
    """Said below it."""


class Inherited(Renamed):
    """Adds a field to what it inherits."""

    note: str = ""


def test_what_stands_below_a_field_says_what_it_is_for() -> None:
    """A field's text is found under the name that files use, in the model that first has it; a description of its own goes first."""
    properties = export_schema(Inherited, "")["properties"]
    assert {name: node.get("description") for name, node in properties.items()} == {
        "assert": "What must hold.",
        "said": "Said where the field is made.",
        "note": None,
    }


def test_a_model_without_its_source_has_a_schema_without_meanings() -> None:
    """Where the code cannot be read the schema is made all the same."""
    model = type("Unread", (Part,), {"__annotations__": {"note": str}, "__module__": __name__})
    assert "description" not in export_schema(model, "")["properties"]["note"]
