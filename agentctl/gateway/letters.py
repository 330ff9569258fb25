"""Reading the inbox: what others say to the run is checked and journaled, refused messages too."""

from typing import Literal

from agentctl.approval.answers import GivenAnswer, refusals
from agentctl.approval.overdue import left_to_others
from agentctl.approval.verification import Letter, NotVerified, Verified
from agentctl.events.approval import ApprovalAnswered, GrantGiven, MessageRefused, ReviewerRecord
from agentctl.events.base import Principal
from agentctl.events.budget import BudgetRaised
from agentctl.events.record import AnyEvent
from agentctl.events.tool import ToolResolved
from agentctl.foundation.canonical import JsonObject
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.effects import release_if_nothing_happened
from agentctl.gateway.grants import grant_of, raise_of
from agentctl.trace.message import AnswerMessage, GrantMessage, HaltMessage, RaiseMessage, ResolveMessage
from agentctl.trace.ports import Received, Unreadable


async def receive(corridor: Corridor) -> None:
    """Take every message that was not seen before into the journal."""
    corridor.look_at_clock()
    for item in corridor.parts.inbox.read(corridor.state.header.run):
        if _id_of(item) not in corridor.state.messages_seen:
            await _take(corridor, _as_recorded(corridor, item, _event_of(corridor, item)))
    await corridor.durable()


def _id_of(item: Received | Unreadable) -> str:
    return item.id if isinstance(item, Unreadable) else item.message.id


async def _take(corridor: Corridor, event: AnyEvent) -> None:
    corridor.record(event)
    if isinstance(event, ToolResolved):
        await release_if_nothing_happened(corridor, event.call)
    if isinstance(event, ApprovalAnswered) and event.answer == "escalate":
        for step in left_to_others(corridor.state.approvals[event.approval]):
            corridor.record(step)


_VOID: dict[Literal["below_a_tool", "refused"], str] = {
    "below_a_tool": "it was typed from inside a tool of an agent",
    "refused": "it was turned down where it was typed",
}


def _as_recorded(corridor: Corridor, item: Received | Unreadable, event: AnyEvent) -> AnyEvent:
    """Return what is recorded: nothing of a message that says itself that it must not count, and no reason in clear."""
    void = None if isinstance(item, Unreadable) else item.message.void
    said = () if void is None else (_VOID[void],)
    if isinstance(event, MessageRefused):
        reasons = (*said, *(corridor.redact_sentence(reason) for reason in event.reasons))
        return event.model_copy(update={"reasons": reasons})
    return MessageRefused(message=_id_of(item), reasons=said) if said else event


def _event_of(corridor: Corridor, item: Received | Unreadable) -> AnyEvent:
    if isinstance(item, Unreadable):
        return MessageRefused(message=item.id, reasons=(item.reason, *item.more))
    verified = _verified(corridor, item)
    if isinstance(verified, NotVerified):
        return MessageRefused(message=item.message.id, reasons=(verified.reason,))
    match item.message:
        case AnswerMessage() as answer:
            return _answer(corridor, answer, verified)
        case ResolveMessage() as resolution:
            return _resolution(corridor, resolution)
        case GrantMessage() as grant:
            return _recorded(grant_of(corridor, grant, _record(grant.by, verified)), corridor)
        case RaiseMessage() as more:
            return _recorded(raise_of(corridor, more, _record(more.by, verified)), corridor)
        case HaltMessage() as halt:
            return MessageRefused(message=halt.id, reasons=("this version takes no halt through the inbox",))


def _verified(corridor: Corridor, item: Received) -> Verified | NotVerified:
    """Return whether a message is from whom it names; a rule of the platform answers in its own process."""
    message = item.message
    if message.by.startswith(("system:", "agent:")):
        return NotVerified("nobody speaks for the platform by letter")
    letter = Letter(message.by, message.signed_bytes(), message.signature, item.uid)
    # A word on a call in doubt is an operator's, not a reviewer's: it may be asserted wherever names may.
    required = corridor.state.header.signatures_required and not isinstance(message, ResolveMessage)
    return corridor.parts.verifier.verify(letter, signatures_required=required)


def _record(name: str, verified: Verified) -> ReviewerRecord:
    return ReviewerRecord(
        id=name,
        kind="person",
        assurance=verified.assurance,
        key=verified.key,
        boundary=verified.boundary,
    )


def _recorded(event: GrantGiven | BudgetRaised | MessageRefused, corridor: Corridor) -> AnyEvent:
    if isinstance(event, MessageRefused):
        return event
    return event.model_copy(update={"reason": _redacted(corridor, event.reason)})


def _answer(corridor: Corridor, message: AnswerMessage, verified: Verified) -> AnyEvent:
    approval = corridor.state.approvals.get(message.approval)
    changes = _changes(corridor, message)
    digest = None if changes is None else corridor.digest(changes)
    given = GivenAnswer(message.by, message.answer, message.reason, message.binding, message.ends_run, digest)
    reasons = refusals(approval, given, corridor.now)
    if reasons:
        return MessageRefused(message=message.id, reasons=reasons)
    return ApprovalAnswered(
        approval=message.approval,
        answer=message.answer,
        reviewer=_record(message.by, verified),
        reason=_redacted(corridor, message.reason),
        changes=changes,
        changes_digest=digest,
        ends_run=message.ends_run,
        binding=message.binding,
        message=message.id,
        signature=message.signature,
    )


def _changes(corridor: Corridor, message: AnswerMessage) -> JsonObject | None:
    """Return the arguments a reviewer put instead, redacted; placeholders of this run stand for the values they had."""
    if message.changes is None:
        return None
    redacted = corridor.parts.vault.redact(message.changes, trusted_placeholders=True)
    return redacted if isinstance(redacted, dict) else None


def _resolution(corridor: Corridor, message: ResolveMessage) -> AnyEvent:
    call = corridor.state.calls.get(message.call)
    if call is None or call.status != "in_doubt":
        return MessageRefused(message=message.id, reasons=(f"call `{message.call}` is not in doubt",))
    return ToolResolved(
        call=message.call,
        verdict=message.verdict,
        by=Principal(id=message.by, kind="user", assurance="asserted"),
        reason=_redacted(corridor, message.reason),
        message=message.id,
    )


def _redacted(corridor: Corridor, text: str) -> str:
    return str(corridor.parts.vault.redact(text))
