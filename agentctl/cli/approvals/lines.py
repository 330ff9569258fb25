"""What became of an approval request, in lines: who answered, how many are wanted, who else may, what lies in the inbox."""

from collections.abc import Iterator

from agentctl.cli.screen.terminal import Line
from agentctl.cli.screen.words import answered, compact
from agentctl.composition.people.answers import OpenApproval
from agentctl.foundation.clock import from_rfc3339


def approval_lines(found: OpenApproval) -> Iterator[Line]:
    """Yield the lines below a request's view."""
    approval = found.approval
    yield Line(f"status: {found.status}; reviewers: {', '.join(approval.reviewers)}")
    yield Line(f"approvals: {_agreeing(found)} of {found.request.quorum} for the same arguments")
    for given in found.answers:
        answer = given.answer
        yield Line(answered(answer.answer, answer.reviewer, from_rfc3339(given.at), answer.reason), 1)
        if given.changes is not None:
            yield Line(f"with the arguments {compact(given.changes)}", 2)
    yield from _escalation(found)
    for item in found.not_taken:
        who = f" by {item.by}, written {item.at}" if item.by else ""
        yield Line(f"left, not yet taken: {item.said}{who}; nobody has checked it", 1, "warn")


def _agreeing(found: OpenApproval) -> int:
    """Return how many stand for the arguments that most stand for; a model counts where the contract lets it."""
    approval = found.approval
    counting = [
        approval.stands_for(item)
        for item in approval.standing.values()
        if item.reviewer.kind != "model" or approval.request.model_may_approve
    ]
    return max((counting.count(digest) for digest in counting), default=0)


def _escalation(found: OpenApproval) -> Iterator[Line]:
    taken = found.approval.escalations
    for step in taken:
        yield Line(f"escalated to {', '.join(step.reviewers)}: {step.why}", 1)
    for later in found.request.escalation[len(taken) :]:
        yield Line(f"after {later.after_seconds} s also {', '.join(later.reviewers)}", 1, "quiet")
