"""The sweep: what time did to the approval requests of all runs is recorded, also where nobody resumes them.

What runs that are over left sealed is destroyed.
"""

import asyncio

from msgspec import Struct

from agentctl.composition.announcing import herald_of
from agentctl.composition.governing import recorded
from agentctl.composition.people.leftovers import destroy_left, left_sealed
from agentctl.composition.people.open_runs import open_runs
from agentctl.composition.project import Project
from agentctl.events.approval import ApprovalExpired
from agentctl.events.record import Record
from agentctl.foundation.clock import to_rfc3339
from agentctl.foundation.errors import AgentctlError, ExitCode, LockedError
from agentctl.gateway.announcements import Herald
from agentctl.gateway.sweep import something_is_due, sweep
from agentctl.runtime.state import RunState, fold
from agentctl.trace.ports import Acquired


class SweptRun(Struct, frozen=True):
    """What a sweep did to one run, or why it could not; `busy`: somebody else is writing it, and sees to it.

    `destroyed`: it was over, and its process was killed before it had destroyed its sealed values.
    """

    run: str
    records: tuple[Record, ...] = ()
    destroyed: bool = False
    busy: bool = False
    problem: str | None = None
    exit_code: ExitCode = ExitCode.OK

    @property
    def can_go_on(self) -> bool:
        """Whether a resume finds something new: a request that nobody answered in time, which is a denial."""
        return any(isinstance(record.event, ApprovalExpired) for record in self.records)


def sweep_all(project: Project) -> tuple[SweptRun, ...]:
    """Sweep all runs, oldest first; return those in which something was due, or that could not be looked at."""
    return asyncio.run(_sweep_all(project))


async def _sweep_all(project: Project) -> tuple[SweptRun, ...]:
    found = open_runs(project)
    runs = {*found.runs, *found.damaged, *left_sealed(project)}
    swept = [await _swept(project, run) for run in sorted(runs)]
    return tuple(item for item in swept if item is not None)


async def _swept(project: Project, run: str) -> SweptRun | None:
    """Sweep one run; whatever is wrong with it is said of it alone."""
    try:
        return await _sweep(project, run)
    except LockedError:
        return SweptRun(run, busy=True)
    except AgentctlError as error:
        return SweptRun(run, problem=str(error), exit_code=error.exit_code)


async def _sweep(project: Project, run: str) -> SweptRun | None:
    state = fold(project.journals.read(run))
    if state.finished is not None:
        return SweptRun(run, destroyed=True) if destroy_left(project, run) else None
    herald = _herald_if_due(project, state)
    if herald is None:
        return None
    acquired = project.journals.acquire(run)
    try:
        return SweptRun(run, await _records(project, acquired, herald))
    finally:
        acquired.journal.close()


async def _records(project: Project, acquired: Acquired, herald: Herald) -> tuple[Record, ...]:
    """Sweep a run that is ours to write, unless somebody brought it to its end meanwhile."""
    if fold(acquired.records).finished is not None:
        return ()
    return await sweep(acquired, herald, project.clock)


def _herald_if_due(project: Project, state: RunState) -> Herald | None:
    """Return what announces a run's requests; None where nothing is due."""
    waiting = any(item.open for item in state.session.approvals.values())
    if not waiting or not state.session.header.waits_for_people:
        return None
    herald = herald_of(project, recorded(project, state.session.header))
    now = to_rfc3339(project.clock.now())
    due = something_is_due(state.session.approvals, tuple(herald.announcers), now)
    return herald if due else None
