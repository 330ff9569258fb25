"""What the doctor reads of the evidence: journals by way of the index, and the open runs themselves."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata

from msgspec import Struct

from agentctl.approval.overdue import overdue
from agentctl.composition.people.leftovers import left_sealed
from agentctl.composition.project import Project
from agentctl.foundation.clock import from_rfc3339, to_rfc3339
from agentctl.foundation.errors import AgentctlError, IntegrityError, JournalUnavailable
from agentctl.review.doctor import evidence as doctor_evidence
from agentctl.review.doctor.evidence import Damaged, Waiting
from agentctl.review.doctor.observation import NOT_YOURS, Observation, ok, problem
from agentctl.runtime.state import RunState, fold
from agentctl.trace.index.store import put_aside
from agentctl.trace.journals.journal_files import journals_in
from agentctl.trace.journals.other_versions import unknown_version
from agentctl.trace.ports import Received, Unreadable

_OPEN_RUNS = "SELECT run FROM runs WHERE status <> 'finished' AND kind = 'live' ORDER BY run"
_LAST = "SELECT max(last_event_at) FROM runs"


class _Runs(Struct, frozen=True):
    """What the index says of all runs; `behind`: whether it had to look into journals for that."""

    number: int
    damaged: tuple[Damaged, ...] = ()
    open_runs: tuple[str, ...] = ()
    last: datetime | None = None
    behind: bool = False
    brought_from: int | None = None


def evidence(project: Project) -> Iterator[Observation]:
    """Yield whether the evidence is whole, and what waits for somebody."""
    control, last_act = _control(project)
    yield control
    runs = _runs(project)
    yield from _of_runs(runs)
    aside = (path for path in put_aside(project.paths.database) if path.exists())
    yield from doctor_evidence.set_aside([project.files.shown(path) for path in aside])
    told = {item.run for item in runs.damaged}
    waiting = [_waiting(project, run) for run in runs.open_runs if run not in told]
    yield from doctor_evidence.inboxes(waiting)
    yield from doctor_evidence.approvals(waiting)
    yield from doctor_evidence.sealed(left_sealed(project))
    yield doctor_evidence.clock(project.clock.now(), max(filter(None, (runs.last, last_act)), default=None))


def _of_runs(runs: _Runs) -> Iterator[Observation]:
    if not runs.number:
        yield ok("no runs yet")
        return
    yield from doctor_evidence.journals(runs.number, runs.damaged)
    yield doctor_evidence.index(
        metadata.version("duckdb"), behind=runs.behind, brought_from=runs.brought_from
    )


def _control(project: Project) -> tuple[Observation, datetime | None]:
    try:
        records = project.control.read()
    except JournalUnavailable as error:
        return problem(str(error), NOT_YOURS), None
    except IntegrityError as error:
        return doctor_evidence.control(0, str(error)), None
    last = from_rfc3339(records[-1].time) if records else None
    return doctor_evidence.control(len(records), ""), last


def _runs(project: Project) -> _Runs:
    number = len(journals_in(project.paths.journal))
    if not number:
        return _Runs(0)
    index = project.index()
    with index.reader() as reader:
        damaged = tuple(
            Damaged(
                item.run, item.path, item.records, item.lines, unknown_version(project.paths.journal, item)
            )
            for item in reader.damaged()
        )
        ((last,),) = reader.rows(_LAST)
        open_runs = tuple(str(run) for (run,) in reader.rows(_OPEN_RUNS))
        return _Runs(number, damaged, open_runs, _utc(last), reader.ahead, index.brought_from)


def _utc(moment: object) -> datetime | None:
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else None


def _waiting(project: Project, run: str) -> Waiting:
    """Return what waits for a run; one that cannot be folded is said so of, and hides no other."""
    try:
        state = fold(project.journals.read(run))
    except AgentctlError as error:
        return Waiting(run, problem=str(error))
    letters = project.inbox.read(run)
    unread = [item for item in letters if isinstance(item, Received) and _is_new(state, item)]
    unreadable = tuple(item.id for item in letters if isinstance(item, Unreadable))
    late = overdue(state.session.approvals, to_rfc3339(project.clock.now()))
    return Waiting(run, len(unread), unreadable, overdue=bool(late) and state.finished is None)


def _is_new(state: RunState, item: Received) -> bool:
    return item.message.id not in state.session.messages_seen
