"""What is wrong with a Cedar policy set before it judges anything: syntax, ids, annotations, strict types."""

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

import cedarpy
from msgspec import Struct

from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import Problem
from agentctl.foundation.pointer import joined
from agentctl.policy.authority import Authority
from agentctl.policy.cedar.rules import Reading, Rule
from agentctl.policy.cedar.schema import GROUPS, CedarSchema

_ARGUMENT: Final = re.compile(r'`args\.([^`]+)` in context for Action::"([^"]+)"')
_RULE_NAME: Final = re.compile(r"^for policy `[^`]*`, ")


class Checked(Struct, frozen=True):
    """The rules that may judge, those whose scope takes no call of these tools, and everything that is wrong."""

    rules: tuple[Rule, ...]
    idle: tuple[Rule, ...]
    problems: tuple[Problem, ...]


def checked(reading: Reading, schema: CedarSchema, authority: Authority) -> Checked:
    """Return what strict validation says of a policy set.

    A scope may name a tool that is not among these only in the platform's policies, which hold over all contracts; in a
    contract's own it is a slip, and the rule would silently never match.
    """
    idle = tuple(rule for rule in reading.rules if not _takes_any(rule, schema))
    rules = tuple(rule for rule in reading.rules if _takes_any(rule, schema))
    problems = [*reading.problems, *_type_problems(rules, schema)]
    if authority != "platform":
        problems += [problem for rule in reading.rules for problem in _strange_actions(rule, schema)]
    return Checked(rules, idle, tuple(problems))


def _takes_any(rule: Rule, schema: CedarSchema) -> bool:
    return any(rule.applies_to(tool, types.effect) for tool, types in schema.tools.items())


def _known_actions(schema: CedarSchema) -> tuple[str, ...]:
    return (*GROUPS, *schema.tools)


def _strange_actions(rule: Rule, schema: CedarSchema) -> Iterator[Problem]:
    known = _known_actions(schema)
    for action in rule.actions or ():
        if action not in known:
            nearest = get_close_matches(action, known, n=1)
            accepted = ", ".join(f"`{name}`" for name in known)
            yield Problem(
                rule.place, f"there is no action `{action}` here", accepted, nearest="".join(nearest)
            )


def _type_problems(rules: tuple[Rule, ...], schema: CedarSchema) -> Iterator[Problem]:
    """Yield what strict validation finds; only where it finds something, rule by rule, to know where."""
    handle = cedarpy.Schema.from_json_str(schema.text)
    if cedarpy.validate_policies(
        "\n".join(_within(rule, schema) for rule in rules), handle
    ).validation_passed:
        return
    for rule in rules:
        found = (error.error for error in cedarpy.validate_policies(_within(rule, schema), handle).errors)
        for error in dict.fromkeys(found):
            yield Problem(rule.place, f"rule `{rule.id}`: {_RULE_NAME.sub('', error)}", _why(error, schema))


def _within(rule: Rule, schema: CedarSchema) -> str:
    """Return a rule as it reads within a schema: its scope without the tools that are not there, which are said apart."""
    known = _known_actions(schema)
    if all(action in known for action in rule.actions or ()):
        return rule.text
    entities: list[JsonValue] = [
        {"type": "Action", "id": name} for name in rule.actions or () if name in known
    ]
    body = {**rule.body, "action": {"op": "in", "entities": entities}}
    document = {"staticPolicies": {"rule": body}, "templates": {}, "templateLinks": []}
    return cedarpy.policies_from_json_str(json.dumps(document))


def _why(error: str, schema: CedarSchema) -> str:
    """Return why Cedar is not shown the argument that an error is about, where that is the reason."""
    match = _ARGUMENT.search(error)
    if match is None:
        return ""
    pointer = joined("", match[1]) if "." not in match[1] else "/" + match[1].replace(".", "/")
    left_out = schema.uncarried.get(match[2], ())
    return next(
        (
            f"what Cedar can carry, and `{match[1]}` is {item.reason}"
            for item in left_out
            if item.pointer == pointer
        ),
        "",
    )
