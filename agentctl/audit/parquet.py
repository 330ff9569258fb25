"""An answer as a Parquet file. The types are ours: what is no plain number, text, truth or moment is written as JSON text."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from agentctl.audit.asking import Answer
from agentctl.foundation.canonical import JsonValue

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PLAIN = re.compile(
    r"(BOOLEAN|(U?(TINY|SMALL|BIG)INT)|U?INTEGER|FLOAT|DOUBLE|VARCHAR|DATE|TIMESTAMP|UUID|DECIMAL\(\d+,\d+\))(\[\])?"
)
_DIGITS = 38
"""The most that a decimal has."""
_BATCH = 1_000


def write_parquet(answer: Answer, path: Path) -> None:
    """Write an answer to a file; the types come from a closed list, the values never become SQL.

    Raises:
        OSError: the file cannot be written.
    """
    import duckdb  # noqa: PLC0415 - a tenth of a second that only this format pays

    types = [
        _type(column.type, (row[place] for row in answer.rows)) for place, column in enumerate(answer.columns)
    ]
    with duckdb.connect(":memory:") as connection:
        names = ", ".join(f"c{place} {type_}" for place, type_ in enumerate(types))
        connection.execute(f"CREATE TABLE answer ({names})")
        _insert(connection, answer, types)
        renamed = ", ".join(
            f"c{place} AS {_quoted(column.name)}" for place, column in enumerate(answer.columns)
        )
        target = str(path).replace("'", "''")
        try:
            connection.execute(
                f"COPY (SELECT {renamed} FROM answer) TO '{target}' (FORMAT parquet)"  # noqa: S608 - quoted
            )
        except duckdb.IOException as error:
            raise OSError(str(error).splitlines()[0]) from error


def _insert(connection: "DuckDBPyConnection", answer: Answer, types: list[str]) -> None:
    marks = ", ".join(f"unnest($c{place}::{_many(type_)})" for place, type_ in enumerate(types))
    for start in range(0, len(answer.rows), _BATCH):
        batch = answer.rows[start : start + _BATCH]
        columns = {
            f"c{place}": [_value(row[place], type_) for row in batch] for place, type_ in enumerate(types)
        }
        connection.execute(f"INSERT INTO answer SELECT {marks}", columns)


def _many(type_: str) -> str:
    return f"{type_}[]"


def _type(type_: str, values: Iterable[JsonValue]) -> str:
    """Return the type of a column. Parquet has no integers as large as sums are: DuckDB would make doubles of them."""
    if type_ in {"HUGEINT", "UHUGEINT"}:
        fits = all(not isinstance(value, int) or abs(value) < 10**_DIGITS for value in values)
        return f"DECIMAL({_DIGITS},0)" if fits else "VARCHAR"
    return type_ if _PLAIN.fullmatch(type_) else "VARCHAR"


def _value(value: JsonValue, type_: str) -> JsonValue:
    plain = value is None or isinstance(value, str) or type_ != "VARCHAR"
    return value if plain else json.dumps(value, ensure_ascii=False)


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
