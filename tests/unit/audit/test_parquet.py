"""An answer as Parquet holds what the answer holds, with types where they are plain."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from agentctl.audit.asking import Answer, AnswerColumn
from agentctl.audit.parquet import write_parquet
from agentctl.foundation.canonical import JsonValue


def answer(*columns: tuple[str, str], rows: list[list[JsonValue]]) -> Answer:
    """Return an answer."""
    return Answer(tuple(AnswerColumn(*column) for column in columns), rows, more=False, left_out={}, walls=())


def test_plain_types_stay(tmp_path: Path) -> None:
    """Numbers, amounts, moments and lists are what they were."""
    file = tmp_path / "answer.parquet"
    columns = (
        ("run", "VARCHAR"),
        ("cost", "DECIMAL(28,12)"),
        ("at", "TIMESTAMP"),
        ("n", "BIGINT"),
        ("on", "VARCHAR[]"),
    )
    write_parquet(
        answer(*columns, rows=[["a", "0.0012", "2026-03-14T09:00:00.000000Z", 3, ["x"]], [None] * 5]), file
    )
    found = duckdb.sql(f"SELECT * FROM '{file}'")  # noqa: S608 - a path of the test
    assert [str(type_) for type_ in found.types] == [
        "VARCHAR",
        "DECIMAL(28,12)",
        "TIMESTAMP",
        "BIGINT",
        "VARCHAR[]",
    ]
    first, empty = found.fetchall()
    assert (first[1], first[4], str(first[2])) == (Decimal("0.0012"), ["x"], "2026-03-14 09:00:00")
    assert empty == (None,) * 5


@pytest.mark.parametrize(
    "type_", ["JSON", "STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER)", "x); DROP TABLE y; --"]
)
def test_everything_else_is_json_text(tmp_path: Path, type_: str) -> None:
    """Whatever the other process calls a type, it never becomes SQL."""
    file = tmp_path / "answer.parquet"
    write_parquet(answer(("a", type_), rows=[[{"a": "ü"}], ["plain"]]), file)
    found = duckdb.sql(f"SELECT a FROM '{file}'").fetchall()  # noqa: S608 - a path of the test
    assert found == [('{"a": "ü"}',), ("plain",)]


@pytest.mark.parametrize(
    ("largest", "found"), [(2**64 + 1, Decimal(2**64 + 1)), (1 - 2**127, str(1 - 2**127)), (None, None)]
)
def test_sums_stay_whole_numbers(tmp_path: Path, largest: int | None, found: object) -> None:
    """What `sum` makes is larger than Parquet's integers, and a double would lose its last digits."""
    file = tmp_path / "answer.parquet"
    write_parquet(answer(("sum", "HUGEINT"), rows=[[largest], [3]]), file)
    (first, _), (second, _) = duckdb.sql(f"SELECT sum, 0 FROM '{file}'").fetchall()  # noqa: S608 - a path of the test
    assert (first, str(second)) == (found, "3")


def test_names_and_paths_are_only_names(tmp_path: Path) -> None:
    """Quotes in a name or a path end nothing."""
    file = tmp_path / "it's.parquet"
    write_parquet(answer(('a"b', "BIGINT"), rows=[[row] for row in range(2_500)]), file)
    assert duckdb.read_parquet(str(file)).columns == ['a"b']
    assert len(duckdb.read_parquet(str(file)).fetchall()) == 2_500


def test_a_place_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path) -> None:
    """The caller says so in its own words."""
    with pytest.raises(OSError, match="Cannot open file"):
        write_parquet(answer(("a", "BIGINT"), rows=[]), tmp_path / "missing" / "a.parquet")
