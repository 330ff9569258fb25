"""A journal cut into what each of its writers recorded."""

from msgspec.structs import replace

from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import ClockAnomaly, JournalRecovered, RunFinished, RunSuspended
from agentctl.replay.recorded.sittings import sittings_of
from tests.fakes.events import proposed
from tests.fakes.journals import RUN, chained, resumed, started

RECOVERED = JournalRecovered(bytes=3, sha256="00")
BACK = ClockAnomaly(wall="2026-03-14T09:00:00.000000Z", behind_seconds=2.0)
WAITS = RunSuspended(reason="approval", detail="somebody must answer")


def a_journal(*sittings: list[AnyEvent]) -> list[Record]:
    """Return the events of several writers."""
    epochs = [epoch for epoch, events in enumerate(sittings, start=1) for _ in events]
    records = chained(RUN, [event for events in sittings for event in events])
    return [replace(record, epoch=epoch) for record, epoch in zip(records, epochs, strict=True)]


def test_each_writer_has_a_part_and_what_it_began_with() -> None:
    """A run that waits, is swept twice, is resumed after a torn tail and a clock that went back, and ends."""
    records = a_journal(
        [started(), proposed(), WAITS],
        [BACK, proposed()],
        [RECOVERED],
        [RECOVERED, BACK, resumed(), BACK, RunFinished(status="answered", answer="done")],
    )
    first, swept, recovered, last = sittings_of(records)
    assert (first.given, first.driven, first.cut_short) == ((started(),), True, False)
    assert (swept.given, swept.driven, swept.cut_short) == ((BACK,), False, True)
    assert (recovered.given, recovered.driven, recovered.cut_short) == ((RECOVERED,), False, True)
    assert (last.given, last.driven, last.cut_short) == ((RECOVERED, BACK, resumed()), True, False)
    assert [(item.start, item.end, item.epoch) for item in (first, swept, recovered, last)] == [
        (0, 3, 1),
        (3, 5, 2),
        (5, 6, 3),
        (6, 11, 4),
    ]


def test_a_process_that_was_gone_left_its_part_cut_short() -> None:
    """The last record says neither that the run stopped nor that it is over."""
    (only,) = sittings_of(a_journal([started(), proposed()]))
    assert only.cut_short
