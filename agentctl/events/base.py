"""What all events share, and the small parts that several families use."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    PlainSerializer,
)
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypeAliasType

from agentctl.contract.base import AsTuple
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.money import parse_decimal, plain


def _decimal_from_text(value: object) -> object:
    return parse_decimal(value) if isinstance(value, str) else value


Usd = Annotated[Decimal, BeforeValidator(_decimal_from_text), PlainSerializer(plain, return_type=str)]
"""US dollars, exact; decimal text in the journal."""


_Held = TypeAliasType(
    "_Held", "str | dict[str, _Held] | list[_Held] | tuple[_Held, ...] | bool | int | float | None"
)


def _held_as(held: object) -> GetPydanticSchema:
    """Return how JSON is checked by what holds it here; sequences and mappings of any kind would be gone through in Python."""

    def schema(_asked: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = {"serialization": core_schema.simple_ser_schema("any")}
        return cast("CoreSchema", {**handler.generate_schema(held), **written})

    return GetPydanticSchema(schema)


Json = Annotated[JsonValue, _held_as(_Held)]
"""JSON of any form, in dicts, lists and tuples."""

Object = Annotated[JsonObject, _held_as(dict[str, _Held])]
"""A JSON object."""


def later(default: object = None) -> Any:
    """Return a field that version 2 added; where it has its default it is not written."""
    return Field(default=default, exclude_if=lambda value: value == default)


Texts = Annotated[tuple[str, ...], AsTuple]
"""Several texts, in order."""


class Part(BaseModel):
    """A part of an event: frozen, no unknown keys, no silent conversions. A model is built when it is first used."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, defer_build=True, ser_json_inf_nan="constants"
    )


class Event(Part):
    """One thing that happened. Asked and answered are two events; no event is ever changed."""

    type: ClassVar[str]
    """The event's name in the journal: `tool.intent`."""


class Principal(Part):
    """For whom an action is done, and how sure we are of it."""

    id: str
    """The name: `casey`, `system:sandbox-reviewer`."""
    kind: Literal["user", "system"]
    """A person, or a rule of the platform."""
    assurance: Literal["asserted", "authenticated", "platform"]
    """`asserted`: somebody said so; `authenticated`: proved to us; `platform`: our own rule, no claim involved."""


class Reservation(Part):
    """What one attempt may use at most, or what it did use."""

    tool_calls: int = 0
    """Attempts of tool calls."""
    input_tokens: int = 0
    """Input tokens."""
    output_tokens: int = 0
    """Output tokens."""
    cost_usd: Usd = Decimal(0)
    """US dollars."""
    bytes: int = later(0)
    """Bytes of arguments sent to tools and of results taken from them."""


class Source(Part):
    """Where a piece of the conversation came from."""

    id: str
    """`input`, `instructions`, or the id of the call whose result it is."""
    labels: Texts = ()
    """Trust labels: `untrusted`, `private`."""
