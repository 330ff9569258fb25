"""Questions about runs, with typed answers; their SQL stands in `queries/`."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from agentctl.events.base import Event
from agentctl.events.record import EVENT_TYPES
from agentctl.trace.placed import Placed
from agentctl.trace.query_texts import query_text
from agentctl.trace.report import JournalState, NotUnderstood, RunReport, RunRow, report_of
from agentctl.trace.run_names import LATEST

if TYPE_CHECKING:
    from agentctl.trace.store import Reader

_CANDIDATES = 10
_ALL = 1 << 62


@dataclass(frozen=True, slots=True)
class Choice:
    """Which runs are looked for; None: all.

    `status` is a status or a reason: `suspended`, `approval`, `answered`. They began at `since` (ISO 8601, UTC) or later,
    and before `until`. Only those among `only` are taken, and none of `without`.
    """

    agent: str | None = None
    principal: str | None = None
    kind: str | None = None
    status: str | None = None
    since: str | None = None
    until: str | None = None
    only: Collection[str] | None = None
    without: Collection[str] | None = None

    @property
    def narrow(self) -> bool:
        """Whether any run is left out."""
        return any(value is not None for value in asdict(self).values())


EVERY_RUN = Choice()


def list_runs(reader: "Reader", choice: Choice = EVERY_RUN, *, limit: int | None = 20) -> tuple[RunRow, ...]:
    """Return the newest runs that are looked for, newest first; at most so many, None for all."""
    chosen = _query(reader, "choose_runs", limit=_ALL if limit is None else limit, **asdict(choice))
    return _rows(reader, [run for (run,) in chosen])


def show_run(reader: "Reader", run: str) -> RunReport | None:
    """Return everything about one run; None where there is none, or its journal holds no believable beginning."""
    rows = _rows(reader, [run])
    if not rows:
        return None
    placed: list[Placed[Event]] = []
    strange: list[NotUnderstood] = []
    for seq, time, digest, kind, data in _query(reader, "run_events", run=run):
        event = _event(kind, data)
        if event is None:
            strange.append(NotUnderstood(seq, kind))
        else:
            placed.append(Placed(seq, _utc(time), digest, event))
    (path, records, lines), *_ = _query(reader, "run_journal", run=run)
    return report_of(rows[0], JournalState(path, records, lines), placed, tuple(strange))


def find_run(reader: "Reader", prefix: str) -> str | tuple[str, ...]:
    """Return the one run whose id begins so (`latest`: the newest), or the candidates, newest first, if it is not one."""
    latest = prefix == LATEST
    wanted = "" if latest else prefix.upper()
    found = tuple(
        run for (run,) in _query(reader, "find_run", prefix=wanted, limit=1 if latest else _CANDIDATES)
    )
    return found[0] if len(found) == 1 else found


def _rows(reader: "Reader", runs: list[str]) -> tuple[RunRow, ...]:
    return tuple(RunRow(*map(_value, row)) for row in _query(reader, "run_rows", runs=runs))


def _query(reader: "Reader", name: str, **parameters: object) -> list[tuple[Any, ...]]:
    """Return the rows of one of our own queries; their types are those of its columns, which only DuckDB knows."""
    return reader.rows(query_text(name), **parameters)


def _value(value: Any) -> Any:  # whatever DuckDB has in a cell
    match value:
        case datetime():
            return _utc(value)
        case list():
            return tuple(value)
        case _:
            return value


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _event(kind: str, data: str) -> Event | None:
    """Return the event of a record; None where this version does not know it."""
    form = EVENT_TYPES.get(kind)
    try:
        return form.model_validate_json(data) if form else None
    except ValidationError:
        return None
