"""The words and the small parts that golden cases share: names, orders, JSON, expressions that take linear time.

Words that events have too stand here a second time: files are read below the room of events. A test holds them equal.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from agentctl.contract.base import Document, Text
from agentctl.foundation.canonical import JsonValue

Order = Literal["strict", "unordered", "subset", "superset", "in_order", "exact", "any_order", "contains"]
"""`strict` (or `exact`): the same calls in the same order, and no others; `unordered` (or `any_order`): the same calls in
any order; `subset`: no call but the expected ones, some may be missing; `superset` (or `contains`): all the expected
ones, others may be there too; `in_order`: all the expected ones in this order, others may stand between them."""

ArgumentMode = Literal["exact", "ignore", "subset", "superset"]
"""`exact`: the same arguments; `ignore`: any; `subset`: none but the expected ones, some may be missing; `superset`: all the
expected ones, others may be there too."""

Decision = Literal["allow", "deny", "needs_approval"]
"""What policy says of a call."""

Stage = Literal[
    "registered",
    "well_formed",
    "read_only",
    "permitted",
    "affordable",
    "progressing",
    "approved",
    "credentialed",
]
"""Where a call can be refused."""

Meter = Literal[
    "steps",
    "tool_calls",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "refusals",
    "wall_clock_seconds",
    "bytes",
    "open_approvals",
    "approval_requests",
    "repeats",
    "near_repeats",
    "same_errors",
]
"""A ceiling of a run."""

LoopKind = Literal["same_call", "near_duplicate", "same_error", "cycle"]
"""What was done again and again."""

RunEnd = Literal[
    "answered", "denied", "waiting", "in_doubt", "budget", "loop", "provider_failed", "interrupted"
]
"""How a run stops; `waiting`: for somebody's approval."""

CallEnd = Literal[
    "ok",
    "error",
    "refused",
    "waiting",
    "open",
    "unknown",
    "in_doubt",
    "executed",
    "not_executed",
    "retry",
    "proposed",
]
"""What became of a call; `error`: it failed and had no effect."""

ApprovalEnd = Literal["granted", "edited", "denied", "expired", "waiting"]
"""What became of an approval request; `edited`: granted with other arguments."""


def _as_json(value: object) -> object:
    """Take YAML's exact numbers as JSON's, all the way down."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Mapping():
            return {key: _as_json(item) for key, item in value.items()}
        case list():
            return [_as_json(item) for item in value]
        case _:
            return value


Json = Annotated[JsonValue, BeforeValidator(_as_json)]
"""Any JSON."""

JsonObject = Annotated[dict[str, JsonValue], BeforeValidator(_as_json)]
"""A JSON object."""

AnyTool = Annotated[str, Field(min_length=1, max_length=256)]
"""A tool by the name that was asked for; it may not exist."""

Count = Annotated[int, Field(ge=0, le=10**9)]
"""How many."""


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def finds(pattern: str, text: str) -> bool:
    """Return whether an expression is found in a text. It takes time in proportion to the text, whatever the expression."""
    try:
        _compiled(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


def _an_expression(text: str) -> str:
    try:
        _compiled(text)
    except (SchemaError, UnicodeError) as error:
        why = str(error).rpartition("error: ")[2].splitlines()[0].strip()
        raise ValueError(
            f"`value` is not a regular expression that takes linear time (no look-around, no back-reference): {why}"
        ) from error
    return text


Expression = Annotated[Text, AfterValidator(_an_expression)]
"""A regular expression that takes linear time: no look-around, no back-references."""


MOST: Final = 200
"""How many calls or rows an assertion may name; to pair more of them with others would take long."""


class ExpectedCall(Document):
    """A tool call that is expected."""

    tool: AnyTool
    """The tool, by the name that is asked for; it may not exist."""
    arguments: JsonObject | None = None
    """Its arguments, compared as the mode for arguments says; absent: any."""
