"""Loading whole journals into the index: checked record by record, read once, and spread over its tables."""

from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from agentctl.trace.index.query_texts import query_names, query_text
from agentctl.trace.journals.journal_files import JournalFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from agentctl.trace.index.batches import Batch, Handful, Taken
    from agentctl.trace.index.links import Links

_NEVER = -1
# Derived from what was read of runs, models and tools; so they come last.
_LAST = ("kinds", "messages")
_OF_EVALS = ("evals", "trials", "scores")
# What is said in few journals: where nothing was read of it, its tables take milliseconds to derive, and nothing comes of it.
_SELDOM = {"evals": _OF_EVALS, "replays": ("replays",)}


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

    Each batch is whole in itself: of journals that are `known` there already, it takes the place of what is there. What the
    caller adds before the next step belongs to it.
    """
    from agentctl.trace.index.batches import batches_of  # noqa: PLC0415 - most readers find nothing that is to be loaded

    for batch in batches_of(journals):
        connection.begin()
        again = [journal.run for journal in batch.journals if journal.run in known]
        if again:
            forget(connection, again)
        yield Loaded(len(batch.journals), _load_batch(connection, batch))
        connection.commit()


def forget(connection: "DuckDBPyConnection", runs: Iterable[str]) -> None:
    """Delete everything that came from some journals."""
    gone = sorted(runs)
    for table, column in tables_by_journal().items():
        connection.execute(
            f"DELETE FROM {table} WHERE {column} IN (SELECT unnest($runs::VARCHAR[]))",  # noqa: S608 - our own words
            {"runs": gone},
        )


def note_dates(connection: "DuckDBPyConnection", dates: Mapping[str, int]) -> None:
    """Note of which dates everything was taken while their folders stood as given; nothing is written where that is known.

    Whoever calls has begun a transaction.
    """
    noted = dict(connection.execute("SELECT name, changed FROM folders").fetchall())
    if noted == dates:
        return
    connection.execute("DELETE FROM folders")
    connection.execute(
        "INSERT INTO folders SELECT unnest($names::VARCHAR[]), unnest($changes::BIGINT[])",
        {"names": list(dates), "changes": list(dates.values())},
    )


def sweep(connection: "DuckDBPyConnection") -> None:
    """Delete words that nobody says any more."""
    connection.execute(query_text("sweep_contents"))


def _load_batch(connection: "DuckDBPyConnection", batch: "Batch") -> int:
    taken = _take(connection, batch.handfuls)
    _read(connection)
    found = connection.execute(
        "INSERT INTO events SELECT run, seq, epoch, time, type, data, hash, run_kind "
        "FROM loaded LEFT JOIN of_kinds USING (run)"
    ).fetchall()
    _derive(connection)
    connection.execute(query_text("contents"))
    _note(connection, taken)
    _clear(connection)
    return int(found[0][0])


def _take(connection: "DuckDBPyConnection", handfuls: "Iterable[Handful]") -> "list[Taken]":
    """Make the table `loaded` of all links, up to the first of each journal that turns out to be no record.

    Returns what was taken of which journals.
    """
    taken: list[Taken] = []
    connection.execute(query_text("loaded"))
    for few in handfuls:
        _load_links(connection, few.links)
        taken.extend(few.taken)
    connection.execute(query_text("cut_off"))
    return taken


def _load_links(connection: "DuckDBPyConnection", links: "Links") -> None:
    if links.data:
        connection.execute(query_text("load"), links.columns)


def _read(connection: "DuckDBPyConnection") -> None:
    """Read what stands in the loaded records, once, into a table per family of events."""
    connection.execute(query_text("moment"))
    for name in sorted(query_names("read"), key=lambda name: (name in _LAST, name)):
        connection.execute(query_text(f"read/{name}"))


def _derive(connection: "DuckDBPyConnection") -> None:
    """Fill the tables that the records have something to say for."""
    unread = [name for name in _SELDOM if not connection.execute(f"FROM of_{name} LIMIT 1").fetchall()]
    left_out = {table for name in unread for table in _SELDOM[name]}
    for name in derived_tables():
        if name not in left_out:
            connection.execute(f"INSERT INTO {name} {query_text(f'tables/{name}')}")


def _clear(connection: "DuckDBPyConnection") -> None:
    """Leave nothing behind of what was read."""
    for name in ("loaded", *(f"of_{name}" for name in query_names("read"))):
        connection.execute(f"DROP TABLE temp.{name}")


def _note(connection: "DuckDBPyConnection", taken: "list[Taken]") -> None:
    """Note of which files the records were taken."""
    connection.execute(
        query_text("note_journals"),
        {
            "runs": [one.journal.run for one in taken],
            "paths": [one.journal.name for one in taken],
            "sizes": [one.journal.size for one in taken],
            # One that could not be read is looked at again next time, changed or not.
            "changes": [_NEVER if one.lines is None else one.journal.changed for one in taken],
            "lines": [one.lines for one in taken],
            "torn": [one.torn for one in taken],
        },
    )
