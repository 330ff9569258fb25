"""Readers of the durable prefix of every journal: the index, and beside it what is not in it yet."""

from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

from msgspec import Struct

from agentctl.trace.index.database import attach, is_rotten, lock_down, opened
from agentctl.trace.index.label_index import indexed_labels_mark, labels_mark, load_labels
from agentctl.trace.index.loading import create_tables_like, load, tables_by_journal
from agentctl.trace.index.looking import glance, look
from agentctl.trace.index.query_texts import query_text
from agentctl.trace.journals.journal_files import journals_among

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row: TypeAlias = tuple[object, ...]
"""One row of an answer, in the order of its columns."""

# What evals and replays came to is no figure of the runs that somebody asks about.
_OF_EVERYBODY = ("evals", "trials", "scores", "replays", "journals")
_COLUMNS = {"events": "* EXCLUDE (run_kind) REPLACE (data::JSON AS data)", "runs": "*"}
_OF_ONE_KIND = "* EXCLUDE (run_kind)"
_FEW = 50
"""So many runs can be named in a question itself; more are looked up."""


class Damage(Struct, frozen=True):
    """A journal of which only the first `records` of its `lines` hold; None lines where it could not be read at all."""

    run: str
    path: str
    records: int
    lines: int | None


class Reader:
    """Answers SQL over the durable prefix of every journal; it can change nothing and reach no file.

    Where there is no database to be used, the same tables are made in memory from the journals.
    """

    def __init__(
        self,
        database: Path | None,
        journals: Path,
        *,
        at_a_glance: bool = False,
        refuse_older: bool = False,
    ) -> None:
        self._folder = journals
        self._connection, self._ahead = _connected(
            database, journals, at_a_glance=at_a_glance, refuse_older=refuse_older
        )
        lock_down(self._connection)
        self._found_damage = False

    @property
    def ahead(self) -> bool:
        """Whether it shows records that the database does not hold."""
        return self._ahead

    @property
    def found_damage(self) -> bool:
        """Whether the database turned out to be damaged in the middle of an answer."""
        return self._found_damage

    def rows(self, sql: str, **parameters: object) -> list[Row]:
        """Return the rows of a query; parameters are written `$name` in it.

        Raises:
            duckdb.Error: the query is wrong.
        """
        from agentctl.trace.index.engine import duckdb  # noqa: PLC0415 - only readers and ingesters pay for it

        try:
            return self._connection.execute(sql, parameters).fetchall()
        except duckdb.Error as error:
            if not is_rotten(error):
                raise
        self._found_damage = True
        self._connection.close()
        self._connection, _ = connect_for_reading(None, self._folder)
        lock_down(self._connection)
        return self._connection.execute(sql, parameters).fetchall()

    def damaged(self) -> tuple[Damage, ...]:
        """Return the journals of which not every line is a record in an unbroken chain."""
        return tuple(Damage(*row) for row in self.rows(query_text("damaged")))  # type: ignore[arg-type]  # the query names these columns

    def close(self) -> None:
        """Give the database back."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect_for_reading(database: Path | None, folder: Path) -> "tuple[DuckDBPyConnection, bool]":
    """Return a connection that sees every journal, and whether the database lacks some of it; not locked down yet."""
    return _connected(database, folder, at_a_glance=False)


def is_behind(database: Path, folder: Path) -> bool:
    """Return whether a database can be seen at a glance (see `looking.glance`) to lack something."""
    with opened(":memory:") as connection:
        if not attach(connection, database):
            return True
        seen, labels = glance(connection, "indexed.main", folder), labels_mark(folder)
        return bool(seen.outdated) or labels != indexed_labels_mark(connection, "indexed.main")


def _connected(
    database: Path | None, folder: Path, *, at_a_glance: bool, refuse_older: bool = False
) -> "tuple[DuckDBPyConnection, bool]":
    """See `connect_for_reading`. At a glance (see `looking.glance`) there are tables, and no views where none is needed."""
    connection = opened(":memory:")
    attach(connection, database, refuse_older=refuse_older)
    seen = (glance if at_a_glance else look)(connection, "indexed.main", folder)
    labels = labels_mark(folder)
    relabelled = labels != indexed_labels_mark(connection, "indexed.main")
    connection.execute("CREATE SCHEMA fresh")
    if at_a_glance and not seen.outdated and not relabelled:
        connection.execute(
            "CREATE TABLE fresh.labels_journal AS FROM indexed.main.labels_journal; USE indexed"
        )
        return connection, False
    connection.execute("USE memory.fresh")
    create_tables_like(connection, "indexed.main")
    for _ in load(connection, seen.changed):
        pass
    if relabelled:
        load_labels(connection, folder, labels)
    else:
        connection.execute("INSERT INTO labels_journal FROM indexed.main.labels_journal")
    _unite(connection, seen.outdated, labels_in="fresh" if relabelled else "indexed.main")
    return connection, bool(seen.outdated) or relabelled


def take_in(connection: "DuckDBPyConnection", journal: Path) -> None:
    """Let a connection see one more journal, which it has not seen yet."""
    connection.execute("USE memory.fresh")
    for _ in load(connection, journals_among((journal,)).values()):
        pass
    connection.execute("USE memory.main")


def leave_out_other_kinds(connection: "DuckDBPyConnection", kind: str) -> None:
    """Show only runs of one kind in every table about runs; what evals and replays came to is shown all the same."""
    connection.execute("INSERT INTO fresh.left_out SELECT run FROM runs WHERE kind <> $kind", {"kind": kind})
    _show(connection, kind)


def _unite(connection: "DuckDBPyConnection", outdated: list[str], *, labels_in: str) -> None:
    """Let the index, but for what is outdated in it, and what is not in it yet be asked as one."""
    connection.execute("CREATE TABLE outdated AS SELECT unnest($runs::VARCHAR[]) AS run", {"runs": outdated})
    connection.execute("CREATE TABLE left_out (run VARCHAR); USE memory.main")
    _show(connection)
    connection.execute(query_text("labels_of_shown").format(where=labels_in))
    connection.execute(query_text("views"))


def _show(connection: "DuckDBPyConnection", kind: str | None = None) -> None:
    """Show every table: from the index alone where nothing else is to be looked at, or where there is none without it."""
    outdated = [str(run) for (run,) in connection.execute("FROM fresh.outdated").fetchall()]
    indexed = bool(connection.execute("FROM indexed.main.journals LIMIT 1").fetchall())
    united = bool(indexed and outdated)
    where = "indexed.main" if indexed else "fresh"
    for table, column in tables_by_journal().items():
        connection.execute(
            query_text("union" if united else "alone").format(
                table=table,
                columns="*" if table in _OF_EVERYBODY else _COLUMNS.get(table, _OF_ONE_KIND),
                journal=column,
                where=where,
                outdated=_named(outdated),
                shown=_condition(table, kind),
            )
        )
    contents = "united_contents" if united else "contents_alone"
    connection.execute(query_text(contents).format(where=where))


def _named(runs: list[str]) -> str:
    """Return some runs for `NOT IN`: where they stand in it no join is needed, which would have to read all rows whole."""
    if len(runs) > _FEW:
        return "(SELECT run FROM fresh.outdated)"
    return f"({', '.join(map(_quoted, runs))})"


def _condition(table: str, kind: str | None) -> str:
    if kind is None or table in _OF_EVERYBODY:
        return "TRUE"
    column = "kind" if table == "runs" else "run_kind"
    return f"({column} IS NULL OR {column} = {_quoted(kind)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
