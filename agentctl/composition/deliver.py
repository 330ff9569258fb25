"""Handing in a signed answer from outside: as a chat bot or a ticket system got it from a reviewer."""

import os
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import ValidationError

from agentctl.approval.answers import GivenAnswer, refusals
from agentctl.approval.asserted import AssertedNames
from agentctl.approval.verification import Letter, NotVerified, Verifier
from agentctl.composition.project import Project
from agentctl.foundation.canonical import Limits, NotCanonical, NotJson, digest_of, parse_json
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import UsageError
from agentctl.gateway.state import SessionState
from agentctl.runtime.state import fold
from agentctl.trace.message import AnswerMessage
from agentctl.trace.ports import Received, Unreadable

MAX_BYTES = 2 << 20
"""A larger message is refused."""

_LIMITS = Limits(max_bytes=MAX_BYTES)
_ACCEPTED = "one signed answer to an approval request, as a JSON object: the form of an inbox message"


@dataclass(frozen=True, slots=True)
class Delivered:
    """An answer that lies in its run's inbox; `again`: it lay there, or was taken in, already."""

    message: AnswerMessage
    again: bool


@dataclass(frozen=True, slots=True)
class WouldNotCount:
    """An answer that was left in the inbox all the same, so that the run's journal records its refusal."""

    message: AnswerMessage
    reasons: tuple[str, ...]


Delivery: TypeAlias = Delivered | WouldNotCount


def deliver(project: Project, data: bytes, verifier: Verifier | None = None) -> Delivery:
    """Check an answer and leave it in its run's inbox, once.

    What is no answer, or not from whom it names, is not stored: anybody could fill the inbox with it. Without a verifier
    names are taken as they are said, where that is enough.

    Raises:
        UsageError: it is no answer, its run is not there or has ended, it is not from whom it names, or another message
            has its id.
    """
    message = _message(data)
    records = fold(project.journals.read(message.run))
    if records.finished is not None:
        raise UsageError(f"run {message.run} has ended", "an answer to a request that waits")
    _refuse_unverified(message, verifier or AssertedNames(), records.session)
    if _is_there(project, message) or message.id in records.session.messages_seen:
        return Delivered(message, again=True)
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
    return message


def _told(error: ValidationError) -> str:
    """Return what is wrong with each field; what stands in it is not repeated."""
    return "; ".join(f"`{'.'.join(map(str, item['loc']))}`: {item['msg']}" for item in error.errors())


def _refuse_unverified(message: AnswerMessage, verifier: Verifier, state: SessionState) -> None:
    if message.by.startswith(("system:", "agent:")):
        raise UsageError("nobody speaks for the platform by letter", "an answer of a person")
    letter = Letter(message.by, message.signed_bytes(), message.signature, os.getuid())
    verified = verifier.verify(letter, signatures_required=state.header.signatures_required)
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
    changes = None if message.changes is None else digest_of(message.changes)
    given = GivenAnswer(
        message.by, message.answer, message.reason, message.binding, message.ends_run, changes
    )
    return refusals(state.approvals.get(message.approval), given, to_rfc3339(project.clock.now()))
