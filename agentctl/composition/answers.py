"""The use cases of people beside a run: see what waits, answer it, say what became of a call in doubt."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from agentctl.approval.answers import GivenAnswer, refusals
from agentctl.approval.pending import Approval, Status
from agentctl.approval.view import with_real_values
from agentctl.composition.project import Project
from agentctl.events.approval import ApprovalRequested
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import IntegrityError, UsageError
from agentctl.foundation.ids import is_principal, new_secret_id, run_of
from agentctl.gateway.state import SessionState
from agentctl.runtime.state import fold
from agentctl.trace.message import AnswerMessage, ResolveMessage
from agentctl.trace.sealed import Vault

Verdict = Literal["executed", "not_executed", "retry"]


@dataclass(frozen=True, slots=True)
class OpenApproval:
    """An approval request as a person sees it; `view` holds the real values while the run is open."""

    id: str
    request: ApprovalRequested
    status: Status
    view: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a reviewer says on the command line."""

    approval: str
    reviewer: str
    answer: Literal["approve", "deny"]
    reason: str
    ends_run: bool = False


def open_approvals(project: Project) -> tuple[OpenApproval, ...]:
    """Return every request that waits for an answer, in all runs, oldest first."""
    found = (item for run in project.journals.runs() for item in _approvals_of(project, run))
    return tuple(item for item in found if item.status == "waiting")


def find_approval(project: Project, name: str) -> OpenApproval:
    """Return one request.

    Raises:
        UsageError: there is no such request.
    """
    state = _state(project, run_of(name))
    approval = state.approvals.get(name)
    if approval is None:
        raise UsageError(
            f"there is no approval request `{name[:120]}`", "an id that `agentctl approvals list` shows"
        )
    return _shown(project, state, approval, restore=True)


def give_answer(project: Project, given: Given) -> str:
    """Leave a reviewer's answer in the run's inbox and return the run's id; the run's writer checks it again.

    Raises:
        UsageError: it would not count; every reason is named.
    """
    run = run_of(given.approval)
    approval = _state(project, run).approvals.get(given.approval)
    binding = approval.request.binding if approval else None
    if approval is None or binding is None:
        raise UsageError(
            f"there is no approval request `{given.approval[:120]}`",
            "an id that `agentctl approvals list` shows",
        )
    now = to_rfc3339(project.clock.now())
    judged = GivenAnswer(given.reviewer, given.answer, given.reason, binding, given.ends_run)
    reasons = (*_not_a_person(given.reviewer), *refusals(approval, judged, now))
    if reasons:
        raise UsageError(
            f"the answer would not count: {'; '.join(reasons)}",
            f"one of {', '.join(approval.request.reviewers)}",
        )
    project.inbox.post(
        AnswerMessage(
            id=new_secret_id(),
            run=run,
            at=now,
            by=given.reviewer,
            reason=given.reason,
            approval=given.approval,
            answer=given.answer,
            ends_run=given.ends_run,
            binding=binding,
        )
    )
    return run


def resolve_call(project: Project, call: str, verdict: Verdict, by: str, reason: str) -> str:
    """Leave an operator's word on a call in doubt in the run's inbox and return the run's id.

    Raises:
        UsageError: the call is not in doubt, or the name is not a person's.
    """
    run = run_of(call)
    known = _state(project, run).calls.get(call)
    if known is None or known.status != "in_doubt":
        raise UsageError(
            f"call `{call[:120]}` is not in doubt", "a call that `agentctl runs show` shows in doubt"
        )
    if _not_a_person(by):
        raise UsageError(_not_a_person(by)[0], "a person's name")
    now = to_rfc3339(project.clock.now())
    project.inbox.post(
        ResolveMessage(id=new_secret_id(), run=run, at=now, by=by, reason=reason, call=call, verdict=verdict)
    )
    return run


def _not_a_person(name: str) -> tuple[str, ...]:
    return () if is_principal(name) else (f"`{name[:80]}` is not a person's name",)


def _approvals_of(project: Project, run: str) -> Iterator[OpenApproval]:
    """Yield the requests of a run; a damaged journal hides its own requests, not those of others."""
    try:
        state = _state(project, run)
    except IntegrityError:
        return
    for approval in state.approvals.values():
        yield _shown(project, state, approval, restore=False)


def _state(project: Project, run: str) -> SessionState:
    return fold(project.journals.read(run)).session


def _shown(project: Project, state: SessionState, approval: Approval, *, restore: bool) -> OpenApproval:
    request, now = approval.request, to_rfc3339(project.clock.now())
    view = _with_real_values(project, state, request.view) if restore else request.view
    return OpenApproval(request.approval, request, approval.status(now), view)


def _with_real_values(project: Project, state: SessionState, view: str) -> str:
    sealed = project.paths.sealed / state.header.run
    if not sealed.exists():
        return view
    vault = Vault(sealed, project.keys.sealing(), state.header.run, state.header.pii_redaction)
    return with_real_values(view, vault.restore)
