"""The use cases of people beside a run: see what waits, answer it, say what became of a call in doubt."""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from agentctl.approval.answers import GivenAnswer, refusals
from agentctl.approval.pending import Approval, Status
from agentctl.approval.view import with_real_values
from agentctl.composition.people.changes import Changes, changed, refuse_secrets
from agentctl.composition.people.key_book import HasNoKey
from agentctl.composition.people.leaving import AskPassphrase, Hand, Left, book_of, leave, leave_attempt
from agentctl.composition.people.open_runs import open_runs
from agentctl.composition.people.sealed_values import vault_beside
from agentctl.composition.project import Project
from agentctl.events.approval import Answer, ApprovalAnswered, ApprovalRequested
from agentctl.events.record import Record
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import IntegrityError, JournalUnavailable, UsageError
from agentctl.foundation.ids import is_principal, new_secret_id, run_of
from agentctl.gateway.state import SessionState
from agentctl.runtime.state import fold
from agentctl.trace.message import AnswerMessage, ResolveMessage
from agentctl.trace.ports import Received, Unreadable

Verdict = Literal["executed", "not_executed", "retry"]


class GivenAt(Struct, frozen=True):
    """An answer that counts, when it was taken, and the arguments it puts instead, with their real values."""

    answer: ApprovalAnswered
    at: str
    changes: JsonValue


class NotTaken(Struct, frozen=True):
    """A message that lies in the inbox and that the run's writer has not looked at; nothing in it is checked."""

    id: str
    by: str
    said: str
    at: str


class OpenApproval(Struct, frozen=True):
    """An approval request as a person sees it; `view` holds the real values while the run is open.

    `arguments` are those of the request, redacted: what `--set` may use of it are placeholders.
    """

    id: str
    request: ApprovalRequested
    status: Status
    view: str
    approval: Approval
    arguments: JsonValue
    answers: tuple[GivenAt, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()


class Waiting(Struct, frozen=True):
    """The requests that wait for an answer, and the runs that could not be read, each with why."""

    approvals: tuple[OpenApproval, ...]
    unread: tuple[tuple[str, str], ...]


class Given(Struct, frozen=True):
    """What a reviewer says on the command line; `instead` are the arguments they change, by name."""

    approval: str
    reviewer: str
    answer: Answer
    reason: str
    ends_run: bool = False
    instead: Mapping[str, JsonValue] | None = None


class Word(Struct, frozen=True):
    """What an operator says of a call in doubt."""

    call: str
    verdict: Verdict
    by: str
    reason: str


def open_approvals(project: Project) -> Waiting:
    """Return every request that waits for an answer, in all runs, oldest first."""
    open_ = open_runs(project)
    waiting: list[OpenApproval] = []
    unread: list[tuple[str, str]] = []
    for run in (*open_.runs, *open_.damaged):
        try:
            waiting.extend(item for item in _approvals_of(project, run) if item.status == "waiting")
        except (IntegrityError, JournalUnavailable) as error:
            unread.append((run, str(error)))
    return Waiting(tuple(waiting), tuple(unread))


def find_approval(project: Project, name: str) -> OpenApproval:
    """Return one request, with what was answered and what lies in the inbox.

    Raises:
        UsageError: there is no such request.
    """
    records = _records_of_request(project, name)
    state = fold(records).session
    approval = _approval(state, name)
    return _shown(project, state, approval, records)


def give_answer(project: Project, given: Given, ask: AskPassphrase, hand: Hand = leave) -> Left:
    """Leave a reviewer's answer in the run's inbox, signed where they have a key; the run's writer checks it again.

    Args:
        project: the project.
        given: what the reviewer says.
        ask: asks for a passphrase.
        hand: what becomes of the answer instead, see `taken_to`.

    Raises:
        UsageError: it would not count; every reason is named, and the attempt is on record.
    """
    folded = fold(_records_of_request(project, given.approval))
    state = folded.session
    approval = _approval(state, given.approval)
    refuse_secrets(project, state.header, "`--reason`", given.reason)
    changes = None if given.instead is None else changed(project, state, approval, given.instead)
    message = _message(project, approval, given, changes)
    reasons = _reasons(project, approval, given, changes)
    if reasons:
        if folded.finished is None and is_principal(given.reviewer):
            leave_attempt(project, message, "below_a_tool" if project.settings.below_a_tool else "refused")
        raise UsageError(f"the answer would not count: {'; '.join(reasons)}", _accepted(project, approval))
    return hand(project, state.header, message, ask)


def must_sign(project: Project, run: str, name: str) -> bool:
    """Return whether somebody's answer to a run is more than a name: they have a key, or everybody's must be signed."""
    header = _state(project, run).header
    return header.signatures_required or not isinstance(book_of(project, header).standing(name), HasNoKey)


def resolve_call(project: Project, word: Word, ask: AskPassphrase) -> str:
    """Leave an operator's word on a call in doubt in the run's inbox and return the run's id.

    Raises:
        UsageError: the call is not in doubt, the name is not a person's, or it must be signed and is not.
    """
    run = run_of(word.call)
    state = _state(project, run)
    known = state.calls.get(word.call)
    if known is None or known.status != "in_doubt":
        raise UsageError(
            f"call `{word.call[:120]}` is not in doubt", "a call that `agentctl runs show` shows in doubt"
        )
    if _not_a_person(word.by):
        raise UsageError(_not_a_person(word.by)[0], "a person's name")
    refuse_secrets(project, state.header, "`--reason`", word.reason)
    message = ResolveMessage(
        id=new_secret_id(),
        run=run,
        at=to_rfc3339(project.clock.now()),
        by=word.by,
        reason=word.reason,
        call=word.call,
        verdict=word.verdict,
    )
    return leave(project, state.header, message, ask).run


def _records_of_request(project: Project, name: str) -> tuple[Record, ...]:
    """Return the records of the run at the head of a request's id.

    Raises:
        UsageError: nothing has that id.
    """
    try:
        return project.journals.read(run_of(name))
    except UsageError as error:
        raise _no_request(name) from error


def _approval(state: SessionState, name: str) -> Approval:
    approval = state.approvals.get(name)
    if approval is None:
        raise _no_request(name)
    return approval


def _no_request(name: str) -> UsageError:
    return UsageError(
        f"there is no approval request `{name[:120]}`", "an id that `agentctl approvals list` shows"
    )


def _reasons(project: Project, approval: Approval, given: Given, changes: Changes | None) -> tuple[str, ...]:
    judged = GivenAnswer(
        given.reviewer,
        given.answer,
        given.reason,
        approval.request.binding,
        given.ends_run,
        None if changes is None else changes.digest,
    )
    now = to_rfc3339(project.clock.now())
    return (*_not_a_person(given.reviewer), *refusals(approval, judged, now))


def _message(project: Project, approval: Approval, given: Given, changes: Changes | None) -> AnswerMessage:
    return AnswerMessage(
        id=new_secret_id(),
        run=approval.request.binding.run,
        at=to_rfc3339(project.clock.now()),
        by=given.reviewer[:128] or "nobody",
        reason=given.reason,
        approval=given.approval,
        answer=given.answer,
        changes=None if changes is None else changes.arguments,
        ends_run=given.ends_run,
        binding=approval.request.binding,
    )


def _accepted(project: Project, approval: Approval) -> str:
    """Return which answer would count: that of a person who may still give one."""
    if approval.status(to_rfc3339(project.clock.now())) != "waiting":
        return "a request that `agentctl approvals list` shows"
    may = (name for name in approval.reviewers if is_principal(name) and name != approval.request.requester)
    people = ", ".join(may)
    return f"an answer of one of {people}" if people else "nobody's: a rule decides"


def _not_a_person(name: str) -> tuple[str, ...]:
    return () if is_principal(name) else (f"`{name[:80]}` is not a person's name",)


def _approvals_of(project: Project, run: str) -> Iterator[OpenApproval]:
    """Yield the requests of a run.

    Raises:
        IntegrityError: its journal is not what was written.
        JournalUnavailable: it cannot be read.
    """
    state = _state(project, run)
    if state.envelope is None or not state.header.waits_for_people:  # its process has begun nothing yet
        return
    now = to_rfc3339(project.clock.now())
    for approval in state.approvals.values():
        request = approval.request
        yield OpenApproval(
            request.approval,
            request,
            approval.status(now),
            request.view,
            approval,
            _arguments(state, approval),
            not_taken=tuple(_not_taken(project, state, request.approval)),
        )


def _state(project: Project, run: str) -> SessionState:
    return fold(project.journals.read(run)).session


def _arguments(state: SessionState, approval: Approval) -> JsonValue:
    return state.calls[approval.request.binding.call].proposal.arguments


def _shown(
    project: Project, state: SessionState, approval: Approval, records: tuple[Record, ...]
) -> OpenApproval:
    request, vault = approval.request, vault_beside(project, state.header)
    return OpenApproval(
        id=request.approval,
        request=request,
        status=approval.status(to_rfc3339(project.clock.now())),
        view=with_real_values(request.view, vault.restore),
        approval=approval,
        arguments=_arguments(state, approval),
        answers=tuple(
            GivenAt(item.event, item.time, vault.restore(item.event.changes))
            for item in records
            if isinstance(item.event, ApprovalAnswered) and item.event.approval == request.approval
        ),
        not_taken=tuple(_not_taken(project, state, request.approval)),
    )


def _not_taken(project: Project, state: SessionState, approval: str) -> Iterator[NotTaken]:
    """Yield what lies in the inbox and may be about a request."""
    for item in project.inbox.read(state.header.run):
        match item:
            case Unreadable(id=name, reason=reason) if name not in state.messages_seen:
                yield NotTaken(name, "", reason, "")
            case Received(message=AnswerMessage() as message) if message.id not in state.messages_seen:
                if message.approval == approval:
                    said = message.answer if message.void is None else f"{message.answer}, turned down"
                    yield NotTaken(message.id, message.by, said, message.at)
            case _:
                pass
