"""Only one statement runs, and only one that reads; by its kind as DuckDB parses it, not by its words."""

from collections.abc import Iterator

import duckdb
import pytest

from agentctl.audit.statement import Refusal, refusal


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Something that can parse."""
    with duckdb.connect(":memory:") as connection:
        yield connection


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "-- a remark; with a semicolon\nSELECT ';' AS text; -- and another one",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "FROM range(3)",
        "VALUES (1), (2)",
        "TABLE runs",
        "DESCRIBE runs",
        "SHOW TABLES",
        "SUMMARIZE runs",
        "EXPLAIN SELECT 1",
        "/* why */ EXPLAIN -- how\n ANALYZE SELECT 1",
        "EXPLAIN (FORMAT json) SELECT 1",
        "EXPLAIN ANALYZE (SELECT 1)",
        "SELECT * FROM (PIVOT runs ON kind IN ('live') USING count(*))",
    ],
)
def test_what_reads_may_run(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Every form of a question is one."""
    assert refusal(connection, sql) is None


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("", "no statement"),
        (" -- nothing\n", "no statement"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("SELECT 1; DROP TABLE runs", "2 statements"),
        ("DROP TABLE runs", "`DROP` is not a question"),
        ("/* SELECT */ COPY (SELECT 1) TO 'x'", "`COPY` is not a question"),
        ("COPY runs FROM 'x'", "`COPY` is not a question"),
        ("EXPORT DATABASE 'x'", "`EXPORT` is not a question"),
        ("IMPORT DATABASE 'x'", "`IMPORT` is not a question"),
        ("ATTACH 'x.duckdb'", "`ATTACH` is not a question"),
        ("DETACH x", "`DETACH` is not a question"),
        ("USE x", "`USE` is not a question"),
        ("INSTALL httpfs", "`INSTALL` is not a question"),
        ("LOAD httpfs", "`LOAD` is not a question"),
        ("PRAGMA database_list", "`PRAGMA` is not a question"),
        ("CALL enable_logging('QueryLog', storage = 'file')", "`CALL` is not a question"),
        ("CHECKPOINT", "`CHECKPOINT` is not a question"),
        ("VACUUM", "`VACUUM` is not a question"),
        ("SET enable_external_access = true", "`SET` is not a question"),
        ("RESET memory_limit", "`RESET` is not a question"),
        ("CREATE SECRET s (TYPE http)", "`CREATE` is not a question"),
        ("CREATE TABLE t AS SELECT 1", "`CREATE` is not a question"),
        ("CREATE MACRO m() AS 1", "`CREATE` is not a question"),
        ("INSERT INTO events VALUES (1)", "`INSERT` is not a question"),
        ("UPDATE events SET run = 'x'", "`UPDATE` is not a question"),
        ("DELETE FROM events", "`DELETE` is not a question"),
        ("MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE", "`MERGE` is not a question"),
        ("ALTER TABLE events ADD COLUMN x INT", "`ALTER` is not a question"),
        ("BEGIN", "`BEGIN` is not a question"),
        ("PREPARE p AS SELECT 1", "`PREPARE` is not a question"),
        ("EXECUTE p", "`EXECUTE` is not a question"),
        ("EXPLAIN ANALYZE COPY (SELECT 1) TO 'x'", "`COPY` is not a question"),
        ("EXPLAIN DELETE FROM events", "`DELETE` is not a question"),
        ("explain /* a */ analyze -- b\n drop table events", "`DROP` is not a question"),
        ("PIVOT runs ON kind USING count(*)", "a statement that stands for several"),
    ],
)
def test_what_does_more_is_refused(connection: duckdb.DuckDBPyConnection, sql: str, found: str) -> None:
    """The refusal names what it is, and says what would be accepted."""
    refused = refusal(connection, sql)
    assert isinstance(refused, Refusal)
    assert refused.found == found
    assert "SELECT" in refused.accepted


def test_what_is_no_sql_is_an_error_of_the_parser(connection: duckdb.DuckDBPyConnection) -> None:
    """Whoever mistypes learns where."""
    with pytest.raises(duckdb.ParserException, match="LINE 1"):
        refusal(connection, "SELEC 1")


def test_many_remarks_take_no_time(connection: duckdb.DuckDBPyConnection) -> None:
    """Remarks are matched once, however many there are."""
    assert refusal(connection, "/* a */ " * 5_000 + "DROP TABLE x") is not None
