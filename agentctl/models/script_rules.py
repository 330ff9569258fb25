"""Which rule of a script applies to a conversation, and what its conditions bind."""

import re
from collections.abc import Sequence

from msgspec import Struct

from agentctl.contract.script import Condition, Rule
from agentctl.foundation.canonical import JsonValue
from agentctl.models.script_conversation import Conversation, json_text, value_at
from agentctl.models.script_templates import Names, UnfitScript

_MAX_SEARCHED = 20_000  # characters; a user's expression may take long over more


class Applied(Struct, frozen=True):
    """The rule that applies, with everything that its conditions bound."""

    rule: Rule
    names: Names


def first_applied(rules: Sequence[Rule], conversation: Conversation) -> Applied | None:
    """Return the first rule whose conditions all hold; None when no rule applies.

    Raises:
        UnfitScript: a condition is not a regular expression.
    """
    for rule in rules:
        names = _names_if_met(rule, conversation)
        if names is not None:
            return Applied(rule, names)
    return None


def _names_if_met(rule: Rule, conversation: Conversation) -> Names | None:
    """Return what the rule binds if it applies; a value that is not there means that it does not."""
    when = rule.when
    if not _calls_agree(when, conversation):
        return None
    names: dict[str, JsonValue] = {}
    for pattern, text in _searches(when, conversation):
        found = _search(rule, pattern, text)
        if found is None:
            return None
        names |= {name: value for name, value in found.groupdict().items() if value is not None}
    picked = _picked(rule, conversation)
    return None if picked is None else {**names, **picked}


def _calls_agree(when: Condition, conversation: Conversation) -> bool:
    called = conversation.latest.keys()
    return (
        called >= set(when.called)
        and called.isdisjoint(when.not_called)
        and _outcomes_agree(when, conversation)
    )


def _outcomes_agree(when: Condition, conversation: Conversation) -> bool:
    """Return whether the outcomes asked for are there; an expression without its tool never holds."""
    answered = (
        when.result_matches is None if when.result_of is None else conversation.answer_of(when.result_of)
    )
    failed = when.failure_matches is None if when.failed is None else conversation.failure_of(when.failed)
    return bool(answered) and bool(failed)


def _searches(when: Condition, conversation: Conversation) -> list[tuple[str, str]]:
    """Return each expression with the text it must be found in."""
    answer = conversation.answer_of(when.result_of) if when.result_of else None
    failure = conversation.failure_of(when.failed) if when.failed else None
    wanted = (
        (when.input_matches, conversation.input),
        (when.instructions_match, conversation.instructions),
        (when.result_matches, json_text(answer.value) if answer else ""),
        (when.failure_matches, failure.text if failure else ""),
    )
    return [(pattern, text) for pattern, text in wanted if pattern is not None]


def _search(rule: Rule, pattern: str, text: str) -> re.Match[str] | None:
    try:
        return re.search(pattern, text[:_MAX_SEARCHED])
    except (re.error, RecursionError, OverflowError) as error:
        raise UnfitScript(f"rule `{rule.name}`: `{pattern}` is not a regular expression: {error}") from error


def _picked(rule: Rule, conversation: Conversation) -> Names | None:
    """Return the values that the rule's bindings pick; None when one of them is not there."""
    picked: dict[str, JsonValue] = {}
    for name, binding in rule.bind.items():
        answer = conversation.answer_of(binding.result_of)
        if answer is None:
            return None
        try:
            picked[name] = value_at(answer.value, binding.pointer)
        except LookupError:
            return None
    return picked
