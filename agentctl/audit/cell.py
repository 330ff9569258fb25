"""The process in which one question is answered; it opens what it needs, closes itself off, and only then reads the SQL.

It reads one JSON object (see `Task`) and writes lines of JSON: first `{"ready": {"ahead", "left_out", "walls"}}`, then
`{"columns": [[name, type], ...]}`, any number of `{"rows": [...]}` and last `{"end": {"more"}}`; or instead of the rest
`{"refused": {"found", "accepted"}}` or `{"error": {"kind", "message", "rotten"}}`. Where the SQL is only checked there are
no columns and no rows. Where the journals cannot be looked at there is `{"unavailable": why}` alone.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from agentctl.audit import walls
from agentctl.audit.statement import Refusal, refusal
from agentctl.audit.values import as_json, cast_for
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import JournalUnavailable
from agentctl.trace.index.database import is_rotten, lock_down
from agentctl.trace.index.reading import connect_for_reading, leave_out_other_kinds
from agentctl.trace.index.store import Index

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BATCH = 256
_THREADS = 2
_SLACK_BYTES = 128 << 20
"""What the process may take beside what DuckDB counts."""

Say: TypeAlias = Callable[[dict[str, object]], None]
Row: TypeAlias = tuple[object, ...]


class Asked(TypedDict):
    """One question, and what it may take."""

    sql: str
    parameters: dict[str, object]
    rows: int
    """How many rows at most."""
    memory_bytes: int
    cpu_seconds: int
    only_checked: bool
    """Whether it is only found out if the SQL can be answered at all."""


class Task(Asked):
    """What the process is told."""

    parent: int
    """Who waits for the answer; when that process ends, this one does."""
    database: str
    journals: str
    around: bool
    """Whether to go round the database, which was found damaged."""
    kind: str | None
    """Only runs of this kind; None: of all."""


def main() -> None:
    """Answer one question."""
    task: Task = json.loads(sys.stdin.buffer.readline())
    walls.end_with(task["parent"])
    say = saying_to(os.dup(1))
    os.dup2(2, 1)  # whatever else writes to the standard output is no answer
    try:
        _answer(task, say)
    except JournalUnavailable as error:
        say({"unavailable": str(error)})


def _answer(task: Task, say: Say) -> None:
    index = Index(Path(task["database"]), Path(task["journals"]))
    if not task["around"]:
        index.catch_up()
    with index.shared() as database:
        connection, ahead = connect_for_reading(None if task["around"] else database, Path(task["journals"]))
        left_out = choose_kind(connection, task["kind"])
        answer_behind_walls(connection, task, say, ahead=ahead, left_out=left_out)


def answer_behind_walls(
    connection: "DuckDBPyConnection",
    asked: Asked,
    say: Say,
    *,
    ahead: bool = False,
    left_out: Mapping[str, int] | None = None,
) -> None:
    """Put up all walls, say so, and only then look at the SQL."""
    standing = close_off(connection, asked)
    say({"ready": {"ahead": ahead, "left_out": dict(left_out or {}), "walls": standing}})
    answer(connection, asked, say)


def choose_kind(connection: "DuckDBPyConnection", kind: str | None) -> dict[str, int]:
    """Let all tables about runs show those of one kind only; return how many runs of which other kinds there are."""
    if kind is None:
        return {}
    others = connection.execute(_OTHER_KINDS, {"kind": kind}).fetchall()
    if others:
        leave_out_other_kinds(connection, kind)
    return {str(name): int(count) for name, count in others}


def make_ready(connection: "DuckDBPyConnection") -> None:
    """Do all that must be done before the walls stand, and can be done long before."""
    _import_what_fetching_needs(connection)
    _only_thread(connection)


def close_off(connection: "DuckDBPyConnection", asked: Asked) -> tuple[str, ...]:
    """Put up all walls; return which of the kernel's stand."""
    make_ready(connection)
    size = walls.size()
    standing = walls.close_off()
    (used,) = connection.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()[0]
    connection.execute(
        f"SET threads = {_THREADS}; SET memory_limit = '{int(used) + asked['memory_bytes']}B';"
        "SET temp_directory = ''; SET GLOBAL TimeZone = 'UTC'"
    )
    lock_down(connection)
    most = None if size is None else size + asked["memory_bytes"] + _SLACK_BYTES
    walls.limit(memory_bytes=most, cpu_seconds=asked["cpu_seconds"])
    return standing


def answer(connection: "DuckDBPyConnection", asked: Asked, say: Say) -> None:
    """Judge the SQL, run it, and say the rows, at most as many as are wanted."""
    import duckdb  # noqa: PLC0415 - loaded long ago (`make_ready`); only this door names it

    try:
        refused = refusal(connection, asked["sql"])
        if refused is not None:
            say({"refused": _form(refused)})
        elif asked["only_checked"]:
            _check(connection, asked, say)
        else:
            _run(connection, asked, say)
    except duckdb.Error as error:
        say({"error": {"kind": type(error).__name__, "message": str(error), "rotten": is_rotten(error)}})
    except MemoryError:
        say({"error": {"kind": "OutOfMemoryException", "message": "", "rotten": False}})


def _check(connection: "DuckDBPyConnection", asked: Asked, say: Say) -> None:
    """Have every name in the SQL looked up; none of it is computed."""
    connection.sql(asked["sql"])
    say({"end": {"more": False}})


def _run(connection: "DuckDBPyConnection", asked: Asked, say: Say) -> None:
    described = connection.execute(asked["sql"], asked["parameters"]).description or []
    columns = [(name, str(type_)) for name, type_, *_ in described]
    casts = [cast_for(type_) for _, type_ in columns]
    batches = (
        _cast(connection, asked, casts) if any(casts) else iter(partial(connection.fetchmany, _BATCH), [])
    )
    say({"columns": [(name, cast or type_) for (name, type_), cast in zip(columns, casts, strict=True)]})
    _say_rows(batches, [type_ == "JSON" for _, type_ in columns], asked["rows"], say)


def _say_rows(batches: Iterator[list[Row]], nested: list[bool], most: int, say: Say) -> None:
    """Say the rows, at most so many, and whether there are more."""
    left = most
    for batch in batches:
        say({"rows": [_row(row, nested) for row in batch[:left]]})
        left -= len(batch)
        if left < 0:
            break
    say({"end": {"more": left < 0}})


def _row(row: Row, nested: list[bool]) -> list[JsonValue]:
    return [as_json(value, parse=json_) for value, json_ in zip(row, nested, strict=True)]


def _cast(connection: "DuckDBPyConnection", asked: Asked, casts: list[str]) -> Iterator[list[Row]]:
    """Return the rows of a question some of whose values Python has no form for."""
    parts = [f"CAST(#{place} AS {cast})" if cast else f"#{place}" for place, cast in enumerate(casts, 1)]
    found = connection.cursor().sql(asked["sql"], params=asked["parameters"] or None)
    return iter([found.limit(asked["rows"] + 1).project(", ".join(parts)).fetchall()])


def _only_thread(connection: "DuckDBPyConnection") -> None:
    """End DuckDB's threads: the kernel's wall round files holds for those that are started behind it."""
    import duckdb  # noqa: PLC0415 - the whole package, which gives connections what `_run` asks of them; later no file opens

    connection.execute("SET threads = 1")
    with suppress(duckdb.CatalogException):  # versions before 2.0 have no others
        connection.execute("SET async_threads = 0")


def _import_what_fetching_needs(connection: "DuckDBPyConnection") -> None:
    """Have DuckDB load the Python modules that values need: later no file can be opened."""
    connection.execute(
        "SELECT 1::DECIMAL(4, 2), uuid(), [1], {'a': 1}, map{'k': 1}, 'a'::BLOB, DATE '2020-01-01', TIME '10:00',"
        " TIMESTAMP '2020-01-01', 'nan'::DOUBLE, '{}'::JSON"
    ).fetchall()


def _form(refused: Refusal) -> dict[str, object]:
    return {"found": refused.found, "accepted": refused.accepted}


def saying_to(descriptor: int) -> Say:
    """Return what writes lines to an open file."""
    return partial(_say, descriptor)


def _say(descriptor: int, line: dict[str, object]) -> None:
    """Write one line, whole."""
    left = memoryview(json.dumps(line, allow_nan=False).encode("ascii") + b"\n")
    while left:
        left = left[os.write(descriptor, left) :]


_OTHER_KINDS = "SELECT kind, count(*) FROM runs WHERE kind <> $kind GROUP BY kind ORDER BY kind"
