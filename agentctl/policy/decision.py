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
