"""Reading the inbox: what others say to the run is checked and journaled, refused messages too."""

from agentctl.approval.answers import GivenAnswer, refusals
from agentctl.events.approval import ApprovalAnswered, MessageRefused, ReviewerRecord
from agentctl.events.base import Principal
from agentctl.events.record import AnyEvent
from agentctl.events.tool import ToolResolved
from agentctl.gateway.corridor import Corridor
from agentctl.gateway.effects import release_if_nothing_happened
from agentctl.trace.message import AnswerMessage, HaltMessage, Message, ResolveMessage
from agentctl.trace.ports import Unreadable


async def receive(corridor: Corridor) -> None:
    """Take every message that was not seen before into the journal."""
    for item in corridor.parts.inbox.read(corridor.state.header.run):
        if item.id not in corridor.state.messages_seen:
            await _take(corridor, _event_of(corridor, item))
    await corridor.durable()


async def _take(corridor: Corridor, event: AnyEvent) -> None:
    corridor.record(event)
    if isinstance(event, ToolResolved):
        await release_if_nothing_happened(corridor, event.call)


def _event_of(corridor: Corridor, item: Message | Unreadable) -> AnyEvent:
    match item:
        case Unreadable():
            return MessageRefused(message=item.id, reasons=(item.reason,))
        case AnswerMessage():
            return _answer(corridor, item)
        case ResolveMessage():
            return _resolution(corridor, item)
        case HaltMessage():
            return MessageRefused(message=item.id, reasons=("this version takes no halt through the inbox",))


def _answer(corridor: Corridor, message: AnswerMessage) -> AnyEvent:
    approval = corridor.state.approvals.get(message.approval)
    given = GivenAnswer(message.by, message.answer, message.reason, message.binding, message.ends_run)
    reasons = (*_impersonation(message.by), *refusals(approval, given, corridor.now))
    if reasons:
        return MessageRefused(message=message.id, reasons=reasons)
    return ApprovalAnswered(
        approval=message.approval,
        answer=message.answer,
        reviewer=ReviewerRecord(id=message.by, kind="person", assurance="asserted"),
        reason=_redacted(corridor, message.reason),
        ends_run=message.ends_run,
        binding=message.binding,
        message=message.id,
        signature=message.signature,
    )


def _resolution(corridor: Corridor, message: ResolveMessage) -> AnyEvent:
    call = corridor.state.calls.get(message.call)
    reasons = _impersonation(message.by)
    if call is None or call.status != "in_doubt":
        reasons = (*reasons, f"call `{message.call}` is not in doubt")
    if reasons:
        return MessageRefused(message=message.id, reasons=reasons)
    return ToolResolved(
        call=message.call,
        verdict=message.verdict,
        by=Principal(id=message.by, kind="user", assurance="asserted"),
        reason=_redacted(corridor, message.reason),
        message=message.id,
    )


def _impersonation(name: str) -> tuple[str, ...]:
    """A rule of the platform answers in its own process; nobody speaks for it by letter."""
    return ("nobody speaks for the platform by letter",) if name.startswith(("system:", "agent:")) else ()


def _redacted(corridor: Corridor, text: str) -> str:
    return str(corridor.parts.vault.redact(text))
