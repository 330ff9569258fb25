"""Loading whole journals into the index: checked record by record, read once, and spread over its tables."""

from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from agentctl.trace.index.query_texts import query_names, query_text
from agentctl.trace.journals.journal_files import JournalFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from agentctl.trace.index.batches import Batch
    from agentctl.trace.index.links import Links

_NEVER = -1
# Derived from what was read of runs, models and tools; so they come last.
_LAST = ("kinds", "messages")
_OF_EVALS = ("evals", "trials", "scores")


@cache
def derived_tables() -> dict[str, str]:
    """Return every table that is derived from records, with its column that says from which journal a row comes."""
    return {name: "eval" if name in _OF_EVALS else "run" for name in query_names("tables")}


def tables_by_journal() -> dict[str, str]:
    """Return every table that is filled from runs' journals, with its column that says from which one a row comes."""
    return {"events": "run", "journals": "run", **derived_tables()}


def table_names() -> tuple[str, ...]:
    """Return every table there is."""
    return ("meta", "folders", "labels_journal", "labels", "contents", *tables_by_journal())


def create_tables(connection: "DuckDBPyConnection") -> None:
    """Make all tables, empty, where the connection stands."""
    connection.execute(query_text("tables"))
    connection.execute(query_text("derived"))


class Loaded(Struct, frozen=True):
    """How much was loaded in one go."""

    journals: int
    records: int


def create_tables_like(connection: "DuckDBPyConnection", where: str) -> None:
    """Make all tables, empty, where the connection stands, in the form of those that are elsewhere: no SQL of ours is read."""
    for name in table_names():
        connection.execute(f"CREATE TABLE {name} AS FROM {where}.{name} LIMIT 0")


def load(
    connection: "DuckDBPyConnection", journals: Iterable[JournalFile], known: Container[str] = ()
) -> Iterator[Loaded]:
    """Load whole journals where the connection stands, a batch for each step of the caller.

    Each batch is whole in itself: of journals that are `known` there already, it takes the place of what is there.
    """
    from agentctl.trace.index.batches import batches_of  # noqa: PLC0415 - most readers find nothing that is to be loaded

    for batch in batches_of(journals):
        connection.begin()
        again = [run for run in batch.runs if run in known]
        if again:
            forget(connection, again)
        records = _load_batch(connection, batch)
        connection.commit()
        yield Loaded(len(batch.taken), records)


def forget(connection: "DuckDBPyConnection", runs: Iterable[str]) -> None:
    """Delete everything that came from some journals."""
    gone = sorted(runs)
    for table, column in tables_by_journal().items():
        connection.execute(
            f"DELETE FROM {table} WHERE {column} IN (SELECT unnest($runs::VARCHAR[]))",  # noqa: S608 - our own words
            {"runs": gone},
        )


def note_dates(connection: "DuckDBPyConnection", dates: Mapping[str, int]) -> None:
    """Note of which dates everything was taken while their folders stood as given; nothing is written where that is known."""
    noted = dict(connection.execute("SELECT name, changed FROM folders").fetchall())
    if noted == dates:
        return
    connection.begin()
    connection.execute("DELETE FROM folders")
    connection.execute(
        "INSERT INTO folders SELECT unnest($names::VARCHAR[]), unnest($changes::BIGINT[])",
        {"names": list(dates), "changes": list(dates.values())},
    )
    connection.commit()


def sweep(connection: "DuckDBPyConnection") -> None:
    """Delete words that nobody says any more."""
    connection.execute(query_text("sweep_contents"))


def _load_batch(connection: "DuckDBPyConnection", batch: "Batch") -> int:
    _check(connection, batch.links)
    _read(connection)
    found = connection.execute(
        "INSERT INTO events SELECT run, seq, epoch, time, type, data, hash, run_kind "
        "FROM loaded LEFT JOIN of_kinds USING (run)"
    ).fetchall()
    for name in derived_tables():
        connection.execute(f"INSERT INTO {name} {query_text(f'tables/{name}')}")
    connection.execute(query_text("contents"))
    _note(connection, batch)
    _clear(connection)
    return int(found[0][0])


def _check(connection: "DuckDBPyConnection", links: "Links") -> None:
    """Make the table `loaded` of all links, up to the first of each journal that turns out to be no record."""
    columns = {name: getattr(links, name) for name in links.__struct_fields__}
    connection.execute(query_text("load"), columns)
    connection.execute(query_text("cut_off"))


def _read(connection: "DuckDBPyConnection") -> None:
    """Read what stands in the loaded records, once, into a table per family of events."""
    connection.execute(query_text("moment"))
    for name in sorted(query_names("read"), key=lambda name: (name in _LAST, name)):
        connection.execute(query_text(f"read/{name}"))


def _clear(connection: "DuckDBPyConnection") -> None:
    """Leave nothing behind of what was read."""
    for name in ("loaded", *(f"of_{name}" for name in query_names("read"))):
        connection.execute(f"DROP TABLE temp.{name}")


def _note(connection: "DuckDBPyConnection", batch: "Batch") -> None:
    """Note of which files the records were taken."""
    connection.execute(
        query_text("note_journals"),
        {
            "runs": batch.runs,
            "paths": [taken.journal.name for taken in batch.taken],
            "sizes": [taken.journal.size for taken in batch.taken],
            # One that could not be read is looked at again next time, changed or not.
            "changes": [_NEVER if taken.lines is None else taken.journal.changed for taken in batch.taken],
            "lines": [taken.lines for taken in batch.taken],
            "torn": [taken.torn for taken in batch.taken],
        },
    )
