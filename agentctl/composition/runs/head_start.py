"""A head start for the sandbox's back office: its process loads while this one loads the code of a run."""

from contextlib import AbstractContextManager, nullcontext

from agentctl.composition.project import Project
from agentctl.foundation.errors import InvalidInput
from agentctl.sandbox.process import SpareProcess


def head_start(project: Project, environment: str) -> AbstractContextManager[SpareProcess | None]:
    """Start a process that a run in this environment will need, and end it if the run does not come to that."""
    return SpareProcess() if _needs_back_office(project, environment) else nullcontext()


def _needs_back_office(project: Project, environment: str) -> bool:
    try:
        return project.files.environment(environment).document.needs_back_office
    except InvalidInput:  # told when the run is checked, with all the rest
        return False
