"""Which run somebody means who goes on with one, or gives it something."""

from agentctl.composition.project import Project
from agentctl.foundation.ids import is_run_id
from agentctl.trace.reports.run_names import run_named


def run_meant(project: Project, name: str) -> str:
    """Return the run that is named by its id, the beginning of one, or `latest`; a whole id is looked for by nobody here.

    Raises:
        UsageError: there is none, or more than one.
    """
    return name if is_run_id(name) else run_named(project.journals.runs(), name)
