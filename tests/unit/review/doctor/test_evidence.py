"""Tests of what the doctor says of the evidence."""

from datetime import UTC, datetime, timedelta

from agentctl.events.run import TOLERATED_BEHIND_SECONDS
from agentctl.review.doctor.evidence import (
    Damaged,
    Waiting,
    approvals,
    clock,
    control,
    inboxes,
    index,
    journals,
    sealed,
    set_aside,
)
from agentctl.review.doctor.observation import ok

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


def test_runs_that_ended_and_left_sealed_values_are_named() -> None:
    """With what destroys them; where there are none, nothing is said."""
    (found,) = sealed(["R1", "R2"])
    assert (found.health, found.remedy[0]) == ("problem", "agentctl approvals sweep")
    assert found.text == "values are still sealed of 2 runs that ended: R1, R2"
    assert sealed([]) == ()


def test_whole_journals_are_counted_and_damaged_ones_named() -> None:
    """Each damaged one with its file, how far it holds, and the run to look at."""
    whole, cut, unreadable = journals(
        3, [Damaged("R1", "d/R1.jsonl", 4, 9), Damaged("R2", "d/R2.jsonl", 0, None)]
    )
    assert whole == ok("1 of 3 journals whole")
    assert "traces/journal/d/R1.jsonl" in cut.text
    assert "first 4 of 9 lines" in cut.text
    assert cut.remedy[-1] == "agentctl runs show R1"
    assert unreadable.text == "traces/journal/d/R2.jsonl cannot be read"
    assert "as the user whom it belongs to" in unreadable.remedy[0]
    assert [item.health for item in (cut, unreadable)] == ["problem", "problem"]


def test_a_control_journal_that_was_changed_is_a_problem() -> None:
    """Why is told as it was found."""
    assert control(2, "").health == "ok"
    assert control(0, "it ends before record 3").health == "problem"


def test_an_index_behind_is_no_problem() -> None:
    """It is a copy, and looking mends it."""
    assert [index("1.5.5", behind=behind).health for behind in (False, True)] == ["ok", "note"]


def test_an_index_that_was_brought_forward_says_from_where() -> None:
    """It is as good as any other."""
    found = index("2.0.0", behind=False, brought_from=6)
    assert (found.health, found.text) == (
        "ok",
        "the index (DuckDB 2.0.0, brought forward from version 6 just now) holds every journal",
    )


def test_an_index_that_was_put_aside_is_named_with_what_removes_it() -> None:
    """Nothing reads it, and it may be large."""
    (found,) = set_aside(["traces/agentctl.duckdb.aside"])
    assert (found.health, found.remedy) == ("note", ("rm traces/agentctl.duckdb.aside",))
    assert set_aside([]) == ()


def test_letters_are_counted_and_runs_named() -> None:
    """The line to type goes on with the run; of many runs the rest is counted."""
    (found,) = inboxes([Waiting(f"R{number}", letters=2) for number in range(5)] + [Waiting("R9")])
    assert found.text == "10 letters not taken in yet, of 5 runs"
    assert found.remedy == (
        "agentctl resume R0",
        "agentctl resume R1",
        "agentctl resume R2",
        "and for 2 more",
    )


def test_what_is_no_letter_and_what_is_no_run_is_named() -> None:
    """A file that is no message is worth knowing; a run that cannot be folded is a problem."""
    stray, broken = inboxes([Waiting("R1", unreadable=("x",)), Waiting("R2", problem="its chain is broken")])
    assert (stray.health, "x.json" in stray.text) == ("note", True)
    assert (broken.health, broken.text) == ("problem", "run R2: its chain is broken")


def test_nothing_waits() -> None:
    """Then nothing is said."""
    assert (inboxes([Waiting("R1")]), approvals([Waiting("R1")])) == ((), ())


def test_overdue_approvals_are_swept() -> None:
    """The runs are named and the sweep is the line to type."""
    (found,) = approvals([Waiting("R1", overdue=True), Waiting("R2")])
    assert (found.health, found.remedy[0]) == ("problem", "agentctl approvals sweep")
    assert found.text == "approvals are overdue in 1 run: R1"


def test_a_clock_behind_the_last_record() -> None:
    """A little is tolerated, as everywhere; without a record there is nothing to be behind of."""
    tolerated = NOW + timedelta(seconds=TOLERATED_BEHIND_SECONDS)
    moments = (None, NOW, tolerated, tolerated + timedelta(seconds=1))
    assert [clock(NOW, last).health for last in moments] == ["ok", "ok", "ok", "problem"]
