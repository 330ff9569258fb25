"""Which runs may wait for somebody: found by the index, so that nobody reads every journal there ever was."""

from msgspec import Struct

from agentctl.composition.project import Project

_OPEN = "SELECT run FROM runs WHERE status <> 'finished' ORDER BY run"


class OpenRuns(Struct, frozen=True):
    """The runs that have not ended, oldest first, and those of which nobody can tell: their journals are damaged."""

    runs: tuple[str, ...]
    damaged: tuple[str, ...]


def open_runs(project: Project) -> OpenRuns:
    """Return the runs that have not ended; whoever asks reads their journals, which alone say what waits."""
    with project.index().reader() as reader:
        damaged = sorted(harm.run for harm in reader.damaged())
        found = (str(run) for (run,) in reader.rows(_OPEN))
        return OpenRuns(tuple(run for run in found if run not in damaged), tuple(damaged))
