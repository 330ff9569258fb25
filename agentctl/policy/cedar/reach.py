"""Which tools' calls a Cedar rule can match at all: asked of Cedar itself, with tool and action known and the rest open.

Nothing here decides about a call: it only says what a rule of a policy set is good for.
"""

import json
from collections.abc import Mapping
from typing import Final

import cedarpy
from msgspec import Struct

from agentctl.contract.tool import ToolDescriptor
from agentctl.foundation.canonical import JsonObject
from agentctl.policy.cedar.conditions import FALSE, TRUE, clauses, contradict
from agentctl.policy.cedar.request import Cast
from agentctl.policy.cedar.rules import Rule
from agentctl.policy.cedar.schema import CedarSchema

_NOBODY: Final = Cast(("nobody", "user", "asserted"), (), ("agent:none", "none"), ("none", "live"))
_PROBE: Final = "agentctl_no_such_attribute"
_CONTEXT: Final[JsonObject] = {"unknown": [{"Value": "context"}]}
_GRANTED: Final[JsonObject] = {
    ".": {"left": {".": {"left": _CONTEXT, "attr": "approval"}}, "attr": "granted"}
}


class Reach(Struct, frozen=True):
    """What a rule can match of the calls of some tools.

    `left` has, for each tool whose calls it can match, what must still hold of a call; nothing where it matches them all.
    `impossible` says that its conditions alone rule everything out.
    """

    rule: Rule
    left: Mapping[str, tuple[JsonObject, ...]]
    impossible: bool

    @property
    def tools(self) -> frozenset[str]:
        """The tools whose calls it can match."""
        return frozenset(self.left)

    @property
    def always(self) -> frozenset[str]:
        """The tools all of whose calls it matches: whoever makes them, with whatever arguments, after whatever happened."""
        return frozenset(tool for tool, parts in self.left.items() if not parts)

    @property
    def approved(self) -> frozenset[str]:
        """The tools whose calls it matches only with an approval."""
        return frozenset(tool for tool, parts in self.left.items() if any(map(_is_granted, parts)))

    @property
    def unapproved(self) -> frozenset[str]:
        """The tools all of whose calls it matches as long as there is no approval."""
        return frozenset(tool for tool, parts in self.left.items() if parts and all(map(_is_lacking, parts)))


def reaches(rules: tuple[Rule, ...], tools: Mapping[str, ToolDescriptor]) -> tuple[Reach, ...]:
    """Return what each of some valid rules can match of the calls of some tools."""
    schema = cedarpy.Schema.from_json_str(CedarSchema.of(tools).text)
    entities = cedarpy.Entities.from_json_str(_NOBODY.entities(tools), schema)
    policies = _policy_set(rules)
    left: dict[str, dict[str, tuple[JsonObject, ...]]] = {rule.id: {} for rule in rules}
    for tool in tools:
        request = {"action": f"Action::{json.dumps(tool)}", "resource": f"Tool::{json.dumps(tool)}"}
        residuals = cedarpy.is_authorized_partial(request, policies, entities, schema).residuals
        for name, residual in residuals.items():
            parts = tuple(part for part in clauses(residual) if part != TRUE)
            if not contradict(parts):
                left[name][tool] = parts
    return tuple(Reach(rule, left[rule.id], _is_impossible(rule, schema)) for rule in rules)


def _is_granted(part: JsonObject) -> bool:
    return part in (_GRANTED, {"==": {"left": _GRANTED, "right": TRUE}})


def _is_lacking(part: JsonObject) -> bool:
    match part:
        case {"!": {"arg": Mapping() as inner}}:
            return _is_granted(inner)
        case _:
            return part == {"==": {"left": _GRANTED, "right": FALSE}}


def _is_impossible(rule: Rule, schema: cedarpy.Schema) -> bool:
    """Return whether the conditions of a rule can never hold: by what they compare, or by their types.

    The type checker does not look at what stands behind a condition that is false by its types. So a mistake that is put
    behind all of them is found, unless they rule everything out.
    """
    if contradict(clauses(rule.body)):
        return True
    probed = f"{rule.text.rstrip().removesuffix(';')} when {{ context.{_PROBE} }};"
    return cedarpy.validate_policies(probed, schema).validation_passed


def _policy_set(rules: tuple[Rule, ...]) -> cedarpy.PolicySet:
    bodies = {rule.id: rule.body for rule in rules}
    document = {"staticPolicies": bodies, "templates": {}, "templateLinks": []}
    return cedarpy.PolicySet.from_json_str(json.dumps(document))
