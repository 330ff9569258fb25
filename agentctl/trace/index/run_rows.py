"""Runs in a line each, and which of them are looked for; nothing here needs the events' forms, which are slow to load."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

from agentctl.trace.index.query_texts import query_text

if TYPE_CHECKING:
    from agentctl.trace.index.reading import Reader

RunStatus = Literal["running", "suspended", "finished"]
"""`running`: under way, or its process died; the journal cannot tell. A replay is over when it was judged."""

_ALL = 1 << 62


class RunRow(Struct, frozen=True):
    """One run in a line. Tokens and money are what was settled; money is exact to 12 decimals."""

    run: str
    kind: str
    agent: str
    owner: str
    version: str
    version_tag: str | None
    environment: str
    principal: str
    principal_assurance: str
    on_behalf_of: tuple[str, ...]
    input: str
    status: RunStatus
    reason: str | None
    exit_code: int | None
    answer: str | None
    started_at: datetime
    ended_at: datetime | None
    steps: int
    model_calls: int
    tool_calls: int
    refused_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    overridden: bool
    """Whether a person answered an approval."""
    last_event_at: datetime

    @property
    def seconds(self) -> float:
        """How long it took from its beginning to the last that is known of it, waiting included."""
        return (self.last_event_at - self.started_at).total_seconds()


class Choice(Struct, frozen=True):
    """Which runs are looked for; None: all.

    `status` is a status or a reason: `suspended`, `approval`, `answered`. They began at `since` (ISO 8601, UTC) or later,
    and before `until`. `label` is what was said of them last; `none`: nothing.
    """

    agent: str | None = None
    principal: str | None = None
    kind: str | None = None
    status: str | None = None
    since: str | None = None
    until: str | None = None
    label: str | None = None

    @property
    def narrow(self) -> bool:
        """Whether any run is left out."""
        return any(value is not None for value in asdict(self).values())


EVERY_RUN = Choice()


def list_runs(reader: "Reader", choice: Choice = EVERY_RUN, *, limit: int | None = 20) -> tuple[RunRow, ...]:
    """Return the newest runs that are looked for, newest first; at most so many, None for all."""
    sought = {**asdict(choice), "limit": _ALL if limit is None else limit}
    labelled = "TRUE" if sought["label"] is None else query_text("labelled")
    if sought["label"] is None:  # to look labels up takes longer than all the rest
        del sought["label"]
    return _rows(reader, query_text("choose_runs").format(labelled=labelled), **sought)


def rows_of(reader: "Reader", runs: list[str]) -> tuple[RunRow, ...]:
    """Return some runs, newest first."""
    return _rows(reader, query_text("named_runs"), runs=runs)


def _rows(reader: "Reader", which: str, **parameters: object) -> tuple[RunRow, ...]:
    rows = reader.rows(query_text("run_rows").format(which=which), **parameters)
    return tuple(RunRow(*map(_value, row)) for row in rows)


def query(reader: "Reader", name: str, **parameters: object) -> list[tuple[Any, ...]]:
    """Return the rows of one of our own queries; their types are those of its columns, which only DuckDB knows."""
    return reader.rows(query_text(name), **parameters)


def _value(value: Any) -> Any:  # whatever DuckDB has in a cell
    match value:
        case datetime():
            return utc(value)
        case list():
            return tuple(value)
        case _:
            return value


def utc(moment: datetime) -> datetime:
    """Return a moment of the index, which are all in UTC, as one that says so."""
    return moment.replace(tzinfo=UTC)
