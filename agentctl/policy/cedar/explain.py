"""What each rule of a Cedar policy set makes of one request: which of its conditions hold, and what they looked at.

Every condition is asked of Cedar by itself, on the same request. Nothing here decides about a call.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

import cedarpy
from msgspec import Struct

from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.policy.cedar.conditions import opposite, parts_of, paths_in
from agentctl.policy.cedar.request import Cast, ContextBuilder, NotFitting
from agentctl.policy.cedar.rules import Rule, read_rules
from agentctl.policy.cedar.schema import CedarSchema
from agentctl.policy.cedar.text import scope_text, text_of
from agentctl.policy.engine import PolicyRequest

_ALL: Final[JsonObject] = {"op": "All"}


class Condition(Struct, frozen=True):
    """One condition of a rule. `holds` is None where it cannot be told; `seen` is what it speaks of, with values."""

    text: str
    holds: bool | None
    seen: Mapping[str, JsonValue]


class RuleView(Struct, frozen=True):
    """A rule that could take the call, and its conditions. It matches if all of them hold."""

    rule: Rule
    conditions: tuple[Condition, ...]

    @property
    def matches(self) -> bool:
        """Whether it matches the call."""
        return all(condition.holds for condition in self.conditions)


def rule_views(
    texts: Mapping[str, str], tools: Mapping[str, ToolDescriptor], request: PolicyRequest
) -> tuple[RuleView, ...]:
    """Return the rules of a policy set whose scope names the call's tool, or no tool, with what each makes of it.

    Without a context there is no view: a request that Cedar cannot be shown is refused before any rule is asked.
    """
    schema = CedarSchema.of(tools)
    try:
        context = ContextBuilder(schema, frozenset()).text(request)
    except NotFitting:
        return ()
    effect = request.descriptor.effect
    handle = cedarpy.Schema.from_json_str(schema.text)
    entities = cedarpy.Entities.from_json_str(Cast.of(request).entities(tools), handle)
    desk = _Desk(handle, entities, request, context)
    rules = (rule for rule in read_rules(texts).rules if rule.applies_to(request.tool, effect))
    return tuple(RuleView(rule, tuple(desk.conditions(rule))) for rule in rules)


class _Desk(Struct, frozen=True):
    """Asks Cedar single conditions about one request."""

    schema: cedarpy.Schema
    entities: cedarpy.Entities
    request: PolicyRequest
    context: str

    def conditions(self, rule: Rule) -> Iterator[Condition]:
        """Yield the conditions of a rule: what its scope says of principal and resource, then `when` and `unless`."""
        for which in ("principal", "resource"):
            scope = rule.body[which]
            if scope != _ALL and isinstance(scope, Mapping):
                yield self._scope(which, scope)
        for part, shown in _written(rule.body):
            holds = self._ask({"conditions": [{"kind": "when", "body": part}]})
            yield Condition(shown, holds, dict(self._seen(part)))

    def _scope(self, which: str, scope: JsonObject) -> Condition:
        return Condition(scope_text(which, scope), self._ask({which: scope}), {})

    def _ask(self, changed: JsonObject) -> bool | None:
        answer = cedarpy.is_authorized(
            {
                "principal": {"type": "User", "id": self.request.principal.id},
                "action": {"type": "Action", "id": self.request.tool},
                "resource": {"type": "Tool", "id": self.request.tool},
                "context": self.context,
            },
            cedarpy.PolicySet.from_json_str(json.dumps(_only(changed))),
            self.entities,
            self.schema,
        )
        return None if answer.diagnostics.errors else answer.allowed

    def _seen(self, part: JsonObject) -> Iterator[tuple[str, JsonValue]]:
        document = _document(self.request, json.loads(self.context))
        for path in dict.fromkeys(paths_in(part)):
            yield ".".join(path), _plain(_at(document, path))


def _only(changed: JsonObject) -> JsonObject:
    """Return a policy set of one permit that takes everything, but for what is changed."""
    permit: JsonObject = {
        "effect": "permit",
        "principal": _ALL,
        "action": _ALL,
        "resource": _ALL,
        "conditions": [],
        **changed,
    }
    return {"staticPolicies": {"only": permit}, "templates": {}, "templateLinks": []}


def _written(body: JsonObject) -> Iterator[tuple[JsonObject, str]]:
    """Yield every condition as it is written, with the expression that must hold for it."""
    conditions = body["conditions"]
    for item in conditions if isinstance(conditions, list) else ():
        inner = item["body"] if isinstance(item, Mapping) else None
        if not isinstance(inner, Mapping):
            continue
        if item["kind"] == "unless":
            yield opposite(inner), f"unless {text_of(inner)}"
        else:
            yield from ((part, text_of(part)) for part in parts_of(inner))


def _document(request: PolicyRequest, context: JsonObject) -> JsonObject:
    """Return everything that conditions can speak of, entities with their attributes."""
    descriptor, principal, trust = request.descriptor, request.principal, request.descriptor.trust
    return {
        "context": {
            **context,
            "environment": {"kind": request.environment_kind},
            "agent": {"owner": f"Team::{request.owner}"},
        },
        "principal": {"kind": principal.kind, "assurance": principal.assurance},
        "resource": {
            "effect": descriptor.effect,
            "risk_tier": descriptor.tier,
            "reads_untrusted": trust.reads_untrusted,
            "reads_private": trust.reads_private,
            "external_effect": trust.external_effect,
        },
    }


def _at(document: JsonValue, path: tuple[str, ...]) -> JsonValue:
    for part in path:
        document = document.get(part) if isinstance(document, Mapping) else None
    return document


def _plain(value: JsonValue) -> JsonValue:
    """Return a value without Cedar's wrappings."""
    match value:
        case {"__extn": {"arg": arg}}:
            return arg
        case {"__entity": {"type": kind, "id": name}}:
            return f"{kind}::{name}"
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
