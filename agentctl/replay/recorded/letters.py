"""The letters a run was sent, written again from what its journal says of them, and what was made of their signatures."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct
from pydantic import ValidationError
from typing_extensions import override

from agentctl.approval.verification import Letter, NotVerified, Verified, Verifier
from agentctl.events.approval import (
    ApprovalAnswered,
    ApprovalEscalated,
    Binding,
    GrantGiven,
    MessageRefused,
    ReviewerRecord,
)
from agentctl.events.budget import BudgetRaised
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import ClockAnomaly, Limits
from agentctl.events.tool import ToolResolved
from agentctl.foundation.errors import IntegrityError
from agentctl.foundation.money import plain
from agentctl.replay.recorded.tape import Tape
from agentctl.trace.message import AnswerMessage, GrantMessage, Message, RaiseMessage, ResolveMessage
from agentctl.trace.ports import Inbox, Received, Unreadable

_NOBODY = "nobody"


class Now(Struct, frozen=True):
    """How the replay itself stands, where a letter speaks of it: its version, its ceilings, what its requests are bound to.

    `is_remade` says that requests are made anew: of another version, or after a model that was asked anew and spent otherwise.
    """

    version: str
    is_remade: bool
    limits: Callable[[], Limits]
    binding: Callable[[str], Binding | None]


class TapedInbox(Inbox):
    """Holds the letters that were taken at the moment of the tape. What was refused then is refused again: nobody kept it.

    An answer is to the request of the same call with the same arguments, though that is made anew.
    """

    def __init__(self, tape: Tape, now: Now) -> None:
        self._tape = tape
        self._now = now
        self.verified: dict[bytes, Verified] = {}

    @override
    def post(self, message: Message) -> None:
        """Nobody writes to a replay."""

    @override
    def read(self, run: str) -> tuple[Received | Unreadable, ...]:
        """Return the letters that were taken next."""
        return tuple(self._items(run))

    def _items(self, run: str) -> Iterator[Received | Unreadable]:
        index = self._tape.next_index
        rest = () if index is None else self._tape.records[index : self._tape.sitting.end]
        for record in rest:
            item = self._item(run, record)
            if item is not None:
                yield item
            elif not isinstance(record.event, ClockAnomaly | ApprovalEscalated):
                return

    def _item(self, run: str, record: Record) -> Received | Unreadable | None:
        event = record.event
        if isinstance(event, MessageRefused):
            first, *more = event.reasons or ("",)
            return Unreadable(event.message, first, tuple(more))
        try:
            message = self._message(run, record)
        except ValidationError as error:
            raise IntegrityError(
                f"record {record.seq} names a letter that nobody could have written"
            ) from error
        if message is None:
            return None
        self.verified[message.signed_bytes()] = _verdict(event)
        return Received(message, 0)

    def _message(self, run: str, record: Record) -> Message | None:
        match record.event:
            case ApprovalAnswered(message=str()) as answer:
                return self._answer(answer, _head(answer, answer.reviewer.id, run, record.time))
            case ToolResolved() as resolved:
                head = _head(resolved, resolved.by.id, run, record.time)
                return ResolveMessage.model_validate(
                    {**head, "call": resolved.call, "verdict": resolved.verdict}
                )
            case GrantGiven() as grant:
                return self._grant(grant, _head(grant, grant.reviewer.id, run, record.time))
            case BudgetRaised() as more:
                head = _head(more, more.reviewer.id, run, record.time)
                before = more.instead_of or self._now.limits()
                return RaiseMessage.model_validate({**head, "limits": more.limits, "instead_of": before})
            case _:
                return None

    def _answer(self, event: ApprovalAnswered, head: Mapping[str, object]) -> AnswerMessage:
        said = {"approval": event.approval, "answer": event.answer, "changes": event.changes}
        binding = self._binding(event)
        return AnswerMessage.model_validate({**head, **said, "ends_run": event.ends_run, "binding": binding})

    def _grant(self, event: GrantGiven, head: Mapping[str, object]) -> GrantMessage:
        up_to = {name: plain(amount) for name, amount in event.up_to.items()}
        within = {"tool": event.tool, "facts": event.facts, "up_to": up_to, "until": event.until}
        return GrantMessage.model_validate({**head, **within, "version": self._now.version})

    def _binding(self, event: ApprovalAnswered) -> Binding:
        """Return what an answer is bound to here: to the replay's own request, where that is for the very same call."""
        own, then = self._now.binding(event.approval), event.binding
        if own is None or not self._now.is_remade:
            return then
        same_call = (own.call, own.attempt, own.arguments_digest) == (
            then.call,
            then.attempt,
            then.arguments_digest,
        )
        return own if same_call else then


class TapedVerifier(Verifier):
    """Says of a letter what was found out then; a person who answered in the run's process may do so again."""

    def __init__(self, inbox: TapedInbox) -> None:
        self._inbox = inbox

    @override
    def verify(self, letter: Letter, *, signatures_required: bool) -> Verified | NotVerified:
        """Return what was found out of the same letter."""
        if not letter.signed:
            return Verified("asserted", None, "none")
        return self._inbox.verified.get(letter.signed) or NotVerified("the tape holds no such letter")


def _verdict(event: AnyEvent) -> Verified:
    reviewer = getattr(event, "reviewer", None)
    if not isinstance(reviewer, ReviewerRecord) or reviewer.assurance == "platform":
        return Verified("asserted", None, "none")
    return Verified(reviewer.assurance, reviewer.key, reviewer.boundary or "none")


def _head(
    event: ApprovalAnswered | ToolResolved | GrantGiven | BudgetRaised, by: str, run: str, at: str
) -> dict[str, object]:
    """Return what every letter says: who wrote what to whom, when, and why."""
    signature = None if isinstance(event, ToolResolved) else event.signature
    return {
        "id": event.message,
        "run": run,
        "at": at,
        "by": by,
        "reason": event.reason,
        "signature": signature,
    }
