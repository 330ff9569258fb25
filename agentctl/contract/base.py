"""What all models of YAML files share: frozen, strict, nothing unknown."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
)

from agentctl.foundation.money import parse_decimal, plain


class Document(BaseModel):
    """A part of a YAML file: frozen, no unknown keys, no silent conversions; every field says what it is for.

    A model is built when its first document is read: no command needs them all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


def later(default: object) -> Any:
    """Return a field that a later version added; where it has its default it is not written.

    Documents that do not use it keep their digest, and what was approved or recorded under it stays what it was.
    """
    return Field(default=default, exclude_if=lambda value: value == default)


def _number_as_decimal(value: object, info: ValidationInfo) -> object:
    """Take whole numbers as amounts, and decimal text too where a recorded version is read; in YAML that is mere text."""
    if isinstance(value, str) and info.mode == "json":
        return parse_decimal(value)
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""An agent, team, environment or alias: lower-case ASCII letters, digits, `_`, `-`."""

ToolName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}\.[a-z0-9_-]{1,63}$")]
"""A namespaced tool: `zendesk.read_ticket`."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
"""Some text that must not be empty."""

Reference = Annotated[str, StringConstraints(min_length=1, max_length=512)]
"""A path inside the project, relative to the file that names it."""

Pointer = Annotated[str, StringConstraints(pattern=r"^(/[^/]*)*$", max_length=512)]
"""A JSON pointer (RFC 6901)."""

IsoDate = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
"""A day: `2026-11-22`."""

Amount = Annotated[
    Decimal,
    BeforeValidator(_number_as_decimal),
    Field(ge=0, le=10**12),
    PlainSerializer(plain, return_type=str, when_used="json"),
]
"""A sum of money or a rate; exact, never negative."""

AsTuple = Field(strict=False)
"""Lets a YAML list fill a tuple, so that a frozen document is frozen all the way down; what is in it converts nothing."""
