"""Filters without SQL find what SQL would find, in every table that has what they look at."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agentctl.audit.asking import Bounds
from agentctl.audit.filters import Filters, filtered, moment_of
from agentctl.audit.tables import tables
from agentctl.foundation.errors import UsageError
from agentctl.trace.index.reading import Reader, Row
from tests.fakes.journals import refund_story, run_id, write_journal

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Two runs that a reader sees."""
    folder: Path = tmp_path_factory.mktemp("journal")
    for number in range(2):
        write_journal(folder, run_id(number), refund_story(run_id(number)))
    with Reader(None, folder) as reader:
        yield reader


def found(reader: Reader, table: str, *, short: bool = False, **looked_for: str) -> list[Row]:
    """Return the rows that some filters find."""
    question = filtered(table, Filters(**looked_for), short=short, kind=None, bounds=Bounds())
    return reader.rows(question.sql, **question.parameters)


@pytest.mark.parametrize("table", [table.name for table in tables()])
def test_every_table_can_be_shown(reader: Reader, table: str) -> None:
    """Whole, and as a person looks at it."""
    assert len(found(reader, table, short=True)) == len(found(reader, table))


@pytest.mark.parametrize(
    ("table", "looked_for", "count"),
    [
        ("runs", {"agent": "refund-assistant"}, 2),
        ("runs", {"agent": "somebody-else"}, 0),
        ("runs", {"principal": "casey"}, 2),
        ("runs", {"status": "answered"}, 2),
        ("runs", {"status": "suspended"}, 0),
        ("runs", {"tool": "stripe.refund"}, 2),
        ("runs", {"decision": "deny"}, 0),
        ("runs", {"since": "2026-03-14T09:00:00"}, 2),
        ("runs", {"since": "2026-03-14T09:00:01"}, 0),
        ("tool_calls", {"tool": "stripe.refund"}, 2),
        ("tool_calls", {"tool": "stripe.refund", "status": "refused"}, 0),
        ("tool_calls", {"status": "refused"}, 2),
        ("tool_calls", {"decision": "allow", "agent": "refund-assistant"}, 4),
        ("writes", {"tool": "stripe.refund", "principal": "casey"}, 2),
        ("reads", {"tool": "stripe.refund"}, 0),
        ("decisions", {"decision": "needs_approval"}, 2),
        ("decisions", {"tool": "stripe.refund"}, 6),
        ("approvals", {"status": "approve"}, 2),
        ("model_calls", {"status": "answered"}, 6),
        ("messages", {"agent": "refund-assistant"}, 12),
    ],
)
def test_filters_narrow(reader: Reader, table: str, looked_for: dict[str, str], count: int) -> None:
    """All of them must hold; a table without the column is narrowed to the runs that have such a row."""
    assert len(found(reader, table, **looked_for)) == count


@pytest.mark.parametrize(
    ("table", "looked_for"),
    [
        ("events", {"agent": "refund-assistant"}),
        ("events", {"tool": "stripe.refund"}),
        ("decisions", {"principal": "casey"}),
        ("messages", {}),
        ("messages", {"agent": "refund-assistant"}),
        ("messages", {"tool": "stripe.refund", "since": "2026-03-14T09:00:00"}),
        ("spans", {}),
    ],
)
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_only_the_newest_rows_are_asked_for(
    reader: Reader, table: str, looked_for: dict[str, str], rows: int
) -> None:
    """And one more, which tells that there are more; rows of the same moment come in an order of their own."""
    question = filtered(table, Filters(**looked_for), short=False, kind=None, bounds=Bounds(rows=rows))
    asked = reader.rows(question.sql, **question.parameters)
    assert len(asked) == rows + 1
    assert asked == found(reader, table, **looked_for)[: rows + 1]


def test_a_value_is_never_sql(reader: Reader) -> None:
    """What is looked for stands in a parameter."""
    assert found(reader, "runs", agent="x' OR '1' = '1") == []


@pytest.mark.parametrize(
    ("looked_for", "table"),
    [
        ({}, "runs"),
        ({"status": "in_doubt"}, "runs"),
        ({"status": "refused"}, "tool_calls"),
        ({"tool": "x"}, "tool_calls"),
        ({"decision": "deny"}, "tool_calls"),
    ],
)
def test_the_table_follows_from_what_is_looked_for(looked_for: dict[str, str], table: str) -> None:
    """Whoever names a tool, a decision, or a status that no run has, means calls."""
    assert Filters(**looked_for).table == table


@pytest.mark.parametrize(("table", "name"), [("journals", "since"), ("messages", "status")])
def test_what_a_table_has_not_is_refused(table: str, name: str) -> None:
    """A filter that looks at nothing would hide nothing, and say so nowhere."""
    with pytest.raises(UsageError, match=f"--{name}"):
        filtered(table, Filters(**{name: "x"}), short=False, kind=None, bounds=Bounds())


@pytest.mark.parametrize(
    ("table", "status", "told"),
    [
        (
            "runs",
            "anserwed",
            "`anserwed` is no status of `runs`; accepted: `running`, .*; did you mean `answered`",
        ),
        ("spans", "ok", "did you mean `OK`"),
        ("runs", "refused", "accepted: with it: `--from tool_calls`; of `runs`: `running`, "),
    ],
)
def test_a_status_that_nothing_ever_has_is_refused(table: str, status: str, told: str) -> None:
    """It does not pass for an empty answer; where another table has it, that is said."""
    with pytest.raises(UsageError, match=told):
        filtered(table, Filters(status=status), short=False, kind=None, bounds=Bounds())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90m", "2026-03-15T10:30:00"),
        ("7d", "2026-03-08T12:00:00"),
        ("2026-03-14", "2026-03-14T00:00:00"),
        ("2026-03-14T10:00:00Z", "2026-03-14T10:00:00"),
        ("2026-03-14T10:00:00+02:00", "2026-03-14T08:00:00"),
        ("0001-01-01", "1970-01-01T00:00:00"),
        ("99999d", "1970-01-01T00:00:00"),
    ],
)
def test_a_moment_is_in_utc(text: str, moment: str) -> None:
    """So long ago, a day, or a moment with or without a zone; there is nothing before 1970."""
    assert moment_of(text, NOW) == moment


@pytest.mark.parametrize("text", ["yesterday", "", "7", "2026-13-01", "9999-12-31T23:59-10:00"])
def test_no_moment_is_refused(text: str) -> None:
    """What would be accepted is said."""
    with pytest.raises(UsageError, match="2026-11-22"):
        moment_of(text, NOW)
