"""The DuckDB index over all journals: filled in bulk, read under a lock, thrown away and rebuilt at will.

The journals are the truth. So nothing here may stop a run or hide one: a database that is missing, damaged, locked or of
another version is rebuilt or gone round, and what it does not hold yet is read from the journals themselves.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from agentctl.trace.disk import make_private_folder
from agentctl.trace.file_lock import file_lock
from agentctl.trace.journal_files import JournalFile, Mark, journals_among, journals_in
from agentctl.trace.loading import (
    Loaded,
    create_tables,
    create_tables_like,
    derived_tables,
    forget,
    load,
    sweep,
)
from agentctl.trace.query_texts import query_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCHEMA_VERSION = 5
"""The version of tables and views; a database of another one is rebuilt."""

Tell: TypeAlias = Callable[[Loaded, int], None]
"""Is told of every batch that was loaded, and of how many journals there are to load in all."""

Row: TypeAlias = tuple[object, ...]
"""One row of an answer, in the order of its columns."""

_WAIT_SECONDS = 0.5
_MEMORY = "512MB"
"""What DuckDB may hold at once; beyond that it works on disk."""

# What evals and replays came to is no figure of the runs that somebody asks about.
_OF_EVERYBODY = ("evals", "trials", "scores", "replays", "journals")
_EVENTS = "* REPLACE (data::JSON AS data)"
# DuckDB has one error class for all trouble with files; only its words tell a locked database from a broken one.
_BUSY_WORDS = ("Could not set lock on file", "Unique file handle conflict", "different configuration")


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of bringing the database up to date.

    `busy`: somebody else has it open; `unavailable`: it cannot be made or written. Neither hides anything: readers look into
    the journals.
    """

    state: Literal["done", "busy", "unavailable"]
    journals: int = 0
    records: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Damage:
    """A journal of which only the first `records` of its `lines` hold; None lines where it could not be read at all."""

    run: str
    path: str
    records: int
    lines: int | None


def _say_nothing(loaded: Loaded, journals: int) -> None:
    """Say nothing: most who bring the index up to date do it on the way to something else."""


class _OtherVersionError(Exception):
    """Raised when a database was made by another schema or another DuckDB."""


class Index:
    """The index of one project: a database file, and the journals it is made from."""

    def __init__(
        self,
        database: Path,
        journals: Path,
        *,
        wait_seconds: float = _WAIT_SECONDS,
        tell: Tell | None = None,
    ) -> None:
        self._tell = tell or _say_nothing
        self._database = database
        self._folder = journals
        self._wait = wait_seconds

    def ingest(self, paths: Iterable[Path] | None = None) -> Ingested:
        """Take over what the database does not hold yet, of all journals or of some.

        May be called by any number of processes at once, as often as they like. Trouble with the database is an answer,
        not an error.
        """
        found = journals_in(self._folder) if paths is None else journals_among(paths)
        if not found and not self._database.exists():
            return Ingested("done")
        return self._write(found, everything=paths is None)

    def rebuild(self, wait_seconds: float | None = None) -> Ingested:
        """Put the database aside and make it again from the journals alone.

        Somebody who asked for just that waits longer for those who read than one who comes by.
        """
        found = journals_in(self._folder)
        return self._write(found, everything=True, afresh=True, wait_seconds=wait_seconds)

    @contextmanager
    def reader(self) -> Iterator["Reader"]:
        """Give a reader of the durable prefix of every journal; other readers may share the database meanwhile.

        What the reader had to fetch from journals is taken over into the database afterwards.
        """
        if not self._database.exists():
            self.ingest()
        with self.shared() as database, Reader(database, self._folder) as reader:
            yield reader
        if reader.found_damage:
            self.rebuild()
        elif reader.ahead:
            self.ingest()

    @contextmanager
    def shared(self) -> Iterator[Path | None]:
        """Share the database with other readers for the time of the block; None where it cannot be had."""
        with ExitStack() as stack:
            yield self._database if self._shared(stack) else None

    def _shared(self, stack: ExitStack) -> bool:
        try:
            return self._database.exists() and stack.enter_context(
                file_lock(self._lock_path, "shared", self._wait)
            )
        except OSError:
            return False

    @property
    def _lock_path(self) -> Path:
        return self._database.with_name(f"{self._database.name}.lock")

    def _write(
        self,
        found: Mapping[str, JournalFile],
        *,
        everything: bool,
        afresh: bool = False,
        wait_seconds: float | None = None,
    ) -> Ingested:
        wait = self._wait if wait_seconds is None else wait_seconds
        try:
            make_private_folder(self._database.parent)
            with file_lock(self._lock_path, "exclusive", wait) as held:
                if not held:
                    return Ingested("busy", detail="another process is using the database")
                return self._write_alone(found, everything=everything, afresh=afresh)
        except OSError as error:
            return Ingested("unavailable", detail=error.strerror or str(error))

    def _write_alone(self, found: Mapping[str, JournalFile], *, everything: bool, afresh: bool) -> Ingested:
        import duckdb  # noqa: PLC0415 - a tenth of a second that only readers and ingesters pay

        if afresh:
            self._set_aside()
        try:
            return _bring_up_to_date(self._database, found, self._tell, everything=everything)
        except (duckdb.Error, _OtherVersionError) as error:
            if _is_busy(error):
                return Ingested("busy", detail="another program has the database open")
        self._set_aside()
        try:
            return _bring_up_to_date(self._database, journals_in(self._folder), self._tell, everything=True)
        except duckdb.Error as error:
            return Ingested("unavailable", detail=str(error).splitlines()[0])

    def _set_aside(self) -> None:
        """Move the database away, not delete it: somebody may have given its name to a file of their own."""
        for suffix in ("", ".wal"):
            path = self._database.with_name(f"{self._database.name}{suffix}")
            if path.exists():
                path.replace(path.with_name(f"{self._database.name}.aside{suffix}"))


class Reader:
    """Answers SQL over the durable prefix of every journal; it can change nothing and reach no file.

    Where there is no database to be used, the same tables are made in memory from the journals.
    """

    def __init__(self, database: Path | None, journals: Path) -> None:
        self._folder = journals
        self._connection, self._ahead = connect_for_reading(database, journals)
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
        import duckdb  # noqa: PLC0415 - see Index

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


def _open(database: str) -> "DuckDBPyConnection":
    import duckdb  # noqa: PLC0415 - see Index

    # Extensions would be looked for on the network.
    return duckdb.connect(
        database,
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",  # a name in SQL is never a variable of ours
            "memory_limit": _MEMORY,
        },
    )


def _bring_up_to_date(
    database: Path, found: Mapping[str, JournalFile], tell: Tell, *, everything: bool
) -> Ingested:
    """Make the database hold exactly the records of these journals, and of no others if they are all there are."""
    with _open(str(database)) as connection:
        if not connection.execute("SHOW TABLES").fetchall():
            _create_everything(connection)
            database.chmod(0o600)
        _refuse_other_version(connection, "main")
        known = _known(connection, "main")
        stale = _changed(found, known)
        gone = known.keys() - found.keys() if everything else set[str]()
        if not stale and not gone:
            return Ingested("done")
        if gone:
            forget(connection, gone)
        records = 0
        for loaded in load(connection, stale, known):
            records += loaded.records
            tell(loaded, len(stale))
        if known:  # something may have been forgotten
            sweep(connection)
    return Ingested("done", len(stale), records)


def connect_for_reading(database: Path | None, folder: Path) -> "tuple[DuckDBPyConnection, bool]":
    """Return a connection that sees every journal, and whether the database lacks some of it; not locked down yet."""
    connection = _open(":memory:")
    _attach(connection, database)
    found, known = journals_in(folder), _known(connection, "indexed.main")
    stale = _changed(found, known)
    connection.execute("CREATE SCHEMA fresh; USE memory.fresh")
    create_tables_like(connection, "indexed.main")
    for _ in load(connection, stale):
        pass
    outdated = [*(known.keys() - found.keys()), *(journal.run for journal in stale)]
    connection.execute("CREATE TABLE outdated AS SELECT unnest($runs::VARCHAR[]) AS run", {"runs": outdated})
    connection.execute("CREATE TABLE left_out (run VARCHAR)")
    connection.execute("USE memory.main")
    _unite(connection)
    connection.execute(query_text("views"))
    return connection, bool(outdated)


def leave_out_other_kinds(connection: "DuckDBPyConnection", kind: str) -> None:
    """Show only runs of one kind in every table about runs; what evals and replays came to is shown all the same."""
    connection.execute("INSERT INTO fresh.left_out SELECT run FROM runs WHERE kind <> $kind", {"kind": kind})


def _unite(connection: "DuckDBPyConnection") -> None:
    """Let the index and what is not in it yet be asked as one."""
    for table, column in {"events": "run", "journals": "run", **derived_tables()}.items():
        template = query_text("union_of_all" if table in _OF_EVERYBODY else "union")
        columns = _EVENTS if table == "events" else "*"
        connection.execute(template.format(table=table, columns=columns, journal=column))
    connection.execute(query_text("united_contents"))


def lock_down(connection: "DuckDBPyConnection") -> None:
    """Let a connection reach no file from here on, and nothing change that again."""
    connection.execute("SET enable_external_access = false; SET lock_configuration = true")


def _attach(connection: "DuckDBPyConnection", database: Path | None) -> None:
    """Attach the database as `indexed`, or an empty one where it cannot be used."""
    import duckdb  # noqa: PLC0415 - see Index

    try:
        if database is not None:
            quoted = str(database).replace("'", "''")
            connection.execute(f"ATTACH '{quoted}' AS indexed (READ_ONLY)")
            _refuse_other_version(connection, "indexed.main")
            return
    except (duckdb.Error, _OtherVersionError):
        connection.execute("DETACH DATABASE IF EXISTS indexed")
    connection.execute("ATTACH ':memory:' AS indexed; USE indexed")
    create_tables(connection)
    connection.execute("USE memory")


def _create_everything(connection: "DuckDBPyConnection") -> None:
    import duckdb  # noqa: PLC0415 - see Index

    create_tables(connection)
    connection.execute(query_text("views"))
    connection.execute(
        "INSERT INTO meta VALUES ($schema, $duckdb)", {"schema": SCHEMA_VERSION, "duckdb": duckdb.__version__}
    )


def _refuse_other_version(connection: "DuckDBPyConnection", where: str) -> None:
    import duckdb  # noqa: PLC0415 - see Index

    ours = ["meta", "journals", "events", "contents", *derived_tables()]
    if connection.execute(query_text("impostors"), {"tables": ours}).fetchall():
        raise _OtherVersionError("made by somebody else")
    found = connection.execute(f"SELECT schema_version, duckdb_version FROM {where}.meta").fetchall()  # noqa: S608 - our own word
    if found != [(SCHEMA_VERSION, duckdb.__version__)]:
        raise _OtherVersionError(f"made by {found}")


def _is_busy(error: Exception) -> bool:
    return any(words in str(error) for words in _BUSY_WORDS)


def is_rotten(error: Exception) -> bool:
    """Return whether an answer failed for the database's sake and not for the question's."""
    import duckdb  # noqa: PLC0415 - see Index

    kinds = (duckdb.IOException, duckdb.InternalError, duckdb.FatalException, duckdb.SerializationException)
    return isinstance(error, kinds) or type(error) is duckdb.Error  # a wrong checksum has no class of its own


def _known(connection: "DuckDBPyConnection", where: str) -> dict[str, Mark]:
    """Return the mark of every journal that was taken over."""
    rows = connection.execute(f"SELECT run, path, size, changed FROM {where}.journals").fetchall()  # noqa: S608 - our own word
    return {run: (path, size, changed) for run, path, size, changed in rows}


def _changed(found: Mapping[str, JournalFile], known: Mapping[str, Mark]) -> tuple[JournalFile, ...]:
    return tuple(journal for run, journal in found.items() if known.get(run) != journal.mark)
