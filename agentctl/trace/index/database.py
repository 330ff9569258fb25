"""The database file of an index: how it is opened, which one is ours, and what its errors mean."""

from pathlib import Path
from typing import TYPE_CHECKING

from agentctl.trace.index.loading import create_tables, table_names
from agentctl.trace.index.migrations import leads, walk
from agentctl.trace.index.query_texts import query_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SCHEMA_VERSION = 7
"""The version of tables and views. A database of an older one is brought forward where `queries/migrations/` has steps for it,
and one of any other is made anew."""

_MEMORY = "512MB"
"""What DuckDB may hold at once; beyond that it works on disk."""

# DuckDB has one error class for all trouble with files; only its words tell a locked database from a broken one.
_BUSY_WORDS = ("Could not set lock on file", "Unique file handle conflict", "different configuration")
_FULL_WORDS = ("No space left on device", "Disk quota exceeded", "File too large")


class OtherVersionError(Exception):
    """Raised when a database was made by another schema or another DuckDB."""


class OlderVersionError(OtherVersionError):
    """Raised when a database is of an older version, from which steps lead to ours."""

    def __init__(self, version: int) -> None:
        super().__init__(f"of version {version}")
        self.version = version


def opened(database: str) -> "DuckDBPyConnection":
    """Return a connection to a database file, or to one in memory (`:memory:`)."""
    from agentctl.trace.index.engine import duckdb  # noqa: PLC0415 - a tenth of a second that only readers and ingesters pay

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


def attach(connection: "DuckDBPyConnection", database: Path | None, *, refuse_older: bool = False) -> bool:
    """Attach the database as `indexed`, or an empty one where it cannot be used; return whether it is the database.

    Raises:
        OlderVersionError: it can be brought forward, and whoever asks would have that done first.
    """
    from agentctl.trace.index.engine import duckdb  # noqa: PLC0415 - see above

    try:
        if database is not None:
            quoted = str(database).replace("'", "''")
            connection.execute(f"ATTACH '{quoted}' AS indexed (READ_ONLY)")
            refuse_other_version(connection, "indexed.main")
            return True
    except (duckdb.Error, OtherVersionError) as error:
        connection.execute("DETACH DATABASE IF EXISTS indexed")
        if refuse_older and isinstance(error, OlderVersionError):
            raise
    connection.execute("ATTACH ':memory:' AS indexed; USE indexed")
    create_tables(connection)
    connection.execute("USE memory")
    return False


def create_everything(connection: "DuckDBPyConnection") -> None:
    """Make all tables and views, and note of which version they are: at once, for each by itself would wait for the disk."""
    from agentctl.trace.index.engine import duckdb  # noqa: PLC0415 - see above

    connection.begin()
    create_tables(connection)
    connection.execute(query_text("views"))
    connection.execute(
        "INSERT INTO meta VALUES ($schema, $duckdb)", {"schema": SCHEMA_VERSION, "duckdb": duckdb.__version__}
    )
    connection.commit()


def bring_forward(connection: "DuckDBPyConnection") -> int | None:
    """Make a database of an older version one of ours; return the version that it was of, None where it is ours already.

    Raises:
        OtherVersionError: no steps lead from what it is.
        duckdb.Error: it is not what its version says, or there is no room for it.
    """
    try:
        refuse_other_version(connection, "main")
    except OlderVersionError as older:
        walk(connection, older.version, SCHEMA_VERSION)
        return older.version
    return None


def refuse_other_version(connection: "DuckDBPyConnection", where: str) -> None:
    """Refuse a database that another version made, or in which something else stands where our tables should.

    Raises:
        OlderVersionError: steps lead from its version to ours.
        OtherVersionError: it is another such database.
        duckdb.Error: it is none of ours at all.
    """
    from agentctl.trace.index.engine import duckdb  # noqa: PLC0415 - see above

    if connection.execute(query_text("impostors"), {"tables": list(table_names())}).fetchall():
        raise OtherVersionError("made by somebody else")
    found = connection.execute(f"SELECT schema_version, duckdb_version FROM {where}.meta").fetchall()  # noqa: S608 - our own word
    match found:
        case [(int(version), duckdb.__version__)] if leads(version, SCHEMA_VERSION):
            raise OlderVersionError(version)
        case [(version, duckdb.__version__)] if version == SCHEMA_VERSION:
            return
        case _:
            raise OtherVersionError(f"made by {found}")


def lock_down(connection: "DuckDBPyConnection") -> None:
    """Let a connection reach no file from here on, and nothing change that again."""
    connection.execute("SET enable_external_access = false; SET lock_configuration = true")


def is_busy(error: Exception) -> bool:
    """Return whether somebody else has the database open."""
    return any(words in str(error) for words in _BUSY_WORDS)


def is_full(error: Exception) -> bool:
    """Return whether there was no room on the disk: what is there is as good as before."""
    return any(words in str(error) for words in _FULL_WORDS)


def is_rotten(error: Exception) -> bool:
    """Return whether an answer failed for the database's sake and not for the question's."""
    from agentctl.trace.index.engine import duckdb  # noqa: PLC0415 - see above

    kinds = (duckdb.IOException, duckdb.InternalError, duckdb.FatalException, duckdb.SerializationException)
    return isinstance(error, kinds) or type(error) is duckdb.Error  # a wrong checksum has no class of its own
