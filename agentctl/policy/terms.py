"""What several rules demand of one approval: the strictest of each demand. Pure."""

from collections.abc import Iterable, Sequence

from agentctl.events.approval import ApprovalTerms


def strictest_terms(demands: Iterable[ApprovalTerms | None]) -> ApprovalTerms | None:
    """Return what all demand together; None where nobody demands anything.

    Of several lists of reviewers only those count who stand in each; of several times the shortest.

    Raises:
        ValueError: nobody stands in all lists of reviewers, so nobody could ever approve.
    """
    terms = [item for item in demands if item is not None]
    if len(terms) <= 1:
        return terms[0] if terms else None
    return ApprovalTerms(
        quorum=max(item.quorum for item in terms),
        reviewers=_in_all([item.reviewers for item in terms if item.reviewers]),
        expires_in_seconds=_shortest(item.expires_in_seconds for item in terms),
        valid_for_seconds=_shortest(item.valid_for_seconds for item in terms),
        escalation=tuple(step for item in terms for step in item.escalation),
        model_may_approve=all(item.model_may_approve for item in terms),
        grants=all(item.grants for item in terms),
    )


def _in_all(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    if not lists:
        return ()
    common = tuple(name for name in lists[0] if all(name in names for names in lists))
    if not common:
        raise ValueError("several rules name reviewers, and nobody is named by all of them")
    return common


def _shortest(said: Iterable[int | None]) -> int | None:
    return min((seconds for seconds in said if seconds is not None), default=None)
