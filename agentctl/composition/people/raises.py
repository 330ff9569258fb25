"""Raising a run's ceilings: an approval like any other, left in the run's inbox after the checks its writer will make again."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from agentctl.budget.limits import lowered
from agentctl.budget.raising import why_not_raised
from agentctl.composition.governing import Governing, recorded
from agentctl.composition.people.changes import refuse_secrets
from agentctl.composition.people.leaving import AskPassphrase, Left, leave, leave_attempt
from agentctl.composition.project import Project
from agentctl.events.run import Envelope, Limits
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import UsageError
from agentctl.foundation.ids import is_principal, new_secret_id
from agentctl.gateway.grants import why_not_entitled
from agentctl.runtime.state import fold
from agentctl.trace.message import RaiseMessage

PLATFORM_FILE: Final = "contracts/platform.yaml"
"""Where the platform's ceilings stand."""

_LONGEST_REASON: Final = 2_000


class Raise(Struct, frozen=True):
    """What a reviewer says on the command line; `ceilings` are the new ones, by the names of `Limits`."""

    run: str
    reviewer: str
    reason: str
    ceilings: Mapping[str, int | Decimal]


class Raised(Struct, frozen=True):
    """A letter that lies in the inbox: all ceilings as they are, and as they will be."""

    left: Left
    before: Limits
    after: Limits


def raise_ceilings(project: Project, wanted: Raise, ask: AskPassphrase) -> Raised:
    """Leave higher ceilings in the run's inbox, signed where the reviewer has a key; the run's writer checks them again.

    Raises:
        UsageError: there is no such run, it has ended, or the raise would not count; every reason is named, and the attempt
            is on record.
    """
    state = fold(project.journals.read(wanted.run))
    if state.finished is not None:
        raise UsageError(
            f"run {wanted.run} has ended: nothing of it can be raised", "a run that is suspended"
        )
    if len(wanted.reason) > _LONGEST_REASON:
        raise UsageError(f"`--reason` has {len(wanted.reason)} characters", f"at most {_LONGEST_REASON}")
    header = state.session.header
    refuse_secrets(project, header, "`--reason`", wanted.reason)
    governing = recorded(project, header)
    before = lowered(header.limits, governing.ceilings)
    after = before.model_copy(update=dict(wanted.ceilings))
    reasons = (*_not_entitled(governing, header, wanted), *why_not_raised(after, before, governing.ceilings))
    letter = _letter(project, wanted, before, after)
    if reasons:
        if is_principal(wanted.reviewer):
            leave_attempt(project, letter, "below_a_tool" if project.settings.below_a_tool else "refused")
        raise UsageError(f"the raise would not count: {'; '.join(reasons)}", _accepted(governing, header))
    return Raised(leave(project, header, letter, ask), before, after)


def people_who_may(governing: Governing, header: Envelope) -> tuple[str, ...]:
    """Return the people who may raise a run's ceilings: the environment's reviewers, but not whom the run acts for."""
    names = (item.name for item in governing.environment.environment.reviewers)
    return tuple(name for name in names if is_principal(name) and name != header.principal.id)


def _not_entitled(governing: Governing, header: Envelope, wanted: Raise) -> tuple[str, ...]:
    if not is_principal(wanted.reviewer):
        return (f"`{wanted.reviewer[:80]}` is not a person's name",)
    names = tuple(item.name for item in governing.environment.environment.reviewers)
    return why_not_entitled(wanted.reviewer, names, header.principal.id)


def _accepted(governing: Governing, header: Envelope) -> str:
    people = ", ".join(people_who_may(governing, header)) or "nobody the environment names"
    return f"more than the run has, at most what `budget_ceilings` in {PLATFORM_FILE} permits, said by one of: {people}"


def _letter(project: Project, wanted: Raise, before: Limits, after: Limits) -> RaiseMessage:
    return RaiseMessage(
        id=new_secret_id(),
        run=wanted.run,
        at=to_rfc3339(project.clock.now()),
        by=wanted.reviewer[:128] or "nobody",
        reason=wanted.reason,
        limits=after,
        instead_of=before,
    )
