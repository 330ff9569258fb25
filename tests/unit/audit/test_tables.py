"""The description of what can be asked is the only one, and says what is there."""

import shutil
from pathlib import Path
from typing import get_args

import pytest

from agentctl.audit.tables import Table, nearest_column, table_named, tables
from agentctl.events.approval import Answer
from agentctl.events.control import Label
from agentctl.events.evals import EvalVerdict, TrialOutcome
from agentctl.events.record import EVENT_TYPES
from agentctl.events.replay import Fidelity
from agentctl.events.run import FinishStatus, SuspendReason
from agentctl.events.tool import ToolResolved, ToolResult
from agentctl.foundation.errors import UsageError
from agentctl.trace.index.reading import Reader
from agentctl.trace.index.run_rows import RunStatus
from tests.fakes.journals import refund_story, run_id, write_journal

# What an audit needs of every trace, and where it is found.
FIELDS = {
    "model chosen": ("model_calls", "gen_ai_request_model"),
    "tokens in": ("model_calls", "gen_ai_usage_input_tokens"),
    "tokens out": ("model_calls", "gen_ai_usage_output_tokens"),
    "tool calls": ("tool_calls", "gen_ai_tool_name"),
    "tool latency": ("tool_calls", "latency_ms"),
    "retries": ("runs", "retries"),
    "errors": ("runs", "errors"),
    "fallbacks": ("runs", "fallbacks"),
    "final output": ("runs", "answer"),
    "human override": ("runs", "overridden"),
}


_OUTCOMES = get_args(ToolResult.model_fields["outcome"].annotation)
_VERDICTS = get_args(ToolResolved.model_fields["verdict"].annotation)
_CALLS = (*_OUTCOMES, "refused", "waiting", "open", "unknown", "in_doubt", "proposed", *_VERDICTS)
STATES = {
    "runs": (*get_args(RunStatus), *get_args(FinishStatus), *get_args(SuspendReason), *get_args(Fidelity)),
    "model_calls": ("answered", "failed", "open"),
    "tool_calls": _CALLS,
    "acts": _CALLS,
    "reads": _CALLS,
    "writes": _CALLS,
    "approvals": get_args(Answer),
    "spend": (
        "model.answered",
        "model.failed",
        "tool.result",
        "budget.stopped",
        "budget.overrun",
        "loop.detected",
    ),
    "overrides": (*get_args(Answer), "grant", "raise", *_VERDICTS),
    "events": tuple(EVENT_TYPES),
    "labels": get_args(Label),
    "spans": ("OK", "ERROR", "UNSET"),
    "evals": get_args(EvalVerdict),
    "trials": get_args(TrialOutcome),
    "replays": get_args(Fidelity),
}
RECORDED = Path(__file__).parents[2] / "recorded" / "v2"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, str]]]:
    """Every view there is, with the names and types of its columns."""
    folder = tmp_path_factory.mktemp("journal")
    write_journal(folder, run_id(0), refund_story(run_id(0)))
    with Reader(None, folder) as reader:
        names = [
            str(name) for (name,) in reader.rows("SELECT view_name FROM duckdb_views() WHERE NOT internal")
        ]
        return {
            name: [(str(row[0]), str(row[1])) for row in reader.rows(f"DESCRIBE {name}")] for name in names
        }


def test_every_view_is_described_and_no_other(found: dict[str, list[tuple[str, str]]]) -> None:
    """Whoever adds a view describes it; whoever takes one away takes its description."""
    assert {table.name for table in tables()} == set(found)


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_every_column_is_described_and_no_other(
    table: Table, found: dict[str, list[tuple[str, str]]]
) -> None:
    """Names, order and types are those of the view."""
    assert [(column.name, column.type) for column in table.columns] == found[table.name]


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_every_description_is_whole(table: Table) -> None:
    """Each column says in a sentence what it means, amounts and moments their unit, and filters name real columns."""
    names = {column.name for column in table.columns}
    assert {
        table.time,
        table.tool,
        table.decision,
        *table.status,
        *(one.split()[0] for one in table.short),
    } - {None} <= names
    for column in (*table.columns,):
        assert column.meaning.endswith((".", "`", "..."))
        assert column.unit or not column.name.endswith(("_usd", "_ms", "_us", "_tokens", "_at", "digest"))
        assert column.otel == "" or column.otel.count(".") >= 1
        if column.name.startswith("gen_ai_"):
            assert column.otel.replace(".", "_") == column.name


@pytest.mark.parametrize(("table", "column"), FIELDS.values(), ids=FIELDS)
def test_every_field_of_a_trace_can_be_found(table: str, column: str) -> None:
    """Model, tokens, tool calls, latency, retries, errors, fallbacks, output and override each have a column."""
    assert column in {one.name for one in table_named(table).columns}


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_every_word_of_a_status_is_known(table: Table) -> None:
    """They are those of the events; a word that is not among them is refused, so none may be missing."""
    assert sorted(table.states) == sorted(dict.fromkeys(STATES.get(table.name, ())))
    assert bool(table.states) == bool(table.status)


def test_no_recorded_run_has_a_status_that_is_not_known(tmp_path: Path) -> None:
    """Whatever the store derives from real journals is among the words."""
    (tmp_path / "2026-11-22").mkdir()
    for journal in RECORDED.rglob("journal/*/*.jsonl"):
        shutil.copy(journal, tmp_path / "2026-11-22")
    with Reader(None, tmp_path) as reader:
        assert reader.rows("SELECT count(*) > 0 FROM overrides") == [(True,)]
        for table in tables():
            for column in table.status:
                had = {row[0] for row in reader.rows(f"SELECT DISTINCT {column} FROM {table.name}")}  # noqa: S608 - our own words
                assert had - {None} <= set(table.states)


def test_an_unknown_table_is_refused_with_the_nearest() -> None:
    """A mistyped name is answered with what was meant, and with all there are."""
    with pytest.raises(UsageError) as caught:
        table_named("tool_cals")
    (problem,) = caught.value.problems
    assert problem.nearest == "tool_calls"
    assert "`runs`" in problem.accepted


@pytest.mark.parametrize(
    ("word", "meant"),
    [("toool", ""), ("tool", "gen_ai_tool_name"), ("latency", "latency_ms"), ("gen_ai.tool.name", "gen_ai_tool_name")],
)  # fmt: skip
def test_a_column_is_guessed_by_its_parts(word: str, meant: str) -> None:
    """People guess `tool`, or write the name with dots; both find the column."""
    assert nearest_column(word, [table_named("tool_calls")]) == meant
