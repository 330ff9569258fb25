"""Which SQL may run at all: exactly one statement, and one that only reads."""

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, Statement

ACCEPTED = "one `SELECT` (`WITH`, `FROM`, `VALUES`, `DESCRIBE`, `SHOW` and `EXPLAIN` read as well)"

_READS = frozenset({"SELECT"})
# Comments may stand before and between the words; once matched they are not matched otherwise.
_GAP = r"(?>\s|--[^\n]*(?:\n|$)|/\*.*?\*/)"
_EXPLAINED = re.compile(
    rf"{_GAP}*+EXPLAIN{_GAP}++(?:ANALYZE{_GAP}++|\([^)]*+\){_GAP}*+)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_WORD = re.compile(rf"{_GAP}*+(\w+)", re.DOTALL)


class Refusal(Struct, frozen=True):
    """Why some SQL is not run, and what would be."""

    found: str
    accepted: str


def refusal(connection: "DuckDBPyConnection", sql: str) -> Refusal | None:
    """Return why the SQL may not run; None where it may.

    Raises:
        duckdb.Error: it is no SQL.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        found = f"{len(statements)} statements" if statements else "no statement"
        return Refusal(found, f"exactly one: {ACCEPTED}")
    kind = _kind(statements[0])
    if kind == "EXPLAIN":
        return _explained(connection, sql)
    return None if kind in _READS else _other(kind, sql)


def _explained(connection: "DuckDBPyConnection", sql: str) -> Refusal | None:
    """Judge what is explained: `EXPLAIN ANALYZE` runs it."""
    inner = _EXPLAINED.fullmatch(sql)
    if inner is None:
        return Refusal("an `EXPLAIN` that cannot be taken apart", "`EXPLAIN SELECT ...`")
    return refusal(connection, inner["rest"])


def _other(kind: str, sql: str) -> Refusal:
    if kind == "MULTI":
        return Refusal(
            "a statement that stands for several", "`SELECT * FROM (PIVOT ... ON column IN (...) ...)`"
        )
    return Refusal(f"`{_first_word(sql) or kind}` is not a question", ACCEPTED)


def _kind(statement: "Statement") -> str:
    return str(statement.type.name)


def _first_word(sql: str) -> str:
    found = _WORD.match(sql)
    return found[1].upper() if found else ""
