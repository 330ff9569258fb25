"""What happened is asked as a user types it: by filters, by name, in SQL."""

import csv
import io
import json
from pathlib import Path

import duckdb
import pytest

from tests.scenarios.conftest import Answer, Shell


@pytest.fixture
def told(shell: Shell) -> Shell:
    """A project in which a refund was made, one waits, and one was refused."""
    for ticket, code in (("4201", 0), ("4202", 4), ("4206", 0)):
        assert shell("run", "refund-assistant", "--input", ticket).code == code
    return shell


def rows(answer: Answer) -> list[dict[str, object]]:
    """Return the rows of an answer in JSON."""
    assert answer.code == 0, answer.err
    found: list[dict[str, object]] = json.loads(answer.out)["rows"]
    return found


def test_a_story_is_asked_about_in_every_way(told: Shell, tmp_path: Path) -> None:
    """Who approved, why denied, what it cost, what touched a ticket; the same in a table, CSV and Parquet."""
    calls = rows(told("audit", "query", "--tool", "stripe.create_refund", "--json"))
    assert sorted(str(call["outcome"]) for call in calls) == ["ok", "refused", "waiting"]

    (approved,) = rows(told("audit", "who-approved", "--json"))
    assert (approved["reviewer"], approved["tool"]) == ("system:sandbox-reviewer", "stripe.create_refund")
    denied = rows(told("audit", "why-denied", "--json"))
    assert {(row["tool"], row["stage"]) for row in denied} == {
        ("stripe.create_refund", "permitted"),
        ("admin.delete_all", "registered"),
    }
    (spent,) = rows(told("audit", "spend-by", "--json"))
    ((total,),) = (
        row.values() for row in rows(told("audit", "query", "SELECT sum(cost_usd) FROM runs", "--json"))
    )
    assert (spent["spender"], spent["runs"], spent["cost_usd"]) == ("refund-assistant", 3, total)
    (touched,) = rows(told("audit", "touched", "4201", "--json"))
    assert touched["tool"] == "zendesk.read_ticket"

    table = told("audit", "query", "--from", "writes", "--status", "waiting")
    assert (table.code, table.out.count("stripe.creat")) == (0, 1)
    printed = told("audit", "query", "SELECT run, status FROM runs ORDER BY run", "--format", "csv")
    assert [row[1] for row in csv.reader(io.StringIO(printed.out))] == [
        "status",
        "finished",
        "suspended",
        "finished",
    ]
    file = tmp_path / "calls.parquet"
    assert told("audit", "query", "--from", "tool_calls", "--format", "parquet", "--out", str(file)).code == 0
    assert len(duckdb.read_parquet(str(file)).fetchall()) == len(
        rows(told("audit", "query", "--from", "tool_calls", "--json"))
    )


def test_what_can_be_asked_is_described(shell: Shell) -> None:
    """All tables, one table with its columns and units, and the same as JSON; a mistyped name is answered."""
    assert "tool_calls" in shell("audit", "tables").out
    assert "gen_ai.usage.input_tokens" in shell("audit", "tables", "model_calls").out
    described = json.loads(shell("audit", "tables", "spend", "--json").out)
    assert {"name": "cost_usd", "type": "DECIMAL(28,12)", "unit": "USD"}.items() <= described[0]["columns"][
        9
    ].items()
    wrong = shell("audit", "tables", "spent")
    assert (wrong.code, "did you mean `spend`?" in wrong.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("query", "SELECT tool FROM tool_calls"), "SQL:1:8: there is no column `tool`"),
        (("query", "DROP TABLE runs"), "`DROP` is not a question"),
        (("query", "SELECT 1", "--agent", "x"), "filters beside SQL"),
        (("query", "SELECT 1", "--format", "parquet"), "--out FILE"),
        (
            ("query", "SELECT count(*) FROM range(1000000000000)", "--seconds", "0.5"),
            "no answer within 0.5 s",
        ),
        (("query", "SELECT content FROM read_text('/etc/passwd')"), "SQL:1:21: "),
        (("spend-by", "modell"), "did you mean `model`?"),
    ],
)
def test_what_cannot_be_answered_ends_with_2(shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    """Bad SQL, SQL that does more, or more than it may: one sentence, and exit 2."""
    answer = shell("audit", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "root:" not in answer.err


def test_nothing_found_is_an_answer(shell: Shell) -> None:
    """An empty project has answers too, in every form; SQL may come from stdin."""
    assert shell("audit", "in-doubt").out == "nothing was found\n"
    assert rows(shell("audit", "query", "--json")) == []
    assert rows(shell("audit", "query", "-", "--json", input="SELECT 1 AS one\n")) == [{"one": 1}]
