"""How answers are combined: deny > needs_approval > allow; no answer at all is a deny."""

from collections.abc import Iterable

from agentctl.events.tool import Decision, PolicyAnswer

STRICTNESS: tuple[Decision, ...] = ("allow", "needs_approval", "deny")
"""From lax to strict."""


def strictest(answers: Iterable[PolicyAnswer]) -> Decision:
    """Return the strictest decision; an answer with engine errors counts as a deny, whatever it says."""
    decisions = [effective(answer) for answer in answers]
    return max(decisions, key=STRICTNESS.index, default="deny")


def effective(answer: PolicyAnswer) -> Decision:
    """Return what one answer counts as."""
    return "deny" if answer.errors else answer.decision


def reasons_for(decision: Decision, answers: Iterable[PolicyAnswer]) -> tuple[str, ...]:
    """Return the reasons of the answers that led to a decision."""
    asked = [answer for answer in answers if effective(answer) == decision]
    reasons = tuple(reason for answer in asked for reason in (*answer.reasons, *answer.errors))
    return reasons or ("nobody allowed it",)


def sentences_for(decision: Decision, answers: Iterable[PolicyAnswer]) -> tuple[str, ...]:
    """Return the same reasons for people and models: rules that are named by ids, each with the set they stand in."""
    asked = [answer for answer in answers if effective(answer) == decision]
    reasons = tuple(sentence for answer in asked for sentence in _sentences(answer))
    return reasons or ("nobody allowed it",)


def _sentences(answer: PolicyAnswer) -> tuple[str, ...]:
    """Return an answer's reasons; words without a space are ids, which say nothing by themselves."""
    ids = tuple(reason for reason in answer.reasons if " " not in reason)
    sentences = tuple(reason for reason in answer.reasons if " " in reason)
    named = (f"the rules of {answer.policy}: {', '.join(ids)}",) if ids else ()
    return (*sentences, *named, *answer.errors)
