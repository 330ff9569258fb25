"""What counts as a difference between a record and what a replay says in its place."""

import pytest
from msgspec.structs import replace

from agentctl.events.base import Event, Reservation
from agentctl.events.budget import BudgetStopped
from agentctl.events.model import ModelAnswered
from agentctl.events.record import AnyEvent, Record
from agentctl.events.tool import ToolIntent, ToolResult
from agentctl.replay.recorded.comparison import Comparer, Parting
from agentctl.replay.recorded.tools import Unmeasured
from tests.fakes.journals import RUN, chained, decided, intended, requested, result, started

CALL = f"{RUN}/0/0"
TOOL = "stripe.lookup_charge"
NOTHING = Unmeasured(frozenset(), frozenset())


def a_comparer(**changes: object) -> Comparer:
    """Return a comparer for which authorities are shown the same only where the digests are."""
    return Comparer(
        **{
            "remade": lambda *_: False,
            "same_inputs": lambda then, now: then == now,
            "unmeasured": NOTHING,
            **changes,
        }  # type: ignore[arg-type]
    )


def a_result() -> ToolResult:
    """Return how a call ended."""
    return result(CALL, {"charge": "ch_1"})


def on_tape(event: AnyEvent, version: int = 2) -> Record:
    """Return a record of an event."""
    (record,) = chained(RUN, [event])
    return replace(record, version=version)


def parted(then: AnyEvent, now: AnyEvent, version: int = 2, **changes: object) -> list[str]:
    """Return the places in which two events part."""
    return [item.field for item in a_comparer(**changes).partings(on_tape(then, version), now)]


def updated(event: Event, **changes: object) -> AnyEvent:
    """Return an event with other values."""
    return event.model_copy(update=changes)  # type: ignore[return-value]


def test_the_same_is_the_same() -> None:
    """Nothing differs, so nothing is named."""
    assert parted(started(), started()) == []


def test_how_long_it_took_is_nothing() -> None:
    """Latencies, of answers, authorities and attempts."""
    assert parted(a_result(), updated(a_result(), latency_ms=9_999.0)) == []


def test_a_difference_is_named_with_both_sides() -> None:
    """As a pointer into the event, what stood there and what stands there now, and whether anything came of it."""
    made = decided(CALL, "allow")
    (parting,) = a_comparer().partings(on_tape(made), updated(made, decision="deny"))
    assert parting == Parting("/decision", "allow", "deny", asked=False)
    assert parted(a_result(), updated(a_result(), value=[1, 2])) == ["/value"]
    assert parted(updated(a_result(), value=[1]), updated(a_result(), value=[1, 2])) == ["/value/1"]


def test_of_long_texts_the_beginning_of_the_difference_is_shown() -> None:
    """Enough to see what it is about."""
    one, other = a_result().model_copy(update={"value": "a" * 900 + "b"}), "a" * 900 + "c" + "d" * 900
    (parting,) = a_comparer().partings(on_tape(one), updated(one, value=other))
    assert parting.before == "..." + "a" * 40 + "b"
    assert parting.after.startswith("..." + "a" * 40 + "cd")
    assert parting.after.endswith("d...")


@pytest.mark.parametrize(
    ("seconds", "same"), [("09:00:00.9", True), ("09:00:01.1", False), ("nonsense", False)]
)
def test_two_moments_are_the_same_within_a_second(seconds: str, *, same: bool) -> None:
    """Two clocks are never read alike; what is no moment is no moment."""
    request = requested(CALL, TOOL).model_copy(update={"expires_at": "2026-03-14T09:00:00.000000Z"})
    other = f"2026-03-14T{seconds}00000Z"
    assert (parted(request, updated(request, expires_at=other)) == []) is same


def test_seconds_worked_are_the_same_within_one() -> None:
    """Of the ceiling on time only; other ceilings count exactly."""
    stop = BudgetStopped(meter="wall_clock_seconds", limit="5", used="4.2", asked="1")
    assert parted(stop, updated(stop, used="4.7")) == []
    assert parted(stop, updated(stop, used="5.7")) == ["/used"]
    assert parted(stop, updated(stop, used="none")) == ["/used"]
    steps = updated(stop, meter="steps")
    assert parted(steps, updated(steps, used="4.7")) == ["/used"]


def test_bytes_of_calls_with_sealed_values_are_nothing() -> None:
    """What was sent, or what came back; other calls are counted."""
    intent, came = intended(CALL, TOOL, {}), a_result()
    assert isinstance(intent, ToolIntent)
    more = updated(intent, reservation=intent.reservation.model_copy(update={"bytes": 7}))
    taken = updated(came, settlement=came.settlement.model_copy(update={"bytes": 7}))
    sent = Unmeasured(frozenset({CALL}), frozenset({CALL}))
    assert parted(intent, more) == ["/reservation/bytes"]
    assert parted(came, taken) == ["/settlement/bytes"]
    assert parted(intent, more, unmeasured=sent) == parted(came, taken, unmeasured=sent) == []
    assert parted(intent, more, unmeasured=Unmeasured(frozenset(), frozenset({CALL}))) == [
        "/reservation/bytes"
    ]


def test_another_version_is_no_difference_by_itself() -> None:
    """Its name, and digests of texts that name it; under the run's own version they are compared."""
    request = requested(CALL, TOOL)
    binding = request.binding.model_copy(update={"version": "sha256:other", "view_digest": "sha256:other"})
    other = updated(request, binding=binding, view="another text")
    assert parted(request, other, same_version=False) == []
    assert len(parted(request, other)) == 3


def test_what_an_earlier_version_could_not_say_is_nothing() -> None:
    """A field that it does not have, a text in a form of its own, a digest of what had another form."""
    made = updated(decided(CALL, "allow"), judged_at=None, effect=None)
    now = updated(made, judged_at="2026-03-14T09:00:00.000000Z", effect="read", inputs_digest="sha256:other")
    assert parted(made, now, version=1) == []
    assert parted(made, now) == ["/inputs_digest", "/judged_at", "/effect"]


def test_what_the_authorities_were_shown_is_compared_at_the_same_moment() -> None:
    """The digests differ with the moment; who can make the question again says whether it is the same."""
    made = decided(CALL, "allow")
    now = updated(made, inputs_digest="sha256:other")
    assert parted(made, now) == ["/inputs_digest"]
    assert parted(made, now, same_inputs=lambda *_: True) == []


def test_what_a_model_that_is_asked_anew_says_otherwise_each_time() -> None:
    """Ids and counts are of no consequence then; its words are."""
    said = ModelAnswered(
        step=0,
        attempt=1,
        text="done",
        calls=(),
        finish_reason="stop",
        response_id="r1",
        response_model="m",
        usage_reported=True,
        settlement=Reservation(),
        latency_ms=1.0,
    )
    anew = updated(said, response_id="r2", text="over")
    found = a_comparer(is_asked_anew=True).partings(on_tape(said), anew)
    assert [(item.field, item.asked) for item in found] == [("/text", False), ("/response_id", True)]
