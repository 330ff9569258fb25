"""Handing in a signed answer from outside: as a chat bot or a ticket system got it from a reviewer."""

import os
from typing import TypeAlias

from msgspec import Struct
from pydantic import ValidationError

from agentctl.approval.answers import GivenAnswer, refusals
from agentctl.approval.verification import Letter, NotVerified
from agentctl.composition.people.changes import refuse_secrets
from agentctl.composition.people.leaving import below_a_tool, book_of, leave_attempt
from agentctl.composition.people.sealed_values import vault_beside
from agentctl.composition.project import Project
from agentctl.foundation.canonical import Limits, NotCanonical, NotJson, canonical_bytes, parse_json
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import UsageError
from agentctl.foundation.ids import new_secret_id
from agentctl.gateway.state import SessionState
from agentctl.runtime.state import fold
from agentctl.trace.message import AnswerMessage
from agentctl.trace.ports import Received, Unreadable

MAX_BYTES = 2 << 20
"""A larger message is refused."""

_LIMITS = Limits(max_bytes=MAX_BYTES)
_ACCEPTED = "one signed answer to an approval request, as a JSON object: the form of an inbox message"


class Delivered(Struct, frozen=True):
    """An answer that lies in its run's inbox; `again`: it lay there, or was taken in, already."""

    message: AnswerMessage
    again: bool


class WouldNotCount(Struct, frozen=True):
    """An answer that was left in the inbox all the same, so that the run's journal records its refusal."""

    message: AnswerMessage
    reasons: tuple[str, ...]


Delivery: TypeAlias = Delivered | WouldNotCount


def deliver(project: Project, data: bytes) -> Delivery:
    """Check an answer and leave it in its run's inbox, once.

    What is no answer, or not from whom it names, is not stored: anybody could fill the inbox with it.

    Raises:
        UsageError: it is no answer, its run is not there or has ended, it is not from whom it names, another message has its
            id, or it holds in clear what must not lie in a file.
    """
    message = _message(data)
    records = fold(project.journals.read(message.run))
    if records.finished is not None:
        raise UsageError(f"run {message.run} has ended", "an answer to a request that waits")
    _refuse_below_a_tool(project, message)
    _refuse_unverified(project, message, records.session)
    if _is_there(project, message) or message.id in records.session.messages_seen:
        return Delivered(message, again=True)
    _refuse_secrets(project, message, records.session)
    reasons = _reasons(project, message, records.session)
    project.inbox.post(message)
    return WouldNotCount(message, reasons) if reasons else Delivered(message, again=False)


def _message(data: bytes) -> AnswerMessage:
    """Return the answer that some bytes are."""
    try:
        message = AnswerMessage.model_validate(parse_json(data, _LIMITS))
        message.signed_bytes()  # what has no such bytes was never signed
    except (NotJson, NotCanonical) as error:
        raise UsageError(f"this is no answer: {error}", _ACCEPTED) from error
    except ValidationError as error:
        raise UsageError(f"this is no answer: {_told(error)}", _ACCEPTED) from error
    if message.void is not None:
        raise UsageError("this answer was turned down where it was made", _ACCEPTED)
    return message


def _told(error: ValidationError) -> str:
    """Return what is wrong with each field; what stands in it is not repeated."""
    return "; ".join(f"`{'.'.join(map(str, item['loc']))}`: {item['msg']}" for item in error.errors())


def _refuse_below_a_tool(project: Project, message: AnswerMessage) -> None:
    """Refuse what an agent's tool hands in; the attempt gets an id of its own, so that it takes the place of no answer."""
    if project.settings.below_a_tool:
        leave_attempt(project, message.model_copy(update={"id": new_secret_id()}), "below_a_tool")
        raise below_a_tool("the attempt is on record")


def _refuse_secrets(project: Project, message: AnswerMessage, state: SessionState) -> None:
    changes = "" if message.changes is None else canonical_bytes(message.changes).decode()
    for field, text in (("`reason`", message.reason), ("`changes`", changes)):
        refuse_secrets(project, state.header, field, text)


def _refuse_unverified(project: Project, message: AnswerMessage, state: SessionState) -> None:
    if message.by.startswith(("system:", "agent:")):
        raise UsageError("nobody speaks for the platform by letter", "an answer of a person")
    letter = Letter(message.by, message.signed_bytes(), message.signature, os.getuid())
    book, required = book_of(project, state.header), state.header.signatures_required
    verified = book.verify(letter, signatures_required=required)
    if isinstance(verified, NotVerified):
        raise UsageError(
            f"it cannot be taken as from `{message.by}`: {verified.reason}",
            "an answer signed with the reviewer's own key",
        )


def _is_there(project: Project, message: AnswerMessage) -> bool:
    """Return whether this very message lies in the inbox.

    Raises:
        UsageError: another one has its id.
    """
    for item in project.inbox.read(message.run):
        match item:
            case Received(message=known) if known.id == message.id:
                if known.model_dump(mode="json") == message.model_dump(mode="json"):
                    return True
                raise _id_is_taken(message)
            case Unreadable(id=name) if name == message.id:
                raise _id_is_taken(message)
            case _:
                pass
    return False


def _id_is_taken(message: AnswerMessage) -> UsageError:
    return UsageError(f"another message has the id `{message.id}`", "a message with an id of its own")


def _reasons(project: Project, message: AnswerMessage, state: SessionState) -> tuple[str, ...]:
    """Return every reason why an answer would not count if the run took it in now; its writer judges again."""
    changes = (
        None if message.changes is None else vault_beside(project, state.header).bound_digest(message.changes)
    )
    given = GivenAnswer(
        message.by, message.answer, message.reason, message.binding, message.ends_run, changes
    )
    return refusals(state.approvals.get(message.approval), given, to_rfc3339(project.clock.now()))
