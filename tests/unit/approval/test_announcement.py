"""Tests of announcements: who does not know of a request yet, what they are told, and that its id never changes."""

import json
from functools import reduce

from msgspec.structs import replace

from agentctl.approval.announcement import announcement_of, not_told
from agentctl.approval.pending import Approval, evolve_approvals
from agentctl.events.approval import ApprovalAnnounced, ApprovalEscalated, ApprovalExpired
from agentctl.events.record import AnyEvent
from tests.fakes.journals import RUN, answered, approval_of, chained, requested

CALL = f"{RUN}/1/0"
NAME = approval_of(CALL)
ESCALATED = ApprovalEscalated(
    approval=NAME, step=0, reviewers=("carol",), why="nobody settled it within 60 s"
)


def the(*events: AnyEvent) -> Approval:
    """Return the request after some events."""
    return reduce(evolve_approvals, chained(RUN, [requested(CALL, "stripe.refund"), *events]), {})[NAME]


def announced(webhook: str = "chat", *, delivered: bool = True, escalations: int = 0) -> ApprovalAnnounced:
    """Return what came of an announcement."""
    return ApprovalAnnounced(
        approval=NAME,
        webhook=webhook,
        delivered=delivered,
        attempts=1,
        detail="status 204",
        escalations=escalations,
    )


def told(approval: Approval, webhook: str = "chat") -> dict[str, object]:
    """Return what a webhook is told."""
    parsed: dict[str, object] = json.loads(announcement_of(approval, webhook).body)
    return parsed


def test_everybody_is_told_once() -> None:
    """Who took it is not told again; who did not take it is."""
    assert not_told(the(), ("chat", "tickets")) == ("chat", "tickets")
    assert not_told(the(announced()), ("chat", "tickets")) == ("tickets",)
    assert not_told(the(announced(delivered=False)), ("chat",)) == ("chat",)


def test_an_escalation_is_told_anew() -> None:
    """More people may answer: everybody is told of it, once."""
    assert not_told(the(announced(), ESCALATED), ("chat",)) == ("chat",)
    assert not_told(the(announced(), ESCALATED, announced(escalations=1)), ("chat",)) == ()


def test_what_is_settled_is_not_announced() -> None:
    """Nobody is called for a request that is answered or expired."""
    assert not_told(the(answered(CALL)), ("chat",)) == ()
    assert not_told(the(answered(CALL, "deny")), ("chat",)) == ()
    assert not_told(the(ApprovalExpired(approval=NAME)), ("chat",)) == ()


def test_one_approval_of_two_leaves_it_open() -> None:
    """A request that needs two approvals still waits after the first."""
    waiting = the()
    two = replace(waiting, request=waiting.request.model_copy(update={"quorum": 2}))
    assert not_told(two, ("chat",)) == ("chat",)


def test_a_message_says_all_that_is_needed_and_nothing_in_clear() -> None:
    """The redacted view, what exactly is bound, who may answer until when, and what to type."""
    body = told(the())
    assert body["type"] == "approval.requested"
    assert (body["approval"], body["run"], body["tool"]) == (NAME, RUN, "stripe.refund")
    assert (body["requester"], body["agent"]) == ("casey", "agent:refund-assistant")
    assert (body["reviewers"], body["quorum"]) == (["alice", "bob"], 1)
    assert body["expires_at"] == requested(CALL, "stripe.refund").expires_at
    assert body["view"] == requested(CALL, "stripe.refund").view
    assert body["binding"] == requested(CALL, "stripe.refund").binding.model_dump(mode="json")
    assert f"agentctl approvals approve {NAME} --as NAME" in body["how_to_answer"].values()  # type: ignore[attr-defined]


def test_an_escalation_names_everybody_who_may_answer_now() -> None:
    """The message of an escalation says why, and has those who were added."""
    body = told(the(ESCALATED))
    assert (body["type"], body["escalated_because"]) == ("approval.escalated", ESCALATED.why)
    assert body["reviewers"] == ["alice", "bob", "carol"]


def test_the_id_is_the_same_for_the_same_message_only() -> None:
    """A receiver that sees an id again has seen the message; another webhook, request or step has another id."""
    first = announcement_of(the(), "chat")
    assert announcement_of(the(announced(delivered=False)), "chat") == first
    others = {
        announcement_of(the(), "tickets").id,
        announcement_of(the(ESCALATED), "chat").id,
        announcement_of(the(ESCALATED), "tickets").id,
    }
    assert len(others | {first.id}) == 4
    assert first.id.startswith("msg_")
