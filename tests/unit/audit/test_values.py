"""Values of DuckDB become JSON that says the same."""

import math
from collections.abc import Iterator

import duckdb
import pytest

from agentctl.audit.values import as_json, cast_for


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Something that has values."""
    with duckdb.connect(":memory:") as connection:
        yield connection


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("NULL", None),
        ("true", True),
        ("170141183460469231731687303715884105727::HUGEINT", 2**127 - 1),
        ("1.5::DOUBLE", 1.5),
        ("'nan'::DOUBLE", "nan"),
        ("'-infinity'::DOUBLE", "-inf"),
        ("0.001200000000::DECIMAL(28, 12)", "0.0012"),
        ("TIMESTAMP '2026-03-14 09:00:00'", "2026-03-14T09:00:00.000000Z"),
        ("DATE '2026-03-14'", "2026-03-14"),
        ("TIME '09:00:00'", "09:00:00"),
        ("'ab'::BLOB", "6162"),
        ("'8e2e3f26-46e3-4e3a-8a63-3d1b3b2c1d11'::UUID", "8e2e3f26-46e3-4e3a-8a63-3d1b3b2c1d11"),
        ("[1.50::DECIMAL(4, 2), NULL]", ["1.5", None]),
        ("{'a': DATE '2026-03-14', 'b': [1]}", {"a": "2026-03-14", "b": [1]}),
        ("map{1: 'one'}", {"1": "one"}),
    ],
)
def test_a_value_becomes_json(connection: duckdb.DuckDBPyConnection, sql: str, expected: object) -> None:
    """Numbers stay numbers, exact ones become exact text, moments RFC 3339."""
    ((value,),) = connection.execute(f"SELECT {sql}").fetchall()
    assert as_json(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [('{"a": [1]}', {"a": [1]}), ('"x"', "x"), ("{", "{"), ("[" * 100_000, "[" * 100_000), ("NaN", "NaN")],
    ids=["object", "text", "broken", "deep", "no number"],
)
def test_text_of_json_becomes_its_value(text: str, expected: object) -> None:
    """What is no JSON after all stays the text it is."""
    assert as_json(text, parse=True) == expected


def test_no_value_is_something_json_cannot_say() -> None:
    """A number that is none is a text."""
    assert as_json([math.inf]) == ["inf"]


@pytest.mark.parametrize(
    ("type_", "cast"),
    [
        ("VARCHAR", ""),
        ("TIMESTAMP", ""),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP"),
        ("TIMESTAMP WITH TIME ZONE[]", "VARCHAR"),
        ("TIME WITH TIME ZONE", "VARCHAR"),
        ("INTERVAL", "VARCHAR"),
        ("STRUCT(a INTERVAL)", "VARCHAR"),
        ("TIMESTAMP_NS", "VARCHAR"),
    ],
)
def test_what_python_cannot_hold_is_cast_before(type_: str, cast: str) -> None:
    """Moments with a zone become moments in UTC; months and nanoseconds stay exact, as text."""
    assert cast_for(type_) == cast
