"""Questions about runs, with typed answers; their SQL stands in `queries/`."""

from typing import TYPE_CHECKING

from pydantic import ValidationError

from agentctl.events.base import Event
from agentctl.events.record import EVENT_TYPES
from agentctl.trace.index.run_rows import query, rows_of, utc
from agentctl.trace.reports.placed import Placed
from agentctl.trace.reports.run import JournalState, NotUnderstood, RunReport, report_of
from agentctl.trace.reports.run_names import LATEST

if TYPE_CHECKING:
    from agentctl.trace.index.reading import Reader

_CANDIDATES = 10


def show_run(reader: "Reader", run: str) -> RunReport | None:
    """Return everything about one run; None where there is none, or its journal holds no believable beginning."""
    rows = rows_of(reader, [run])
    if not rows:
        return None
    placed: list[Placed[Event]] = []
    strange: list[NotUnderstood] = []
    for seq, time, digest, kind, data in query(reader, "run_events", run=run):
        event = _event(kind, data)
        if event is None:
            strange.append(NotUnderstood(seq, kind))
        else:
            placed.append(Placed(seq, utc(time), digest, event))
    (path, records, lines), *_ = query(reader, "run_journal", run=run)
    return report_of(rows[0], JournalState(path, records, lines), placed, tuple(strange))


def find_run(reader: "Reader", prefix: str) -> str | tuple[str, ...]:
    """Return the one run whose id begins so (`latest`: the newest), or the candidates, newest first, if it is not one.

    An empty beginning, as a variable is that nobody set, names none.
    """
    if not prefix:
        return ()
    latest = prefix == LATEST
    wanted = "" if latest else prefix.upper()
    found = tuple(
        run for (run,) in query(reader, "find_run", prefix=wanted, limit=1 if latest else _CANDIDATES)
    )
    return found[0] if len(found) == 1 else found


def _event(kind: str, data: str) -> Event | None:
    """Return the event of a record; None where this version does not know it."""
    form = EVENT_TYPES.get(kind)
    try:
        return form.model_validate_json(data) if form else None
    except ValidationError:
        return None
