"""What an approval must be to count: the demands of all authorities together, the strictest of each. Pure."""

from collections.abc import Iterable

from msgspec import Struct

from agentctl.events.approval import ApprovalTerms, Escalation
from agentctl.events.tool import PolicyAnswer

EXPIRES_IN_SECONDS = 24 * 3_600
"""How long somebody may take to answer where nobody says; then it is a denial."""

VALID_FOR_SECONDS = 15 * 60
"""How long after the answer the call may still be executed, where nobody says."""


class Terms(Struct, frozen=True):
    """What is demanded of one approval."""

    reviewers: tuple[str, ...]
    quorum: int
    expires_in_seconds: int
    valid_for_seconds: int
    escalation: tuple[Escalation, ...]
    model_may_approve: bool
    grants: bool

    def everybody(self) -> frozenset[str]:
        """Return all who may ever answer."""
        return frozenset(self.reviewers).union(*(step.reviewers for step in self.escalation))


def terms_of(answers: Iterable[PolicyAnswer], known_reviewers: tuple[str, ...]) -> Terms:
    """Return what all authorities demand together; `known_reviewers` are the environment's.

    Of several lists of reviewers only those count who stand in each; of several times the shortest.
    """
    asking = [answer for answer in answers if answer.terms is not None]
    terms = [answer.terms or ApprovalTerms() for answer in asking]
    return Terms(
        reviewers=_in_all([known_reviewers, *(item.reviewers for item in terms if item.reviewers)]),
        quorum=max((item.quorum for item in terms), default=1),
        expires_in_seconds=_shortest(EXPIRES_IN_SECONDS, (item.expires_in_seconds for item in terms)),
        valid_for_seconds=_shortest(VALID_FOR_SECONDS, (item.valid_for_seconds for item in terms)),
        escalation=_escalation(terms, known_reviewers),
        model_may_approve=any(
            answer.terms is not None and answer.terms.model_may_approve
            for answer in asking
            if answer.authority == "contract"
        ),
        grants=all(item.grants for item in terms),
    )


def _in_all(lists: list[tuple[str, ...]]) -> tuple[str, ...]:
    first, *others = lists
    return tuple(name for name in first if all(name in names for names in others))


def _shortest(default: int, said: Iterable[int | None]) -> int:
    """Return the shortest time that somebody says; the default where nobody says any."""
    return min((seconds for seconds in said if seconds is not None), default=default)


def _escalation(terms: Iterable[ApprovalTerms], known: tuple[str, ...]) -> tuple[Escalation, ...]:
    """Return all steps in the order of time; nobody is asked whom the environment does not know."""
    steps = sorted((step for item in terms for step in item.escalation), key=lambda step: step.after_seconds)
    kept = ((step.after_seconds, tuple(name for name in step.reviewers if name in known)) for step in steps)
    return tuple(Escalation(after_seconds=after, reviewers=names) for after, names in kept if names)
