"""Sealed values of runs that are over: a run destroys its own, unless its process is killed between its end and that."""

from contextlib import closing

from agentctl.composition.project import Project
from agentctl.trace.disk import SystemDisk
from agentctl.trace.sealing.sealed_file import SealedFile

_OVER = "SELECT run FROM runs WHERE status = 'finished' AND run IN (SELECT unnest($runs)) ORDER BY run"


def left_sealed(project: Project) -> tuple[str, ...]:
    """Return the runs that are over and whose values are still there, oldest first."""
    folder = project.paths.sealed
    names = [path.name for path in folder.iterdir()] if folder.exists() else []
    if not names:
        return ()
    with project.index().reader() as reader:
        return tuple(str(run) for (run,) in reader.rows(_OVER, runs=names))


def destroy_left(project: Project, run: str) -> bool:
    """Destroy what a run that is over left sealed; return whether it had left anything. No key is needed for that.

    Raises:
        AgentctlError: somebody is writing the run, its journal is damaged, or the disk refused.
    """
    path = project.paths.sealed / run
    if not path.exists():
        return False
    with closing(project.journals.acquire(run).journal):
        SealedFile(path, SystemDisk()).delete()
    return True
