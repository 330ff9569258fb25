"""Whether an answer counts: pure checks of who answers, when, and what they saw."""

from dataclasses import dataclass
from typing import TypeAlias

from agentctl.approval.pending import Approval
from agentctl.events.approval import Answer, Binding


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What somebody answered, before anybody has checked it."""

    reviewer: str
    answer: Answer
    reason: str
    binding: Binding
    ends_run: bool = False


Reasons: TypeAlias = tuple[str, ...]


def refusals(approval: Approval | None, given: GivenAnswer, now: str) -> Reasons:
    """Return every reason why an answer does not count; none means that it does."""
    if approval is None:
        return ("there is no such approval request",)
    request = approval.request
    status = approval.status(now)
    checks = (
        (status != "waiting", f"the request is {status}, not waiting"),
        (given.reviewer not in request.reviewers, f"`{given.reviewer}` is not a reviewer of this request"),
        (given.reviewer == request.requester, "who a run acts for never approves its calls"),
        (given.reviewer == request.actor, "an agent never approves its own calls"),
        (given.binding != request.binding, "the answer is bound to something else than what is asked"),
        (_repeated(approval, given), f"`{given.reviewer}` has answered already"),
        (given.answer == "approve_with_changes", "answers with changes are not accepted by this version"),
    )
    return tuple(reason for applies, reason in checks if applies)


def _repeated(approval: Approval, given: GivenAnswer) -> bool:
    return any(item.reviewer.id == given.reviewer and item.answer != "escalate" for item in approval.answers)
