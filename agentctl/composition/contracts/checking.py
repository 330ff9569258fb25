"""A contract that fails its check is neither run, nor tried, nor tagged."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from agentctl.composition.contracts.versions import FoundVersion, contract_in_file
from agentctl.composition.project import Project
from agentctl.contract.agent import AgentContract
from agentctl.contract.project import Loaded
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import InvalidInput
from agentctl.review.checks.reviewed import review


def refuse_unless_sound(
    project: Project, load: Callable[[], Loaded[AgentContract]], agent: str, environment: str
) -> None:
    """Check a contract with everything it refers to.

    Args:
        project: the project.
        load: loads the contract.
        agent: what it is called as long as it does not say so itself.
        environment: the name of the environment it is checked in.

    Raises:
        InvalidInput: it fails; names every problem found.
        UsageError: there is no such agent or environment.
    """
    today = to_rfc3339(project.clock.now())[:10]
    reviewed = review(project.files, load, environment, called=agent, today=today)
    if not reviewed.passed:
        raise InvalidInput(reviewed.report.errors)


def refuse_unless_found_sound(project: Project, found: FoundVersion, environment: str) -> None:
    """Check a version that somebody named, where files say what it is; each in the project in which they lie.

    Raises:
        As `refuse_unless_sound`.
    """
    if found.named == "agent":
        refuse_unless_sound(project, partial(project.files.agent, found.text), found.text, environment)
    if found.named == "file":
        files, contract = contract_in_file(project, Path(found.text))
        refuse_unless_sound(replace(project, files=files), lambda: contract, found.agent, environment)
