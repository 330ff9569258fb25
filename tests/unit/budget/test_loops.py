"""Tests of loops: what a detection says, and where it must not speak; the labelled traces stand in `tests/loops`."""

import pytest
from msgspec.structs import replace

from agentctl.budget.loops import LONGEST_PERIOD, Move, advice, fewest, loop_ahead, sentence
from agentctl.events.loop import LoopDetected
from tests.loops.telling import LIMITS, fails, fine, polls, reads, stopped, writes


def detected(*moves: Move) -> LoopDetected:
    """Return the event of the loop that some calls are, one a step."""
    found = stopped(fine("a case", *moves))
    assert found is not None
    made, loop = found
    return loop.detected(replace(moves[made], call=str(made), step=made), stops=False)


def again(move: Move, times: int = 12) -> tuple[Move, ...]:
    """Return the same call several times."""
    return (move,) * times


READ = reads("desk.read", {"id": 7}, id=7)
OTHER = reads("pay.charge", {"amount": 1}, charge="ch_1")


def test_the_same_call_says_which() -> None:
    """Kind, limit, evidence, the call that was not made."""
    event = detected(*again(READ))
    assert (event.kind, event.meter, event.repeats, event.limit) == ("same_call", "repeats", 3, 3)
    assert (event.call, event.calls, event.tools, event.repeated) == (
        "3",
        ("0", "1", "2"),
        ("desk.read",),
        "2",
    )
    assert (event.differing, event.stops) == ((), False)
    assert sentence(event) == (
        "`desk.read` was asked for 3 times in a row with the same arguments, and the result was the same"
    )
    assert advice(event).endswith(
        "do something else, or answer with what is known: the next repetition stops the run"
    )


def test_a_cycle_says_its_round() -> None:
    """All calls of the rounds that count, and the one that would have come again."""
    event = detected(READ, *again(OTHER, 2), *(READ, OTHER) * 5)
    assert (event.kind, event.meter, event.repeats, event.tools) == (
        "cycle",
        "repeats",
        3,
        ("pay.charge", "desk.read"),
    )
    assert event.calls == tuple(str(number) for number in range(2, 8))
    assert event.repeated == "6"
    assert sentence(event) == (
        "the same 2 calls (`pay.charge`, `desk.read`) came 3 times in a row, and the results were the same"
    )


def test_a_near_duplicate_names_what_makes_no_difference() -> None:
    """The argument that differed."""
    event = detected(*(reads("desk.read", {"id": 7}, id=7, nonce=n) for n in range(9)))
    assert (event.kind, event.meter, event.differing) == ("near_duplicate", "near_repeats", ("nonce",))
    assert sentence(event) == (
        "`desk.read` was asked for 5 times in a row with another `nonce`, and the result was the same"
    )


def test_the_same_error_names_what_was_tried_in_vain() -> None:
    """The arguments that differed, where they did."""
    event = detected(*(fails("db.run", "denied", sql=f"{n}") for n in range(9)))
    assert (event.kind, event.meter, event.differing) == ("same_error", "same_errors", ("sql",))
    assert sentence(event) == "`db.run` failed 5 times with the same error, also with another `sql`"
    assert sentence(detected(*again(fails("db.run", "denied", sql="x")))) == (
        "`db.run` failed 5 times with the same error"
    )


def test_a_failing_round_has_as_long_as_a_failing_call() -> None:
    """It may wait for better times."""
    event = detected(*(fails("db.run", "busy", sql="x"), writes("os.nap", {"ok": True}, s=5)) * 8)
    assert (event.kind, event.meter, event.repeats) == ("cycle", "same_errors", 5)


def test_errors_of_one_step_are_one_error_but_for_the_same_call() -> None:
    """A model sees them all at once."""
    many = tuple(fails("db.run", "denied", sql=f"{n}") for n in range(30))
    assert stopped(fine("a step", many, READ, many[0])) is None
    three = again(fails("db.run", "denied", sql="x"), 3)
    found = stopped(fine("steps", three, three, READ))
    assert found is not None
    assert (found[0], found[1].kind) == (5, "same_error")


def test_a_success_of_the_tool_or_of_a_write_begins_the_errors_anew() -> None:
    """The world is another one then."""
    error = tuple(fails("db.run", "denied", sql=f"{n}") for n in range(4))
    assert stopped(fine("a success", *error, reads("db.run", 1, sql="select"), *error)) is None
    assert stopped(fine("a write", *error, writes("db.grant", "ok", to="me"), *error)) is None
    assert stopped(fine("a read", *error, READ, *error)) is not None


def test_a_round_longer_than_the_longest_is_not_seen() -> None:
    """Nine calls in a round are left to the other ceilings; eight are not."""
    tour = tuple(reads("tour.stop", {"n": n}, n=n) for n in range(LONGEST_PERIOD + 1))
    assert stopped(fine("nine", *tour * 6)) is None
    assert stopped(fine("eight", *tour[1:] * 6)) is not None


def test_an_odd_argument_of_a_write_or_alone_may_be_what_is_wanted() -> None:
    """Only beside others, of a read, with a long answer."""
    much = {"text": "x" * 300}
    alone = (reads("wiki.read", much, name=f"{n}") for n in range(30))
    written = (writes("wiki.put", much, space="a", name=f"{n}") for n in range(30))
    beside = (reads("wiki.read", much, space="a", name=f"{n}") for n in range(30))
    nothing = (reads("wiki.all", much) for _ in range(2))
    assert stopped(fine("cases", *alone, *written, *nothing)) is None
    event = detected(*beside)
    assert (event.kind, event.differing, event.repeats, len(event.calls)) == (
        "near_duplicate",
        ("name",),
        10,
        5,
    )


def test_a_tool_that_polls_begins_everything_anew() -> None:
    """Waiting is progress."""
    poll = polls("ci.wait", {"state": "pending"}, build=1)
    assert stopped(fine("waiting", *(READ, READ, READ, poll) * 20)) is None
    assert loop_ahead(again(poll), poll, LIMITS) is None


@pytest.mark.parametrize("limit", [2, 3, 4, 9])
def test_not_one_call_more_than_the_limit_is_made(limit: int) -> None:
    """Whatever the contract says."""
    limits = LIMITS.model_copy(
        update={"max_repeats": limit, "max_near_repeats": limit, "max_same_errors": limit}
    )
    for moves, made in (
        (again(READ, 20), limit),
        (tuple(fails("db.run", "denied", sql=f"{n}") for n in range(20)), limit),
        ((READ, OTHER) * 20, 2 * limit),
    ):
        found = stopped(fine("a case", *moves), limits=limits)
        assert found is not None
        assert found[0] == made


@pytest.mark.parametrize("limits", [(2, 9, 9), (9, 2, 9), (9, 9, 2), (None, 4, None), (3, 3, 3)])
def test_no_loop_is_shorter_than_the_fewest_calls(limits: tuple[int | None, ...]) -> None:
    """So nobody need look for one before."""
    names = ("max_repeats", "max_near_repeats", "max_same_errors")
    given = LIMITS.model_copy(update=dict(zip(names, limits, strict=True)))
    least = fewest(given)
    assert least == min(limit for limit in limits if limit is not None)
    for moves in (
        again(READ),
        (READ, OTHER) * 10,
        tuple(fails("db.run", "denied", sql=f"{n}") for n in range(12)),
        tuple(reads("desk.read", {"id": 7}, id=7, nonce=n) for n in range(12)),
    ):
        found = stopped(fine("a case", *moves), limits=given)
        assert found is None or found[0] >= least


def test_without_limits_nothing_is_a_loop() -> None:
    """A journal of before there were any."""
    names = ("max_repeats", "max_near_repeats", "max_same_errors")
    none = LIMITS.model_copy(update=dict.fromkeys(names))
    assert fewest(none) is None
    assert loop_ahead(again(READ), READ, none) is None
