"""The rules of a Cedar policy set, one by one, each with its id, its file and its line.

Ids come from `@id("...")`, else from file and line; neither depends on the order in which files are named.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, Literal

import cedarpy
from msgspec import Struct

from agentctl.contract.tool import Effect
from agentctl.events.approval import ApprovalTerms
from agentctl.foundation.canonical import JsonObject, JsonValue
from agentctl.foundation.discreet import Discreet
from agentctl.foundation.errors import Place, Problem
from agentctl.policy.cedar.terms import terms_of_annotations

_RULE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}")
_TOKEN: Final = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;', re.DOTALL)
_NOTHING: Final = re.compile(r"(?:\s|//[^\n]*)*")
_REMEMBERED = 1024
"""Of so many statements it is known what they say: who checks a set, lints it and judges by it reads each of them once."""


class Rule(Discreet, frozen=True):
    """One `permit` or `forbid`. `body` is its Cedar JSON form: principal, action, resource, conditions."""

    hidden = frozenset({"text", "body"})

    id: str
    effect: Literal["permit", "forbid"]
    place: Place
    text: str
    annotations: Mapping[str, str]
    body: JsonObject
    terms: ApprovalTerms | None = None

    @property
    def actions(self) -> tuple[str, ...] | None:
        """The actions and groups that its scope names; None where it takes every action."""
        scope = self.body["action"]
        if not isinstance(scope, Mapping) or scope["op"] == "All":
            return None
        named = scope["entities"] if "entities" in scope else [scope["entity"]]
        return (
            tuple(str(item["id"]) for item in named if isinstance(item, Mapping))
            if isinstance(named, list)
            else ()
        )

    def applies_to(self, tool: str, effect: Effect) -> bool:
        """Return whether its scope can take the calls of a tool."""
        actions = self.actions
        return actions is None or tool in actions or effect in actions

    @property
    def named(self) -> frozenset[str]:
        """Every attribute that its conditions speak of, and every text in them."""
        return frozenset(_texts(self.body["conditions"]))


class Reading(Struct, frozen=True):
    """What was read: the rules, ordered by id, and what cannot be read or used."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]


def read_rules(texts: Mapping[str, str]) -> Reading:
    """Return the rules of a policy set; `texts` maps the names of its files to what stands in them."""
    problems: list[Problem] = []
    rules: list[Rule] = []
    for file, text in sorted(texts.items()):
        for place, statement in _statements(file, text):
            found = _rule(place, statement)
            if isinstance(found, Rule):
                rules.append(found)
            else:
                problems.extend(found)
    rules.sort(key=lambda rule: (rule.id, str(rule.place)))
    return Reading(tuple(rules), (*problems, *_repeated(rules)))


def _statements(file: str, text: str) -> Iterator[tuple[Place, str]]:
    """Yield each statement with the place where it begins. A `;` ends one, but in texts and comments it does not."""
    begin = 0
    ends = [match.end() for match in _TOKEN.finditer(text) if match[0] == ";"]
    for end in (*ends, len(text)):
        blank = _NOTHING.match(text, begin, end)
        begin = begin if blank is None else blank.end()
        if begin < end:
            column = begin - text.rfind("\n", 0, begin)
            yield Place(file, text.count("\n", 0, begin) + 1, column), text[begin:end]
        begin = end


@lru_cache(maxsize=_REMEMBERED)
def _rule(place: Place, text: str) -> Rule | tuple[Problem, ...]:
    try:
        document = json.loads(cedarpy.policies_to_json_str(text))
    except (ValueError, RecursionError) as error:
        return (Problem(place, f"this is no Cedar policy: {error}", "`permit (...);` or `forbid (...);`"),)
    bodies = list(document["staticPolicies"].values())
    if len(bodies) != 1:
        return (
            Problem(
                place,
                "a template, which judges nothing by itself",
                "a policy without `?principal` and `?resource`",
            ),
        )
    return _with_annotations(place, text, bodies[0])


def _with_annotations(place: Place, text: str, body: dict[str, JsonValue]) -> Rule | tuple[Problem, ...]:
    said = body.pop("annotations", {})
    annotations = (
        {str(name): str(value or "") for name, value in said.items()} if isinstance(said, dict) else {}
    )
    name = annotations.get("id", f"{place.file}:{place.line}")
    terms, found = terms_of_annotations(annotations)
    if not _RULE_ID.fullmatch(name):
        found += (f'`@id("{name[:80]}")` is no id; accepted: letters, digits and `_.:/-`, at most 128',)
    if terms is not None and "approval" not in set(_texts(body["conditions"])):
        found += ("it demands something of an approval, and no condition of it speaks of `context.approval`",)
    if found:
        return tuple(Problem(place, sentence) for sentence in found)
    effect: Literal["permit", "forbid"] = "permit" if body["effect"] == "permit" else "forbid"
    return Rule(name, effect, place, text, annotations, body, terms)


def _repeated(rules: list[Rule]) -> Iterator[Problem]:
    count = Counter(rule.id for rule in rules)
    for rule in rules:
        if count[rule.id] > 1:
            others = ", ".join(
                str(other.place) for other in rules if other.id == rule.id and other is not rule
            )
            yield Problem(rule.place, f"the id `{rule.id}` stands at {others} too", "an id of its own")


def _texts(value: JsonValue) -> Iterator[str]:
    """Yield every text in a condition: attributes and literals alike, so that what is spoken of is never overlooked."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield name  # members of record literals
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
