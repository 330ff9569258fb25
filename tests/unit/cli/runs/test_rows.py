"""Runs below each other, on terminals of any width."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from agentctl.cli.runs.rows import outcome, print_runs
from agentctl.cli.screen.terminal import Terminal
from agentctl.events.replay import Fidelity
from agentctl.events.run import FinishStatus, RunSuspended, SuspendReason
from agentctl.trace.index.last_labels import LastLabel, SaidBy
from agentctl.trace.index.reading import Reader
from agentctl.trace.index.run_listing import Listed
from agentctl.trace.index.run_rows import RunRow
from agentctl.trace.journals.holding import Standing
from agentctl.trace.reports import questions
from tests.fakes.journals import RUN, run_id, started, write_journal
from tests.fakes.screen import Screen, ScreenFile


@pytest.fixture
def row(tmp_path: Path) -> RunRow:
    """A run that waits for an approval."""
    write_journal(tmp_path, RUN, [started(), RunSuspended(reason="approval", detail="wait")])
    with Reader(None, tmp_path) as reader:
        report = questions.show_run(reader, RUN)
    assert report is not None
    return replace(report.row, tool_calls=12, refused_calls=3, cost_usd=Decimal("0.12345678"))


def label(word: str) -> LastLabel:
    """Return a label."""
    return LastLabel("run.labelled", RUN, word, SaidBy("casey", "user", "asserted"), "seen")


def shown(listed: list[Listed], columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return how they look on a terminal of so many columns."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", "24")
    file = ScreenFile(Screen(columns, 24))
    print_runs(Terminal(out=file, err=file), listed, this_year=2026)
    return file.screen.told


def test_at_eighty_columns_the_usual_columns_stand_beside_each_other(
    row: RunRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line each; the year is left out where it is this one."""
    rows = [Listed(replace(row, run=run_id(n), refused_calls=0), "unknown", None) for n in (1, 2)]
    assert shown(rows, 80, monkeypatch) == [
        "2 runs of refund-assistant for casey",
        "run                         started      outcome         took     USD  calls",
        f"{run_id(1)}  03-14 09:00  needs approval   1 s  0.1235     12",
        f"{run_id(2)}  03-14 09:00  needs approval   1 s  0.1235     12",
    ]


def test_at_a_hundred_columns_all_of_them_do(row: RunRow, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what was refused, what people said, and the longest of all words."""
    late = row.started_at + timedelta(seconds=999)
    rows = [
        Listed(row, "unknown", label("overridden")),
        Listed(replace(row, last_event_at=late), "unknown", None),
    ]
    first, _, third, fourth = shown(rows, 100, monkeypatch)
    assert first == "2 runs of refund-assistant for casey"
    assert third == f"{RUN}  03-14 09:00  needs approval     1 s  0.1235     12        3  overridden"
    assert fourth == f"{RUN}  03-14 09:00  needs approval  17 min  0.1235     12        3"


def test_on_a_narrow_terminal_each_run_has_a_few_words(row: RunRow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out."""
    told = shown([Listed(row, "unknown", label("bad"))], 60, monkeypatch)
    assert told == [
        f"{RUN}  needs approval  bad",
        "  03-14 09:00, 1 s, 0.1235 USD, 12 calls, 3 refused,",
        "      refund-assistant casey",
    ]


def test_every_way_to_stand_has_its_words(row: RunRow) -> None:
    """Whatever a run ended with or waits for, how far a replay is the same, and whether it has a process."""
    for reason in (*get_args(FinishStatus), *get_args(SuspendReason), *get_args(Fidelity)):
        assert outcome(Listed(replace(row, reason=reason), "unknown", None))[0]
    going = replace(row, status="running", reason=None)
    words = [outcome(Listed(going, one, None))[0] for one in get_args(Standing)]
    assert words == ["running", "stopped", "running?"]


def test_what_cost_little_is_not_shown_as_nothing(row: RunRow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Amounts are rounded up here, and exact wherever one run is looked at. An older run says its year."""
    cheap = replace(row, cost_usd=Decimal("0.0000001"), refused_calls=0)
    old = replace(cheap, started_at=row.started_at.replace(year=2025), kind="eval")
    *_, line = shown([Listed(cheap, "unknown", None), Listed(old, "unknown", None)], 120, monkeypatch)
    assert line.split()[1:] == [
        "2025-03-14",
        "09:00",
        "eval",
        "needs",
        "approval",
        "365",
        "d",
        "0.0001",
        "12",
    ]
