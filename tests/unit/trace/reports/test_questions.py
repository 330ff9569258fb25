"""Questions about runs get typed answers, whatever stands in the journals."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentctl.events.base import Principal
from agentctl.events.record import EVENT_TYPES, AnyEvent
from agentctl.events.replay import Fidelity, ReplayJudged
from agentctl.events.run import ReplayOf, RunFinished, RunStarted, RunSuspended
from agentctl.trace.index.reading import Reader
from agentctl.trace.index.run_rows import Choice, RunRow, list_runs
from agentctl.trace.reports.questions import find_run, show_run
from agentctl.trace.reports.run import JournalState, NotUnderstood
from agentctl.trace.reports.three_questions import three_questions
from tests.fakes.events import events_of
from tests.fakes.journals import (
    BEGINNING,
    CASEY,
    RUN,
    answered,
    chained,
    journal_bytes,
    model_call,
    proposed,
    refund_story,
    requested,
    resumed,
    run_id,
    started,
    write_journal,
)

VIEWS = ("runs", "routes", "model_calls", "tool_calls", "decisions", "approvals", "spend")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journals lie."""
    return tmp_path / "journal"


def suspended(reason: str) -> RunSuspended:
    """Return a suspension."""
    return RunSuspended(reason=reason, detail="wait")  # type: ignore[arg-type]  # checked by the model


def replaying() -> RunStarted:
    """Return the beginning of a replay."""
    begun = started()
    of = ReplayOf(run=run_id(9), head="0" * 64, mode="verify", version=begun.envelope.version)
    envelope = begun.envelope.model_copy(update={"kind": "replay", "replay": of})
    return begun.model_copy(update={"envelope": envelope})


def judged(fidelity: Fidelity) -> ReplayJudged:
    """Return the end of a replay."""
    return ReplayJudged(
        fidelity=fidelity, step=None, cause=None, detail="", exact=1, drift=0, missed=0, differences=()
    )


class TestListing:
    def test_a_run_in_a_line_says_everything_about_it(self, folder: Path) -> None:
        """Who, for whom, what, how it ended, what it used."""
        write_journal(folder, RUN, refund_story())
        with Reader(None, folder) as reader:
            assert list_runs(reader) == (
                RunRow(
                    run=RUN,
                    kind="live",
                    agent="refund-assistant",
                    owner="support-platform",
                    version="sha256:" + "c0" * 32,
                    version_tag="v1",
                    environment="sandbox",
                    principal="casey",
                    principal_assurance="asserted",
                    on_behalf_of=("helpdesk",),
                    input="ticket 1001",
                    status="finished",
                    reason="answered",
                    exit_code=0,
                    answer="Refunded 49.00 USD.",
                    started_at=BEGINNING,
                    ended_at=BEGINNING + timedelta(seconds=25),
                    steps=3,
                    model_calls=3,
                    tool_calls=3,
                    refused_calls=1,
                    input_tokens=1236,
                    output_tokens=114,
                    cost_usd=Decimal("0.0032"),
                    overridden=False,
                    last_event_at=BEGINNING + timedelta(seconds=25),
                ),
            )

    @pytest.mark.parametrize(
        ("events", "status", "reason", "code"),
        [
            ((), "running", None, None),
            ((suspended("approval"),), "suspended", "approval", 4),
            ((suspended("in_doubt"),), "suspended", "in_doubt", 5),
            ((suspended("budget"),), "suspended", "budget", 6),
            ((suspended("provider_failed"),), "suspended", "provider_failed", 11),
            ((suspended("interrupted"),), "suspended", "interrupted", 130),
            ((suspended("approval"), resumed()), "running", None, None),
            ((RunFinished(status="answered", answer=""),), "finished", "answered", 0),
            ((suspended("approval"), RunFinished(status="denied", answer="no")), "finished", "denied", 3),
        ],
    )
    def test_the_last_word_about_a_run_is_its_status(
        self, folder: Path, events: tuple[AnyEvent, ...], status: str, reason: str | None, code: int | None
    ) -> None:
        """Every end has its exit code; a run that was taken up again is running."""
        write_journal(folder, RUN, [started(), *events])
        with Reader(None, folder) as reader:
            (row,) = list_runs(reader)
            assert (row.status, row.reason, row.exit_code) == (status, reason, code)
            assert list_runs(reader, Choice(status=status)) == (row,)
            assert list_runs(reader, Choice(status=reason or status)) == (row,)
            assert list_runs(reader, Choice(status="something else")) == ()

    @pytest.mark.parametrize(
        ("fidelity", "code"), [("exact", 0), ("drift", 0), ("bounded", 1), ("diverged", 1)]
    )
    @pytest.mark.parametrize(
        "events", [(), (suspended("approval"),), (RunFinished(status="answered", answer="done"),)]
    )
    def test_a_replay_that_was_judged_is_finished_however_the_run_that_it_replays_stood(
        self, folder: Path, events: tuple[AnyEvent, ...], fidelity: Fidelity, code: int
    ) -> None:
        """How far it is the same says how it ended; until then it stands as that run did, and is not closed."""
        replay = replaying()
        write_journal(folder, RUN, [replay, *events])
        with Reader(None, folder) as reader:
            (row,) = list_runs(reader)
            assert row.reason not in get_args(Fidelity)
            assert reader.rows("SELECT closed FROM journals") == [(False,)]
        write_journal(folder, RUN, [replay, *events, judged(fidelity)])
        with Reader(None, folder) as reader:
            (row,) = list_runs(reader)
            assert (row.kind, row.status, row.reason, row.exit_code) == ("replay", "finished", fidelity, code)
            assert row.ended_at == row.last_event_at
            assert row.answer == ("done" if len(events) and isinstance(events[0], RunFinished) else None)
            assert list_runs(reader, Choice(status=fidelity)) == (row,)
            assert reader.rows("SELECT closed FROM journals") == [(True,)]
            assert reader.rows("SELECT run, fidelity FROM replays") == [(RUN, fidelity)]

    def test_the_newest_come_first_and_no_more_than_asked_for(self, folder: Path) -> None:
        """Order is by beginning; an agent's name picks its runs."""
        for number in range(4):
            agent = "refund-assistant" if number % 2 else "triage"
            start = BEGINNING + timedelta(hours=number)
            write_journal(folder, run_id(number), [started(run_id(number), agent=agent)], start=start)
        with Reader(None, folder) as reader:
            assert [row.run for row in list_runs(reader, limit=3)] == [run_id(3), run_id(2), run_id(1)]
            assert [row.run for row in list_runs(reader, Choice(agent="triage"), limit=None)] == [
                run_id(2),
                run_id(0),
            ]

    def test_a_run_that_a_person_decided_on_says_so(self, folder: Path) -> None:
        """A rule's answer is not a person's."""
        call = f"{RUN}/0/0"
        asked: list[AnyEvent] = [started(), proposed(call, "t", {}), requested(call, "t")]
        write_journal(folder, RUN, [*asked, answered(call, kind="rule"), answered(call, "deny")])
        other = run_id(9)
        write_journal(
            folder,
            other,
            [started(other), requested(f"{other}/0/0", "t"), answered(f"{other}/0/0", kind="rule")],
        )
        with Reader(None, folder) as reader:
            assert {row.run: row.overridden for row in list_runs(reader)} == {RUN: True, other: False}


class TestFinding:
    def test_a_beginning_that_one_run_has_finds_it(self, folder: Path) -> None:
        """Case does not matter; several candidates are returned, newest first; nothing fits nothing."""
        for number in (17, 18, 29):
            write_journal(folder, run_id(number), [started(run_id(number))])
        with Reader(None, folder) as reader:
            assert find_run(reader, run_id(29)) == run_id(29)
            assert find_run(reader, run_id(29)[:-1].lower()) == run_id(29)
            assert find_run(reader, run_id(17)[:-1]) == (run_id(18), run_id(17))
            assert find_run(reader, "latest") == run_id(29)
            assert find_run(reader, "") == ()
            assert find_run(reader, "%") == ()

    def test_a_run_that_has_not_begun_is_not_the_latest(self, folder: Path) -> None:
        """Its process has made the file and not written the first line yet; under its own name it is found."""
        write_journal(folder, RUN, refund_story())
        (folder / "2026-03-14" / f"{run_id(29)}.jsonl").touch()
        with Reader(None, folder) as reader:
            assert find_run(reader, "latest") == RUN
            assert find_run(reader, run_id(29)) == run_id(29)

    def test_without_runs_there_is_no_latest(self, folder: Path) -> None:
        """Nothing is found where there is nothing."""
        with Reader(None, folder) as reader:
            assert find_run(reader, "latest") == ()
            assert list_runs(reader) == ()
            assert show_run(reader, RUN) is None


class TestShowing:
    def test_a_report_has_every_event_in_its_place(self, folder: Path) -> None:
        """Times, hashes and sequence numbers are those of the journal."""
        path = write_journal(folder, RUN, refund_story())
        records = chained(RUN, refund_story())
        with Reader(None, folder) as reader:
            report = show_run(reader, RUN)
        assert report is not None
        assert report.journal == JournalState(f"{path.parent.name}/{path.name}", len(records), len(records))
        assert report.journal.whole
        assert report.head == records[-1].hash
        assert report.started == records[0].event
        assert [step.step for step in report.steps] == [0, 1, 2]
        refund = report.calls[1].attempts[0].intent
        assert (refund.seq, refund.hash, refund.event) == (18, records[18].hash, records[18].event)
        assert refund.time == datetime(2026, 3, 14, 9, 0, 18, tzinfo=UTC)
        assert (report.spent_usd, report.open_usd) == (Decimal("0.0032"), Decimal(0))

    def test_a_model_call_without_an_end_keeps_its_reservation(self, folder: Path) -> None:
        """What a dead process may have spent is told apart from what was."""
        events = [started(), *model_call(0, "hello"), *model_call(1, "lost")[:-1]]
        write_journal(folder, RUN, events)
        with Reader(None, folder) as reader:
            report = show_run(reader, RUN)
        assert report is not None
        assert [call.end is None for step in report.steps for call in step.model_calls] == [False, True]
        assert (report.spent_usd, report.open_usd) == (Decimal("0.0012"), Decimal("0.01"))

    def test_a_resume_may_lower_the_ceilings(self, folder: Path) -> None:
        """The ceilings shown are those that held at last."""
        write_journal(folder, RUN, [started(), resumed(max_cost_usd="0.25"), resumed(max_cost_usd="0.20")])
        with Reader(None, folder) as reader:
            report = show_run(reader, RUN)
            assert report is not None
            assert report.limits.max_cost_usd == Decimal("0.20")
            assert reader.rows("SELECT max_cost_usd FROM runs") == [(Decimal("0.20"),)]

    def test_money_is_exact(self, folder: Path) -> None:
        """Ten times a tenth of a cent is a cent."""
        write_journal(
            folder,
            RUN,
            [started(), *(event for step in range(10) for event in model_call(step, "", cost="0.001"))],
        )
        with Reader(None, folder) as reader:
            report = show_run(reader, RUN)
            assert report is not None
            assert report.spent_usd == report.row.cost_usd == Decimal("0.01")
            assert reader.rows("SELECT sum(cost_usd) FROM spend") == [(Decimal("0.01"),)]

    def test_a_record_that_this_version_does_not_know_is_named(self, folder: Path) -> None:
        """A strange event hides nothing else."""

        class Strange(RunFinished):
            type = "run.abducted"  # type: ignore[misc]  # an event of some other version

        class Changed(RunFinished):
            extra: str = "new"

        data = [
            started(),
            Strange(status="answered", answer=""),
            Changed(status="answered", answer=""),
            RunFinished(status="answered", answer="x"),
        ]
        write_journal(folder, RUN, data)
        with Reader(None, folder) as reader:
            report = show_run(reader, RUN)
        assert report is not None
        assert report.not_understood == (NotUnderstood(1, "run.abducted"), NotUnderstood(2, "run.finished"))
        assert report.row.answer == "x"

    def test_a_damaged_journal_is_shown_as_far_as_it_holds(self, folder: Path) -> None:
        """The report says that it is not whole."""
        path = write_journal(folder, RUN, refund_story())
        path.write_bytes(path.read_bytes().replace(b'"re_1"', b'"re_2"'))
        with Reader(None, folder) as reader:
            report = show_run(reader, RUN)
        assert report is not None
        assert report.journal == JournalState(f"2026-03-14/{RUN}.jsonl", 19, 26)
        assert not report.journal.whole
        assert report.calls[1].outcome == "open"


@st.composite
def stories(draw: st.DrawFn) -> list[AnyEvent]:
    """Return a beginning and any events after it, in any order."""
    any_event = st.sampled_from(sorted(EVENT_TYPES)).flatmap(lambda name: events_of(EVENT_TYPES[name]))
    return [started(), *draw(st.lists(any_event, max_size=25))]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_whatever_stands_in_a_journal_every_question_has_an_answer(events: list[AnyEvent]) -> None:
    """No order of events and no value in them breaks a view or a report, and no event is lost."""
    with TemporaryDirectory() as place:
        write_journal(Path(place), RUN, events)
        with Reader(None, Path(place)) as reader:
            for view in VIEWS:
                reader.rows(f"FROM {view}")
            assert reader.damaged() == ()
            assert len(list_runs(reader)) == 1
            report = show_run(reader, RUN)
    assert report is not None
    assert report.not_understood == ()
    assert report.journal.records == len(events)
    three_questions(report)


def test_the_fake_journals_are_what_a_journal_writer_writes() -> None:
    """The bytes of the fake are believed by the reader of real journals."""
    from agentctl.trace.journals.chain import scan  # noqa: PLC0415 - only here

    found = scan(journal_bytes(RUN, refund_story()), RUN)
    assert [record.event for record in found.records] == refund_story()
    assert Principal(id="casey", kind="user", assurance="asserted") == CASEY
