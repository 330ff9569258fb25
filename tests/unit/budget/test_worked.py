"""Tests of the time a run is worked on: the writers' own clocks count, waiting for people does not."""

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentctl.budget.worked import Worked, evolve_worked
from agentctl.events.record import AnyEvent, Record
from agentctl.events.run import RunFinished, RunSuspended, SuspendReason
from tests.fakes.journals import answered

SECOND = 1_000_000
WORK = RunFinished(status="answered", answer="done")  # any event that is work


def at(epoch: int, mono_us: int, event: AnyEvent = WORK, time: str = "2026-03-14T09:00:00.000000Z") -> Record:
    """Return a record of a writer at a moment of its own clock."""
    return Record("RUN", 0, epoch, time, mono_us, event, {}, "", "")


def worked(*records: Record) -> Worked:
    """Return the fold of some records."""
    return reduce(evolve_worked, records, Worked())


def test_the_time_between_the_records_of_one_writer_counts() -> None:
    """From its first to its last, and from there to now."""
    state = worked(at(1, 5 * SECOND), at(1, 7 * SECOND), at(1, 12 * SECOND))
    assert state.seconds(1, 12 * SECOND) == 7
    assert state.seconds(1, 12 * SECOND + 250_000) == Decimal("7.25")


def test_the_time_between_two_writers_does_not_count() -> None:
    """A process that waits is none; and before its first record the next one has done nothing, whatever its clock says."""
    state = worked(at(1, 5 * SECOND), at(1, 7 * SECOND))
    assert state.seconds(2, 9_999 * SECOND) == 2
    assert (
        worked(at(1, 5 * SECOND), at(1, 7 * SECOND), at(2, 100), at(2, 100 + SECOND)).counted_us == 3 * SECOND
    )


def test_the_wall_clock_plays_no_part() -> None:
    """A day forward ends nothing, a day back gives nothing."""
    there, back = "2026-03-15T09:00:00.000000Z", "2026-03-13T09:00:00.000000Z"
    assert worked(at(1, 0), at(1, SECOND, time=there), at(1, 2 * SECOND, time=back)).counted_us == 2 * SECOND


def test_a_clock_that_goes_back_within_a_writer_gives_nothing_back() -> None:
    """A monotonic clock does not; if one does, no second is taken off."""
    state = worked(at(1, 5 * SECOND), at(1, 7 * SECOND), at(1, SECOND))
    assert state.counted_us == 2 * SECOND
    assert state.seconds(1, 0) == 2


def test_a_person_who_makes_up_their_mind_here_is_not_waited_for_at_the_runs_cost() -> None:
    """The time before a person's answer in this process does not count; a rule's look-up and a letter do."""
    asked = at(1, SECOND)
    by_letter, by_rule = answered("RUN/0/0"), answered("RUN/0/0", kind="rule")
    here = by_letter.model_copy(update={"message": None})
    for event, seconds in ((here, 0), (by_letter, 60), (by_rule, 60)):
        assert worked(asked, at(1, 61 * SECOND, event)).counted_us == seconds * SECOND


@pytest.mark.parametrize(
    ("reason", "counted"), [("approval", 0), ("budget", 60 * SECOND), ("interrupted", 60 * SECOND)]
)
def test_a_person_who_says_nothing_was_waited_for_too(reason: SuspendReason, counted: int) -> None:
    """Where the run is left to wait for others, the time before that was a person's."""
    state = worked(at(1, 0), at(1, 60 * SECOND, RunSuspended(reason=reason, detail="")))
    assert state.counted_us == counted


@dataclass(frozen=True)
class Stretch:
    """How many microseconds one writer works, between how many records; it starts anywhere on its clock."""

    begins: int
    pauses: list[int]


stretches = st.builds(Stretch, st.integers(0, 10**15), st.lists(st.integers(0, 10**12), max_size=5))


@settings(deadline=None)
@given(st.lists(stretches, max_size=5))
def test_the_sum_is_that_of_all_writers_and_never_falls(parts: list[Stretch]) -> None:
    """Whatever their clocks began with; exact to the microsecond, in any decimal context."""
    state, sums = Worked(), [0]
    for epoch, part in enumerate(parts, start=1):
        moment = part.begins
        state = evolve_worked(state, at(epoch, moment))
        for pause in part.pauses:
            moment += pause
            state = evolve_worked(state, at(epoch, moment))
            sums.append(state.counted_us)
    assert sums == sorted(sums)
    assert state.counted_us == sum(sum(part.pauses) for part in parts)
    with localcontext() as context:
        context.prec = 2
        seconds = state.seconds(0, 0)
    assert Fraction(seconds) == Fraction(state.counted_us, SECOND)
