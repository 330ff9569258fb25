"""The Cedar schema of some tools: every request is checked against it, and every policy before it judges anything.

    principal   User in Team         kind, assurance
    action      one for each tool    in `Action::"read"`, `Action::"write"` or `Action::"irreversible"`
    resource    Tool                 effect, risk_tier, backend (empty where it has none), what it does to trust
    context     args, facts, sources, run, agent, environment, risk_tier, approval, labels_seen, history, now

Facts are optional, always: one that cannot be computed is absent. `history` has every tool of the schema. Pure.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Final, get_args

from msgspec import Struct

from agentctl.contract.tool import Effect, Fact, ToolDescriptor
from agentctl.foundation.canonical import JsonObject, JsonValue, canonical_bytes
from agentctl.policy.cedar.argument_types import (
    CedarType,
    Member,
    RecordOf,
    Scalar,
    SetOf,
    Uncarried,
    arguments_type,
)
from agentctl.policy.cedar.view import EVERYTHING, View

GROUPS: Final[tuple[Effect, ...]] = get_args(Effect)
"""Every action is in the group of its tool's effect, and in no other."""


class ToolTypes(Struct, frozen=True):
    """What Cedar is shown of one tool's calls, and what of their arguments it cannot be shown.

    `named` are the arguments whose sources are shown, carried themselves or not.
    """

    effect: Effect
    args: RecordOf
    facts: Mapping[str, Scalar]
    named: tuple[str, ...]
    uncarried: tuple[Uncarried, ...]

    @classmethod
    def of(cls, descriptor: ToolDescriptor) -> "ToolTypes":
        """Return the types of a tool's calls."""
        args, uncarried = arguments_type(descriptor.arguments)
        declared = descriptor.arguments.get("properties", {})
        named = tuple(declared) if isinstance(declared, Mapping) else ()
        facts = {name: _fact_type(fact) for name, fact in descriptor.facts.items()}
        totals = {f"{name}_total" for name, fact in descriptor.facts.items() if fact.total_per is not None}
        return cls(
            effect=descriptor.effect,
            args=args,
            facts={**facts, **dict.fromkeys(totals, "decimal")},
            named=tuple(name for name in named if not name.startswith("__")),
            uncarried=uncarried,
        )


class CedarSchema(Struct, frozen=True, dict=True):
    """The types of some tools, by name."""

    tools: Mapping[str, ToolTypes]
    history: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, descriptors: Mapping[str, ToolDescriptor]) -> "CedarSchema":
        """Return the schema of some tools."""
        return cls(
            {name: ToolTypes.of(descriptor) for name, descriptor in descriptors.items()},
            {name: tuple(descriptor.facts) for name, descriptor in descriptors.items()},
        )

    @property
    def uncarried(self) -> dict[str, tuple[Uncarried, ...]]:
        """What Cedar cannot be shown, by tool; a policy that speaks of it fails its check."""
        return {name: types.uncarried for name, types in self.tools.items() if types.uncarried}

    @cached_property
    def text(self) -> str:
        """The schema in Cedar's JSON form."""
        return self.text_for({})

    def text_for(self, views: Mapping[str, View]) -> str:
        """Return the schema in which calls of some tools carry only what is seen of their context."""
        common: dict[str, JsonValue] = {"History": _rendered(self._history()), **_COMMON_TYPES}
        groups: dict[str, JsonValue] = {group: {} for group in GROUPS}
        actions = {
            name: _action(types, views.get(name, EVERYTHING).of_attributes(_context(types), common))
            for name, types in self.tools.items()
        }
        document: JsonValue = {
            "entityTypes": _ENTITY_TYPES,
            "commonTypes": common,
            "actions": {**groups, **actions},
        }
        return canonical_bytes({"": document}).decode()

    def _history(self) -> RecordOf:
        return RecordOf(
            {name: Member(_history_of(facts), required=True) for name, facts in self.history.items()}
        )


def _action(types: ToolTypes, context: JsonObject) -> JsonValue:
    return {
        "memberOf": [{"id": types.effect}],
        "appliesTo": {
            "principalTypes": ["User"],
            "resourceTypes": ["Tool"],
            "context": {"type": "Record", "attributes": context},
        },
    }


def _history_of(facts: tuple[str, ...]) -> RecordOf:
    seen = RecordOf({name: Member(SetOf("String"), required=True) for name in facts})
    return _required(ok="Long", failed="Long", refused="Long", in_doubt="Long", facts=seen)


def _fact_type(fact: Fact) -> Scalar:
    return "String" if fact.unit == "text" else "decimal"


def _context(types: ToolTypes) -> dict[str, JsonValue]:
    """Return the attributes of a call's context in Cedar's JSON form."""
    facts = RecordOf({name: Member(kind, required=False) for name, kind in types.facts.items()})
    sources = RecordOf({name: Member(_SOURCE, _is_needed(types.args, name)) for name in types.named})
    common: dict[str, JsonValue] = {name: {"type": kind} for name, kind in _COMMON.items()}
    return {
        **common,
        "args": _rendered(types.args),
        "facts": _rendered(facts),
        "sources": _rendered(sources),
        "agent": {"type": "Entity", "name": "Agent"},
        "environment": {"type": "Entity", "name": "Environment"},
        "labels_seen": _rendered(SetOf("String")),
    }


def _is_needed(args: RecordOf, name: str) -> bool:
    member = args.members.get(name)
    return member is not None and member.required


def _required(**types: CedarType) -> RecordOf:
    return RecordOf({name: Member(kind, required=True) for name, kind in types.items()})


def _rendered(kind: CedarType) -> JsonValue:
    match kind:
        case SetOf(element):
            return {"type": "Set", "element": {"type": element}}
        case RecordOf(members):
            return {"type": "Record", "attributes": {name: _member(item) for name, item in members.items()}}
        case "decimal" | "datetime":
            return {"type": "Extension", "name": kind}
        case "String" | "Long" | "Boolean":
            return {"type": kind}


def _member(member: Member) -> JsonValue:
    kind = _rendered(member.type)
    return {**kind, "required": member.required} if isinstance(kind, Mapping) else kind


_SOURCE: Final = _required(ids=SetOf("String"), labels=SetOf("String"))

_COMMON: Final = {
    "run": "Run",
    "approval": "Approval",
    "history": "History",
    "now": "Now",
    "risk_tier": "String",
}

_COMMON_TYPES: Final[dict[str, JsonValue]] = {
    "Now": _rendered("datetime"),
    "Approval": _rendered(_required(granted="Boolean")),
    "Run": _rendered(
        _required(
            id="String",
            kind="String",
            step="Long",
            cost_usd="decimal",
            tool_calls="Long",
            input_tokens="Long",
            output_tokens="Long",
        )
    ),
}

_ENTITY_TYPES: Final[dict[str, JsonValue]] = {
    "Team": {},
    "User": {
        "memberOfTypes": ["Team"],
        "shape": _rendered(_required(kind="String", assurance="String")),
    },
    "Agent": {
        "shape": {"type": "Record", "attributes": {"owner": {"type": "Entity", "name": "Team"}}},
    },
    "Environment": {"shape": _rendered(_required(kind="String"))},
    "Tool": {
        "shape": _rendered(
            _required(
                effect="String",
                risk_tier="String",
                backend="String",
                reads_untrusted="Boolean",
                reads_private="Boolean",
                external_effect="Boolean",
            )
        ),
    },
}
