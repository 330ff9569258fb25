"""Events for tests: a hypothesis strategy for each type, read from its fields, and a few plain ones."""

from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from hypothesis import strategies as st

from agentctl.events.base import Event, Part
from agentctl.events.record import AnyEvent
from agentctl.events.run import RunFinished, RunSuspended
from agentctl.events.tool import ToolInDoubt, ToolProposed
from agentctl.foundation.canonical import JsonObject, JsonValue

_SAFE = 2**53 - 1

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
"""Text of any characters."""

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-_SAFE, _SAFE)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
"""JSON values that have a canonical form."""

_LEAVES: dict[object, st.SearchStrategy[object]] = {
    str: texts,
    int: st.integers(-_SAFE, _SAFE),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    Decimal: st.decimals(-1_000_000, 1_000_000, places=6),
    NoneType: st.none(),
    JsonValue: json_values,
    JsonObject: st.dictionaries(texts, json_values, max_size=3),
}


def events_of(kind: type[Event]) -> st.SearchStrategy[AnyEvent]:
    """Return a strategy for all events of one type."""
    return _parts(kind)  # type: ignore[return-value]  # the caller asks with a type of that union


def _parts(kind: type[Part]) -> st.SearchStrategy[Part]:
    return st.builds(kind, **{name: _values(field.annotation) for name, field in kind.model_fields.items()})


def _values(annotation: object) -> st.SearchStrategy[object]:
    inner = get_args(annotation)
    match get_origin(annotation):
        case None if annotation in _LEAVES:
            return _LEAVES[annotation]
        case None if isinstance(annotation, type) and issubclass(annotation, Part):
            return _parts(annotation)
        case origin if origin is Literal:
            return st.sampled_from(inner)
        case origin if origin is Annotated:
            return _values(inner[0])
        case origin if origin is Union or origin is UnionType:
            return st.one_of([_values(one) for one in inner])
        case origin if origin is tuple:
            return st.lists(_values(inner[0]), max_size=3).map(tuple)
        case origin if origin is dict:
            return st.dictionaries(_values(inner[0]), _values(inner[1]), max_size=3)
        case _:
            raise AssertionError(f"no strategy for {annotation!r}")


def proposed(call: str = "RUN/1/0", arguments: JsonValue = None) -> ToolProposed:
    """Return a proposal of a call."""
    return ToolProposed(
        call=call, step=1, tool="refund_charge", arguments=arguments, arguments_digest=None, sources=None
    )


def a_few_events() -> tuple[AnyEvent, ...]:
    """Return five different events, with text beyond ASCII and numbers that canonical JSON rewrites."""
    return (
        proposed(arguments={"charge": "ch_1", "amount": 49.0, "big": 1e20, "note": "Zoë — 5 €\r\n\t\x07"}),
        ToolInDoubt(call="RUN/1/0", reason="the connection broke"),
        RunSuspended(reason="in_doubt", detail="say what became of it", waiting_for=("RUN/1/0",)),
        proposed(call="RUN/2/0", arguments=[1, -0.0, 1e-7, None, True, {"": []}]),
        RunFinished(status="answered", answer="done"),
    )
