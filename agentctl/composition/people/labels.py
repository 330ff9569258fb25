"""What people think of runs: say it, read it. It is journaled beside the runs, never in them."""

from typing import get_args

from agentctl.composition.people.leaving import below_a_tool
from agentctl.composition.project import Project
from agentctl.events.base import Principal
from agentctl.events.control import Label, RunLabelled
from agentctl.foundation.errors import UsageError
from agentctl.foundation.ids import is_principal
from agentctl.trace.index.labels import Labels, labels_of
from agentctl.trace.reports.run_names import run_named
from agentctl.trace.sealing.redaction import find_secrets

LABELS: tuple[Label, ...] = get_args(Label)
"""Every label there is."""

_LONGEST_REASON = 2_000


def label_run(project: Project, name: str, label: Label, *, by: str, reason: str) -> RunLabelled:
    """Record what somebody thinks of a run that is named by its id, the beginning of one, or `latest`.

    Raises:
        UsageError: there is no such run, or the name or the reason cannot be taken.
        IntegrityError: the journal of labels is not what was written.
    """
    _refuse_unfit(project, by, reason)
    event = RunLabelled(
        run=run_named(project.journals.runs(), name),
        label=label,
        by=Principal(id=by, kind="user", assurance="asserted"),
        reason=reason.strip(),
    )
    with project.labels.writing() as journal:
        journal.append(event)
    return event


def read_labels(project: Project) -> Labels:
    """Return every label of every run.

    Raises:
        IntegrityError: the journal of labels is not what was written.
        JournalUnavailable: it cannot be read.
    """
    return labels_of(project.labels.read())


def _refuse_unfit(project: Project, by: str, reason: str) -> None:
    if project.settings.below_a_tool:
        raise below_a_tool()
    if not is_principal(by):
        raise UsageError(f"`{by[:80]}` is not a person's name", "letters, digits, `.`, `_`, `-`, `@`")
    if not reason.strip():
        raise UsageError("a label without a reason", "`--reason`, in a sentence")
    if len(reason) > _LONGEST_REASON:
        raise UsageError(f"the reason has {len(reason)} characters", f"{_LONGEST_REASON} at most")
    if find_secrets(reason):
        raise UsageError(
            "the reason holds what must not lie in a file: personal data, or a key", "other words"
        )
