"""Questions without SQL: one view, narrowed by what people narrow by."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from agentctl.audit.asking import Bounds, Question
from agentctl.audit.tables import Table, table_named, tables
from agentctl.contract.words import listed, nearest
from agentctl.foundation.errors import UsageError

# Views that have no such column of their own are narrowed to the runs that have such a row.
_OF_RUNS = {"agent": "gen_ai_agent_name", "principal": "principal"}
_OF_SOME_RUNS = "run IN (SELECT run "
_OF_CALLS = {"tool": "gen_ai_tool_name", "decision": "decision"}
# Of views that join what is long to their rows: where the same rows stand without it.
_WITHOUT_WORDS = {"messages": "said"}

_OLDEST = datetime(1970, 1, 1, tzinfo=UTC)


class Filters(Struct, frozen=True):
    """What is looked for; None: everything. `since` is a moment as `moment_of` returns it."""

    agent: str | None = None
    principal: str | None = None
    tool: str | None = None
    decision: str | None = None
    status: str | None = None
    since: str | None = None

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return any(self.given.values())

    @property
    def given(self) -> dict[str, str]:
        """Those that are set."""
        named = {
            "agent": self.agent,
            "principal": self.principal,
            "tool": self.tool,
            "decision": self.decision,
            "status": self.status,
            "since": self.since,
        }
        return {name: value for name, value in named.items() if value is not None}

    @property
    def table(self) -> str:
        """The view that is meant where none is named: calls, where something is looked for that only calls have."""
        of_calls = self.tool or self.decision or _is_only_of_calls(self.status)
        return "tool_calls" if of_calls else "runs"


def filtered(table: str, filters: Filters, *, short: bool, kind: str | None, bounds: Bounds) -> Question:
    """Return the question for the rows of a view that meet all filters, the newest first.

    Args:
        table: the view.
        filters: what its rows must be like.
        short: only the columns that a person looks at, not all.
        kind: the kind of runs; None: all.
        bounds: what the answer may take.

    Raises:
        UsageError: there is no such view, or it has nothing that a filter looks at, or no such status.
    """
    view = table_named(table)
    _refuse_unknown_status(view, filters.status)
    conditions = [_condition(view, name) for name in filters.given]
    columns = ", ".join(view.short) if short else "*"
    most = bounds.rows + 1  # one more tells that there are more
    of_some_runs = any(condition.startswith(_OF_SOME_RUNS) for condition in conditions)
    if (of_some_runs or view.name in _WITHOUT_WORDS) and view.time == "time":
        conditions.append(_among_the_newest(view, conditions, most))
    lines = [f"SELECT {columns}", f"FROM {view.name}"]  # our own words
    lines += [f"WHERE {' AND '.join(conditions)}"] if conditions else []
    lines += [f"ORDER BY {', '.join(_order(view))}", f"LIMIT {most}"]
    return Question("\n".join(lines), dict(filters.given), kind, bounds)


def _among_the_newest(view: Table, conditions: list[str], most: int) -> str:
    """Return the condition that leaves out what is older than the newest rows: so only those are read whole."""
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    rows = _WITHOUT_WORDS.get(view.name, view.name)
    newest = f"SELECT time FROM {rows} {where}ORDER BY time DESC LIMIT {most}"  # noqa: S608 - our own words
    return f"time >= (SELECT min(time) FROM ({newest}))"  # noqa: S608 - as above


def moment_of(text: str, now: datetime) -> str:
    """Return the moment of `2h` (so long ago), `2026-11-22` or `2026-11-22T10:00:00Z`, in UTC, as ISO 8601.

    Nothing on record is as old as 1970: whoever names an earlier moment means all there is, and gets that one.

    Raises:
        UsageError: it is none of these.
    """
    from agentctl.contract.durations import parse_duration  # noqa: PLC0415 - its form is slow to load, and seldom needed

    try:
        moment = now - timedelta(seconds=parse_duration(text))
    except (ValueError, OverflowError):
        moment = _written(text)
    return max(moment, _OLDEST).replace(tzinfo=None).isoformat()


def _written(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        accepted = "`90m`, `24h`, `7d`, `2026-11-22` or `2026-11-22T10:00:00Z`"
        raise UsageError(f"`{text[:40]}` is no moment", accepted) from error


def _is_only_of_calls(status: str | None) -> bool:
    return status in table_named("tool_calls").states and status not in table_named("runs").states


def _refuse_unknown_status(view: Table, status: str | None) -> None:
    if status is None or status in view.states or not view.states:
        return
    having = [table.name for table in tables() if status in table.states]
    elsewhere = f"with it: `--from {having[0]}`; of `{view.name}`: " if having else ""
    found = f"`--status`: `{status[:80]}` is no status of `{view.name}`"
    raise UsageError(found, f"{elsewhere}{listed(view.states)}", nearest(status, view.states))


def _condition(view: Table, name: str) -> str:
    own = {"tool": view.tool, "decision": view.decision, **(_OF_RUNS if view.name == "runs" else {})}.get(
        name
    )
    match name:
        case "since" if view.time:
            return f"{view.time} >= $since::TIMESTAMP"
        case "status" if view.status:
            return f"$status IN ({', '.join(view.status)})"
        case "since" | "status":
            raise UsageError(f"`{view.name}` has nothing that `--{name}` looks at", "another table")
        case _ if own:
            return f"{own} = ${name}"
        case _ if _identity(view) != "run":
            return f"{_own_column(view, name)} = ${name}"
        case "agent" | "principal":
            return f"{_OF_SOME_RUNS}FROM runs WHERE {_OF_RUNS[name]} = ${name})"
        case _:
            return f"{_OF_SOME_RUNS}FROM tool_calls WHERE {_OF_CALLS[name]} = ${name})"


def _own_column(view: Table, name: str) -> str:
    """Return the column of a table that is not about runs which a filter looks at.

    Raises:
        UsageError: it has none.
    """
    column = _OF_RUNS.get(name, "")
    if column not in {one.name for one in view.columns}:
        raise UsageError(f"`{view.name}` has nothing that `--{name}` looks at", "another table")
    return column


def _identity(view: Table) -> str:
    """Return the column that tells rows apart where all else is equal: the run, or whatever a table begins with."""
    names = [column.name for column in view.columns]
    return "run" if "run" in names else names[0]


def _order(view: Table) -> Iterator[str]:
    if view.time:
        yield f"{view.time} DESC"
    yield f"{_identity(view)} DESC"
    if any(column.name == "seq" for column in view.columns):
        yield "seq DESC"
