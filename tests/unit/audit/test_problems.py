"""An error in SQL says where it is, what it is, and what was probably meant."""

import duckdb
import pytest

from agentctl.audit.problems import problem_with
from agentctl.foundation.errors import Problem

LONG = f"SELECT '{'a' * 300}', nope FROM runs"  # noqa: S608 - nobody else's words


def said(sql: str) -> Problem:
    """Return what is said of an error that DuckDB finds in some SQL."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE TABLE runs (run VARCHAR, cost_usd DECIMAL(4, 2))")
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(sql).fetchall()
    (problem,) = problem_with(sql, type(caught.value).__name__, str(caught.value), 512).problems
    return problem


@pytest.mark.parametrize(
    ("sql", "line", "column", "found", "nearest"),
    [
        ("SELECT cost FROM runs", 1, 8, "there is no column `cost`", "cost_usd"),
        ("SELECT run,\n  agent\nFROM runs", 2, 3, "there is no column `agent`", "gen_ai_agent_name"),
        ("SELECT r.cost FROM runs r", 1, 8, "there is no column `cost`", "cost_usd"),
        (
            "SELECT run, count(*) FROM runs",
            1,
            8,
            'column "run" must appear in the GROUP BY clause or must be part of an aggregate function',
            "",
        ),
        ("FROM runz", 1, 6, "there is no table `runz`", "runs"),
        ("SELECT nope(1)", 1, 8, "Scalar Function with name nope does not exist", "now"),
        ("SELEC 1", 1, 1, 'syntax error at or near "selec"', ""),
        ("SELECT", 0, 0, "SELECT clause without selection list", ""),
        (LONG, 1, 312, "there is no column `nope`", ""),
    ],
)
def test_an_error_has_a_place_and_a_name(sql: str, line: int, column: int, found: str, nearest: str) -> None:
    """Lines and columns count in the SQL as it was typed, also where DuckDB shows only a part of it."""
    problem = said(sql)
    assert (problem.place.line, problem.place.column) == (line, column)
    assert (problem.found.casefold(), problem.nearest) == (found.casefold(), nearest)


def test_a_wrong_table_is_answered_with_all_there_are() -> None:
    """Nobody has to guess twice."""
    assert "`tool_calls`" in said("FROM toolcalls").accepted
