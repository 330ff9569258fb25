"""Scripts of the scripted model: their expressions are expressions, and their conditions can be met."""

import re
from collections.abc import Iterator

from agentctl.contract.script import Condition
from agentctl.review.checks.report import Finding, error, spot
from agentctl.review.checks.subject import Subject

_EXPRESSIONS = ("input_matches", "result_matches", "failure_matches")
_NEEDS = {"result_matches": "result_of", "failure_matches": "failed"}


def expressions_are_sound(subject: Subject) -> Iterator[Finding]:
    """Every expression in a script compiles, and has the tool whose words it searches."""
    if subject.script is None:
        return
    for index, rule in enumerate(subject.script.document.rules):
        for key, pattern in _patterns(rule.when):
            at = spot(subject.script.source, "rules", index, "when", key)
            fault = _fault(pattern)
            if fault:
                yield error(
                    at, f"`{pattern[:80]}` is not a regular expression: {fault}", "Python's `re` syntax"
                )
            needed = _NEEDS.get(key)
            if needed and getattr(rule.when, needed) is None:
                yield error(at, f"`{key}` without `{needed}` is never met", f"`{needed}` beside it")


def _patterns(when: Condition) -> Iterator[tuple[str, str]]:
    for key in _EXPRESSIONS:
        pattern = getattr(when, key)
        if pattern is not None:
            yield key, pattern


def _fault(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as fault:
        return str(fault)[:200] or "too large"
    return ""
