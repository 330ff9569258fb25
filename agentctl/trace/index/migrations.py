"""The steps by which an index of an older version becomes one of ours; each bears the number of the version it leads to."""

from typing import TYPE_CHECKING

from agentctl.trace.index.query_texts import query_names, query_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FOLDER = "migrations"


def leads(found: int, wanted: int) -> bool:
    """Return whether steps lead from the version that was found to a later one that is wanted, with none missing."""
    return found < wanted and set(range(found + 1, wanted + 1)) <= _steps().keys()


def walk(connection: "DuckDBPyConnection", found: int, wanted: int) -> None:
    """Take every step from the version that was found to the one that is wanted.

    A step and its number are one transaction: whoever is stopped in the middle of it leaves a whole index of the version
    before, from which the next one goes on.
    """
    for number in range(found + 1, wanted + 1):
        connection.begin()
        connection.execute(query_text(_steps()[number]))
        connection.execute("UPDATE meta SET schema_version = $number", {"number": number})
        connection.commit()


def _steps() -> dict[int, str]:
    """Return the files of all steps: `0007_kinds_of_rows` is the one to version 7."""
    return {int(name.partition("_")[0]): f"{_FOLDER}/{name}" for name in query_names(_FOLDER)}
