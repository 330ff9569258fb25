"""A request as Cedar takes it, every value built by its type: never the model's own JSON, which may pose as an entity.

Cedar reads it by the schema: a text is a decimal, a time or the name of an entity only where the schema says so.

A value that does not fit its type is an error, and an error denies. A fact is never rounded: one that Cedar cannot carry
exactly is an error where a policy speaks of it, and is left out where none does. What a run has spent is rounded up.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Final

from msgspec import Struct

from agentctl.contract.tool import HttpExecutor, ToolDescriptor
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.clock import from_rfc3339
from agentctl.foundation.errors import InternalError
from agentctl.foundation.money import parse_decimal, plain
from agentctl.foundation.pointer import joined
from agentctl.policy.cedar.argument_types import CedarType, RecordOf, Scalar, SetOf
from agentctl.policy.cedar.schema import CedarSchema, ToolTypes
from agentctl.policy.cedar.view import EVERYTHING, View
from agentctl.policy.engine import PolicyRequest, ToolHistory

_LONG: Final = 2**63
_PLACES: Final = 4
_LARGEST: Final = Decimal("922337203685477.5807")
_SMALLEST_STEP: Final = Decimal("0.0001")
_MILLISECONDS: Final = 23  # as much of `2026-11-22T22:37:00.123456Z` as Cedar's times carry
_EVERY_LABEL: Final = ("private", "untrusted")
_NEVER_CALLED: Final = ToolHistory()
_COMPACT: Final = json.JSONEncoder(separators=(",", ":"))
_BUILT: Final = "_cedar"


class NotFitting(ValueError):
    """Raised when a value does not fit the type Cedar knows it by; the message says which."""


class _Built(Struct, frozen=True):
    """A context under one schema, and the facts that it lacks because Cedar cannot carry them."""

    schema: CedarSchema
    context: JsonObject
    uncarried: Mapping[str, str]

    @classmethod
    def of(cls, request: PolicyRequest, types: ToolTypes, schema: CedarSchema) -> "_Built":
        """Return what Cedar is shown of a request, whatever the policies look at."""
        shown = {
            name: _fact(kind, request.facts[name])
            for name, kind in types.facts.items()
            if name in request.facts
        }
        context: dict[str, JsonValue] = {
            "args": _record(types.args, request.arguments, "args"),
            "facts": {name: text for name, text in shown.items() if text is not None},
            "sources": _sources(request, types),
            "run": _run(request),
            "agent": _uid("Agent", request.actor),
            "environment": _uid("Environment", request.environment),
            "risk_tier": request.risk_tier,
            "approval": {"granted": request.approval_granted},
            "labels_seen": [_string(label, "labels_seen") for label in request.labels_seen],
            "history": _history(request, schema),
            "now": _moment(request.now),
        }
        return cls(
            schema, context, {name: request.facts[name] for name, text in shown.items() if text is None}
        )


class ContextBuilder(Struct, frozen=True):
    """Builds contexts for one schema. `named` are all attributes that the policies speak of.

    A context is built once for a request and kept with it: several sets with one schema are asked about the same call.
    """

    schema: CedarSchema
    named: Collection[str]

    def text(self, request: PolicyRequest, view: View = EVERYTHING) -> str:
        """Return what is seen of the context of a request, in Cedar's JSON form.

        Raises:
            NotFitting: a value does not fit its type, seen or not.
        """
        types = self.schema.tools.get(request.tool)
        if types is None:
            raise NotFitting(f"`{request.tool}` is no tool of the schema")
        built = self._built(request, types)
        for name, text in built.uncarried.items():
            if name in self.named:
                raise NotFitting(
                    f"the fact `{name}` is {text}, which a decimal of {_PLACES} places cannot be"
                )
        return _COMPACT.encode(view.of_value(built.context))

    def _built(self, request: PolicyRequest, types: ToolTypes) -> _Built:
        kept: dict[str, _Built] = vars(request)
        built = kept.get(_BUILT)
        if built is None or built.schema is not self.schema:
            built = kept[_BUILT] = _Built.of(request, types, self.schema)
        return built


class Cast(Struct, frozen=True):
    """Who and what takes part in all calls of a run."""

    principal: tuple[str, str, str]
    teams: tuple[str, ...]
    agent: tuple[str, str]
    environment: tuple[str, str]

    @classmethod
    def of(cls, request: PolicyRequest) -> "Cast":
        """Return who takes part in a call."""
        principal = request.principal
        return cls(
            (principal.id, principal.kind, principal.assurance),
            request.teams,
            (request.actor, request.owner),
            (request.environment, request.environment_kind),
        )

    def entities(self, tools: Mapping[str, ToolDescriptor]) -> str:
        """Return all entities in Cedar's JSON form."""
        name, kind, assurance = self.principal
        agent, owner = self.agent
        environment, environment_kind = self.environment
        teams = [_uid("Team", team) for team in dict.fromkeys((*self.teams, owner))]
        parents = [_uid("Team", team) for team in dict.fromkeys(self.teams)]
        entities = [
            _entity(_uid("User", name), {"kind": kind, "assurance": assurance}, parents),
            _entity(_uid("Agent", agent), {"owner": {"__entity": _uid("Team", owner)}}),
            _entity(_uid("Environment", environment), {"kind": environment_kind}),
            *(_entity(team, {}) for team in teams),
            *(_entity(_uid("Tool", tool), _tool(descriptor)) for tool, descriptor in tools.items()),
        ]
        return json.dumps(entities)


def decimal_text(text: str) -> str | None:
    """Return a number as Cedar writes it; None where it has more places than Cedar carries, or is too large."""
    number = parse_decimal(text)
    whole, _, places = plain(number).partition(".")
    if len(places) > _PLACES or abs(number) > _LARGEST:
        return None
    return f"{whole}.{places or '0'}"


def _fact(kind: Scalar, text: str) -> str | None:
    return decimal_text(text) if kind == "decimal" else text


def _run(request: PolicyRequest) -> JsonValue:
    run = request.run
    spent = decimal_text(plain(run.cost_usd.quantize(_SMALLEST_STEP, rounding=ROUND_CEILING)))
    if spent is None:
        raise NotFitting(f"a run that cost {plain(run.cost_usd)} USD")
    return {
        "id": run.id,
        "kind": run.kind,
        "step": _long(request.step, "run.step"),
        "cost_usd": spent,
        "tool_calls": run.tool_calls,
        "input_tokens": run.input_tokens,
        "output_tokens": run.output_tokens,
    }


def _sources(request: PolicyRequest, types: ToolTypes) -> dict[str, JsonValue]:
    """Return where each argument came from; of one that nobody speaks of, everything seen so far may be the source."""
    everything = tuple(request.labels)
    return {
        name: _source(request, request.sources.get(joined("", name), everything))
        for name in types.named
        if name in request.arguments
    }


def _source(request: PolicyRequest, ids: tuple[str, ...]) -> JsonValue:
    """Return source ids with their labels; a source that nobody knows has every label."""
    labels = {label for source in ids for label in request.labels.get(source, _EVERY_LABEL)}
    return {"ids": list(ids), "labels": sorted(labels)}


def _history(request: PolicyRequest, schema: CedarSchema) -> dict[str, JsonValue]:
    return {
        tool: _called(request.history.get(tool, _NEVER_CALLED), facts)
        for tool, facts in schema.history.items()
    }


def _called(history: ToolHistory, facts: tuple[str, ...]) -> JsonValue:
    return {
        "ok": history.ok,
        "failed": history.failed,
        "refused": history.refused,
        "in_doubt": history.in_doubt,
        "facts": {name: list(history.facts.get(name, ())) for name in facts},
    }


def _value(kind: CedarType, value: JsonValue, at: str) -> JsonValue:
    match kind:
        case RecordOf():
            return _record(kind, value, at)
        case SetOf(element):
            return [_SCALARS[element](item, at) for item in _items(value, at)]
        case _:
            return _SCALARS[kind](value, at)


def _record(kind: RecordOf, value: JsonValue, at: str) -> dict[str, JsonValue]:
    if not isinstance(value, Mapping):
        raise NotFitting(f"`{at}` is no object")
    if not kind.partial and not kind.members.keys() >= value.keys():
        raise NotFitting(f"`{at}` has members that its schema does not name")
    missing = [name for name, member in kind.members.items() if member.required and name not in value]
    if missing:
        raise NotFitting(f"`{at}` lacks `{missing[0]}`")
    return {
        name: _value(member.type, value[name], f"{at}.{name}")
        for name, member in kind.members.items()
        if name in value
    }


def _items(value: JsonValue, at: str) -> Sequence[JsonValue]:
    if not isinstance(value, list | tuple):
        raise NotFitting(f"`{at}` is no array")
    return value


def _moment(text: str) -> str:
    """Return a moment as Cedar reads it."""
    from_rfc3339(text)
    return f"{text[:_MILLISECONDS]}Z"


def _string(value: JsonValue, at: str) -> JsonValue:
    if type(value) is not str or not _is_text(value):
        raise NotFitting(f"`{at}` is no text")
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    return True


def _long(value: JsonValue, at: str) -> JsonValue:
    if type(value) is not int or not -_LONG <= value < _LONG:
        raise NotFitting(f"`{at}` is no whole number of 64 bits")
    return value


def _boolean(value: JsonValue, at: str) -> JsonValue:
    if type(value) is not bool:
        raise NotFitting(f"`{at}` is no boolean")
    return value


def _no_argument(value: JsonValue, at: str) -> JsonValue:
    raise InternalError(f"`{at}` has a type that no argument has: {type(value).__name__}")


_SCALARS: Final[Mapping[Scalar, Callable[[JsonValue, str], JsonValue]]] = {
    "String": _string,
    "Long": _long,
    "Boolean": _boolean,
    "decimal": _no_argument,
    "datetime": _no_argument,
}


def _uid(kind: str, name: str) -> dict[str, JsonValue]:
    return {"type": kind, "id": name}


def _entity(
    uid: JsonValue, attributes: Mapping[str, JsonValue], parents: Sequence[JsonValue] = ()
) -> JsonValue:
    return {"uid": uid, "attrs": attributes, "parents": parents}


def _tool(descriptor: ToolDescriptor) -> dict[str, JsonValue]:
    executor, trust = descriptor.executor, descriptor.trust
    return {
        "effect": descriptor.effect,
        "risk_tier": descriptor.tier,
        "backend": executor.backend if isinstance(executor, HttpExecutor) else "",
        "reads_untrusted": trust.reads_untrusted,
        "reads_private": trust.reads_private,
        "external_effect": trust.external_effect,
    }
