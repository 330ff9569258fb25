"""Whether an answer counts: pure checks of who answers, when, and what they saw."""

from typing import TypeAlias

from msgspec import Struct

from agentctl.approval.pending import Approval
from agentctl.events.approval import Answer, Binding


class GivenAnswer(Struct, frozen=True):
    """What somebody answered, before anybody has checked it; `changes_digest` names the arguments they put instead."""

    reviewer: str
    answer: Answer
    reason: str
    binding: Binding
    ends_run: bool = False
    changes_digest: str | None = None


Reasons: TypeAlias = tuple[str, ...]


def refusals(approval: Approval | None, given: GivenAnswer, now: str) -> Reasons:
    """Return every reason why an answer does not count; none means that it does."""
    if approval is None:
        return ("there is no such approval request",)
    request = approval.request
    status = approval.status(now)
    changes = given.changes_digest
    checks = (
        (status != "waiting", f"the request is {status}, not waiting"),
        (given.reviewer not in approval.reviewers, f"`{given.reviewer}` is not a reviewer of this request"),
        (given.reviewer == request.requester, "who a run acts for never approves its calls"),
        (given.reviewer == request.actor, "an agent never approves its own calls"),
        (given.binding != request.binding, "the answer is bound to something else than what is asked"),
        (_repeated(approval, given), f"`{given.reviewer}` has answered already"),
        (
            (given.answer == "approve_with_changes") != (changes is not None),
            "changes belong to `approve_with_changes`",
        ),
        (changes == request.binding.arguments_digest, "the changes change nothing"),
    )
    return tuple(reason for applies, reason in checks if applies)


def _repeated(approval: Approval, given: GivenAnswer) -> bool:
    """Whether somebody says again what they said; as long as it is open they may still say something else."""
    earlier = approval.standing.get(given.reviewer)
    if earlier is None or given.answer in {"deny", "escalate"}:
        return False
    return approval.stands_for(earlier) == (given.changes_digest or given.binding.arguments_digest)
