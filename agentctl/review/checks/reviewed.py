"""One contract under review: loaded, checked, and named by its version; what cannot be loaded is a finding too."""

from collections.abc import Callable

from msgspec import Struct

from agentctl.contract.agent import AgentContract
from agentctl.contract.project import Loaded, ProjectFiles
from agentctl.foundation.errors import InvalidInput, UsageError
from agentctl.review.checks.all_checks import check
from agentctl.review.checks.report import Report
from agentctl.review.checks.subject import Subject, gather


class Reviewed(Struct, frozen=True):
    """A contract's report. `version` is None while something that it refers to cannot be loaded."""

    agent: str
    environment: str
    report: Report
    version: str | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing refuses the contract."""
        return not self.report.errors


def review(
    project: ProjectFiles,
    contract: Callable[[], Loaded[AgentContract]],
    environment: str,
    *,
    called: str,
    today: str,
) -> Reviewed:
    """Load a contract with everything it refers to, and check it.

    Args:
        project: The project's files.
        contract: Loads the contract.
        environment: The name of the environment it is checked in.
        called: What the contract is called as long as it does not say so itself.
        today: The day, `2026-11-22`; acceptances of risks hold until a day.

    Raises:
        UsageError: there is no such agent or environment.
    """
    try:
        subject = gather(project, contract, environment, today)
    except UsageError:
        raise
    except InvalidInput as refusal:
        return Reviewed(called, environment, Report(errors=refusal.problems))
    name = subject.contract.document.agent.name
    return Reviewed(name, environment, check(subject), _version(project, subject))


def _version(project: ProjectFiles, subject: Subject) -> str | None:
    try:
        return project.agent_version(subject.contract).digest
    except InvalidInput:
        return None
