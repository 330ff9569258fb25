"""Indexes as former versions made them, written down as SQL, and the journals that they were made of."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb

RECORDED = Path(__file__).parents[1] / "recorded"
_INDEX = RECORDED / "index"
_STORIES = ("v1/refused", "v2/edited", "v2/raised")


def lay_journals(folder: Path) -> None:
    """Lay down the journals: runs of every kind and an eval, labels, one that is damaged, and three of the recorded stories."""
    shutil.copytree(_INDEX / "journal", folder)
    for story in _STORIES:
        shutil.copytree(RECORDED / story / "journal", folder, dirs_exist_ok=True)


def lay_index(version: int, database: Path, folder: Path) -> None:
    """Make the index of a former version, and let the journals have been written when it says that they were."""
    with duckdb.connect(str(database)) as connection:
        connection.begin()
        connection.execute((_INDEX / f"v{version}.sql").read_text(encoding="utf-8"))
        connection.commit()
        connection.execute("UPDATE meta SET duckdb_version = $ours", {"ours": duckdb.__version__})
        moments = dict(connection.execute("SELECT path, changed FROM journals").fetchall())
        ((labels,),) = connection.execute("SELECT changed FROM labels_journal").fetchall()
    moments["control/labels.jsonl"] = labels
    for name, moment in moments.items():
        os.utime(folder / name, ns=(moment, moment))


def written_down(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield the SQL that makes a database again: its tables, their rows in order, its views."""
    names = connection.execute("SELECT table_name, sql FROM duckdb_tables() ORDER BY table_name").fetchall()
    for name, sql in names:
        yield sql
        for row in connection.execute(f"FROM {name} ORDER BY rowid").fetchall():
            yield f"INSERT INTO {name} VALUES ({', '.join(map(_literal, row))});"  # noqa: S608 - of a recorded journal
    views = connection.execute("SELECT sql FROM duckdb_views() WHERE NOT internal ORDER BY view_oid")
    yield from (sql for (sql,) in views.fetchall())


def _literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool() | int() | float() | Decimal():
            return str(value)
        case datetime():
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case _:
            return "'" + str(value).replace("'", "''") + "'"
