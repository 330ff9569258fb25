"""Tests of what the gateway knows: every event, and that nothing which may have happened is ever told as if it had not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentctl.budget.worked import Worked
from agentctl.events.approval import ApprovalExpired, MessageRefused
from agentctl.events.base import Principal, Source
from agentctl.events.budget import BudgetOverrun, BudgetStopped
from agentctl.events.model import ModelRefused, RouteChosen
from agentctl.events.record import AnyEvent
from agentctl.events.run import (
    ClockAnomaly,
    JournalRecovered,
    RunFinished,
    RunResumed,
    RunSuspended,
)
from agentctl.events.tool import (
    ToolInDoubt,
    ToolIntent,
    ToolRefused,
    ToolResolved,
    ToolResult,
    ToolUnknown,
)
from agentctl.gateway.state import CallState, CallStatus, SessionState, evolve, fold
from tests.fakes.journals import (
    CASEY,
    RUN,
    answered,
    approval_of,
    chained,
    decided,
    intended,
    model_call,
    proposed,
    refund_story,
    requested,
    result,
    started,
)

CALL = f"{RUN}/1/0"
TOOL = "stripe.create_refund"
Verdict = Literal["executed", "not_executed", "retry"]


def folded(*events: AnyEvent) -> SessionState:
    """Return the fold of some events."""
    return fold(chained(RUN, events))


def timeless(state: SessionState) -> SessionState:
    """Return a state without the time that its records took."""
    return replace(state, worked=Worked())


def the(*events: AnyEvent) -> CallState:
    """Return the call, proposed and then taken through some events."""
    return folded(proposed(CALL, TOOL, {}), *events).calls[CALL]


def intent(attempt: int = 1, call: str = CALL, effect: str = "irreversible", **changes: object) -> ToolIntent:
    """Return an attempt."""
    return intended(call, TOOL, {}, attempt=attempt, effect=effect).model_copy(update=changes)


def ok(attempt: int = 1, call: str = CALL) -> ToolResult:
    """Return an attempt's success."""
    return result(call, {"refund": "re_1"}, attempt=attempt)


def error(attempt: int = 1, call: str = CALL, *, final: bool = True) -> ToolResult:
    """Return an attempt's certain failure."""
    failed = result(call, {}, outcome="error", attempt=attempt)
    return failed.model_copy(update={"value": "no funds", "final": final})


def unknown(attempt: int = 1, call: str = CALL) -> ToolUnknown:
    """Return that nobody knows what became of an attempt."""
    return ToolUnknown(call=call, attempt=attempt, reason="lost", status=0, latency_ms=1.0)


def refused(call: str = CALL) -> ToolRefused:
    """Return a refusal."""
    return ToolRefused(call=call, stage="permitted", reasons=("no",))


def in_doubt(call: str = CALL) -> ToolInDoubt:
    """Return that no further attempt is permitted."""
    return ToolInDoubt(call=call, reason="never again")


def resolved(verdict: Verdict, call: str = CALL) -> ToolResolved:
    """Return an operator's word."""
    return ToolResolved(call=call, verdict=verdict, by=CASEY, reason="I looked", message=f"letter-{verdict}")


def test_before_it_has_started_a_run_has_no_header() -> None:
    """Nobody goes on without one."""
    with pytest.raises(LookupError, match="has not started"):
        _ = SessionState().header


def test_a_run_starts_with_its_envelope_and_what_its_input_is() -> None:
    """The input's trust labels are the first that were seen."""
    state = folded(started())
    assert state.header == started().envelope
    assert state.labels_seen == ("untrusted",)


def test_a_resume_changes_the_ceilings_and_the_redaction_and_nothing_else() -> None:
    """Who began it, and under which version, stays."""
    limits = started().envelope.limits.model_copy(update={"max_steps": 3})
    resumed = RunResumed(
        by=Principal(id="dana", kind="user", assurance="asserted"),
        platform_digest="sha256:other",
        limits=limits,
        pii_redaction="standard",
    )
    state = folded(started(), resumed)
    expected = started().envelope.model_copy(update={"limits": limits, "pii_redaction": "standard"})
    assert timeless(state) == replace(timeless(folded(started())), envelope=expected)


def test_a_resume_of_what_never_started_is_a_bug() -> None:
    """A journal begins with the run's start."""
    resumed = RunResumed(
        by=CASEY, platform_digest="", limits=started().envelope.limits, pii_redaction="strict"
    )
    with pytest.raises(LookupError):
        folded(resumed)


def test_routes_and_attempts_are_remembered_by_step() -> None:
    """A route that was chosen is not chosen again after a crash; attempts are counted on."""
    state = folded(started(), *model_call(0, ""), *model_call(1, ""))
    assert {step: route.step for step, route in state.routes.items()} == {0: 0, 1: 1}
    assert all(isinstance(route, RouteChosen) for route in state.routes.values())
    assert state.model_attempts == {0: 1, 1: 1}


@pytest.mark.parametrize(
    "event",
    [
        RunSuspended(reason="approval", detail="wait"),
        RunFinished(status="answered", answer="done"),
        JournalRecovered(bytes=1, sha256="00"),
        ClockAnomaly(wall="2026-03-14T09:00:00.000000Z", behind_seconds=1.0),
        ModelRefused(step=0, stage="priced", reasons=("unknown",)),
        BudgetStopped(meter="steps", limit="1", used="1", asked="1"),
        BudgetOverrun(meter="input_tokens", reserved="1", reported="2", step=0),
    ],
    ids=lambda event: event.type,
)
def test_some_events_mean_nothing_to_the_gateway(event: AnyEvent) -> None:
    """They are for others to read."""
    assert timeless(folded(started(), event)) == timeless(folded(started()))


def test_letters_are_seen_once_whatever_became_of_them() -> None:
    """Counted answers, resolutions and refused ones; an answer without a letter leaves none."""
    letter = MessageRefused(message="letter-1", reasons=("no",))
    state = folded(
        proposed(CALL, TOOL, {}),
        requested(CALL, TOOL),
        letter,
        answered(CALL, "escalate", kind="rule"),
        answered(CALL),
        intent(),
        in_doubt(),
        resolved("executed"),
    )
    assert state.messages_seen == {"letter-1", "message-1", "letter-executed"}


def test_reviewers_look_ups_are_counted_and_otherwise_not_the_agents() -> None:
    """They are no call of the agent, show it nothing, and label nothing."""
    review = f"{RUN}/review/0"
    state = folded(
        intended(review, "stripe.lookup_charge", {}, effect="read", purpose="review"),
        result(review, {"amount": 1}, purpose="review"),
        ToolUnknown(call=review, attempt=1, purpose="review", reason="", status=0, latency_ms=1.0),
    )
    assert timeless(state) == SessionState(reviews=1)


def test_an_approvals_fold_is_part_of_the_state() -> None:
    """Requests, their ends, and what used them."""
    name = approval_of(CALL)
    state = folded(proposed(CALL, TOOL, {}), requested(CALL, TOOL), ApprovalExpired(approval=name))
    assert state.approvals[name].expired
    assert state.calls[CALL].status == "waiting"


def test_the_latest_result_of_a_tool_is_kept_by_its_name() -> None:
    """For reviewers to compare with; errors are no results."""
    other = f"{RUN}/2/0"
    state = folded(
        proposed(CALL, TOOL, {}), intent(), ok(),
        proposed(other, TOOL, {}), intent(call=other), error(call=other),
    )  # fmt: skip
    assert state.results == {TOOL: {"refund": "re_1"}}


@pytest.mark.parametrize("end", [ok(), error(), error(final=False)], ids=["ok", "error", "not final"])
def test_what_a_tool_says_labels_the_run_errors_too(end: ToolResult) -> None:
    """An error's text was written by a stranger as well."""
    labelled = end.model_copy(update={"source": Source(id=CALL, labels=("private", "untrusted"))})
    assert folded(proposed(CALL, TOOL, {}), intent(), labelled).labels_seen == ("private", "untrusted")


STORIES: dict[str, tuple[tuple[AnyEvent, ...], CallStatus, object]] = {
    "proposed": ((), "proposed", None),
    "judged": ((decided(CALL),), "proposed", None),
    "waiting": ((requested(CALL, TOOL),), "waiting", None),
    "refused": ((refused(),), "refused", {"refused": "permitted", "reasons": ["no"]}),
    "in flight": ((intent(),), "in_flight", None),
    "answered": ((intent(), ok()), "answered", {"result": {"refund": "re_1"}}),
    "failed": ((intent(), error()), "answered", {"error": "no funds"}),
    "failed, again": ((intent(), error(final=False)), "failed", None),
    "failed, then refused": (
        (intent(), error(final=False), refused()),
        "refused",
        {"refused": "permitted", "reasons": ["no"]},
    ),
    "failed, then failed": (
        (intent(), error(final=False), intent(2), error(2)),
        "answered",
        {"error": "no funds"},
    ),
    "unknown": ((intent(), unknown()), "unknown", None),
    "in doubt": ((intent(), unknown(), in_doubt()), "in_doubt", None),
    "unknown, then ok": ((intent(), unknown(), intent(2), ok(2)), "answered", {"result": {"refund": "re_1"}}),
    "cut off, then ok": ((intent(), intent(2), ok(2)), "answered", {"result": {"refund": "re_1"}}),
    "unknown, then failed": ((intent(), unknown(), intent(2), error(2)), "in_doubt", None),
    "cut off, then failed": ((intent(), intent(2), error(2)), "in_doubt", None),
    "unknown, then busy": ((intent(), unknown(), intent(2), error(2, final=False)), "unknown", None),
    "unknown, busy, then failed": (
        (intent(), unknown(), intent(2), error(2, final=False), intent(3), error(3)),
        "in_doubt",
        None,
    ),
    "unknown, then refused": ((intent(), unknown(), refused()), "in_doubt", None),
    "cut off, then refused": ((intent(), refused()), "in_doubt", None),
    "executed": (
        (intent(), in_doubt(), resolved("executed")),
        "answered",
        {"result": "executed; confirmed by casey, its own answer is lost"},
    ),
    "not executed": (
        (intent(), in_doubt(), resolved("not_executed")),
        "answered",
        {"error": "not executed; confirmed by casey"},
    ),
    "to be retried": ((intent(), in_doubt(), resolved("retry")), "unknown", None),
    "retried, then failed": (
        (intent(), in_doubt(), resolved("retry"), intent(2), error(2)),
        "in_doubt",
        None,
    ),
    "a read, unknown, then failed": (
        (intent(effect="read"), unknown(), intent(2, effect="read"), error(2)),
        "answered",
        {"error": "no funds"},
    ),
    "a read, cut off, then refused": (
        (intent(effect="read"), refused()),
        "refused",
        {"refused": "permitted", "reasons": ["no"]},
    ),
}


@pytest.mark.parametrize(("events", "status", "shown"), STORIES.values(), ids=list(STORIES))
def test_what_becomes_of_a_call(events: tuple[AnyEvent, ...], status: CallStatus, shown: object) -> None:
    """Its status, and what the model may see; where a change may have happened unseen, it sees nothing."""
    call = the(*events)
    assert (call.status, call.shown, call.settled) == (status, shown, shown is not None)


@pytest.mark.parametrize(
    ("events", "may_have"),
    [
        ((), False),
        ((requested(CALL, TOOL),), False),
        ((refused(),), False),
        ((in_doubt(),), False),
        ((intent(),), True),
        ((intent(), ok()), True),
        ((intent(), unknown()), True),
        ((intent(), unknown(), in_doubt()), True),
        ((intent(), error()), False),
        ((intent(), error(final=False)), False),
        ((intent(), unknown(), intent(2), error(2, final=False)), True),
        ((intent(), unknown(), intent(2), error(2)), True),
        ((intent(), refused()), True),
        ((intent(), in_doubt(), resolved("executed")), True),
        ((intent(), in_doubt(), resolved("not_executed")), False),
        ((intent(), in_doubt(), resolved("retry")), True),
    ],
)
def test_what_may_have_happened_counts(events: tuple[AnyEvent, ...], may_have: bool) -> None:  # noqa: FBT001 - the table's last column
    """In flight, unknown, in doubt and done hold the effect and its amount; only certainty gives them back."""
    named = [
        event.model_copy(update={"effect_key": "refund:1", "object_totals": {"amount_usd:ch_1": Decimal(49)}})
        if isinstance(event, ToolIntent)
        else event
        for event in events
    ]
    state = folded(proposed(CALL, TOOL, {}), *named)
    assert state.calls[CALL].may_have_effect == may_have
    assert state.holder_of("refund:1") == (CALL if may_have else None)
    assert state.total_of("amount_usd:ch_1", besides="") == (49 if may_have else 0)
    assert state.total_of("amount_usd:ch_1", besides=CALL) == 0


def test_an_order_to_retry_is_good_for_one_attempt() -> None:
    """After it nobody has ordered anything, also if that attempt is cut off."""
    assert the(intent(), in_doubt(), resolved("retry")).retry_ordered
    assert not the(intent(), in_doubt(), resolved("retry"), intent(2)).retry_ordered
    assert not the(intent(), in_doubt(), resolved("retry"), in_doubt()).retry_ordered


def test_the_first_intent_is_kept() -> None:
    """Its key and its time count for all attempts; the number of the last one is the number of attempts."""
    first, second = intent(idempotency_key="first"), intent(2, idempotency_key="second")
    state = folded(proposed(CALL, TOOL, {}), first, unknown(), second)
    call = state.calls[CALL]
    assert (call.first_intent, call.attempts) == (first, 2)
    assert call.first_intent_at == "2026-03-14T09:00:01.000000Z"


def test_the_latest_decision_is_kept() -> None:
    """All stages run again; what they said last is what counts."""
    assert the(decided(CALL, "needs_approval"), decided(CALL)).decision == decided(CALL)


def test_refusals_are_counted() -> None:
    """Also one that is not shown, because the call may have happened."""
    state = folded(
        proposed(CALL, TOOL, {}), refused(), proposed(f"{RUN}/2/0", TOOL, {}), refused(f"{RUN}/2/0")
    )
    assert state.refusals == 2
    assert folded(proposed(CALL, TOOL, {}), intent(), refused()).refusals == 1


def test_totals_and_holders_are_per_object_and_effect() -> None:
    """Only the same object's amounts add up, exactly; the first call that holds an effect is named."""
    other = f"{RUN}/2/0"
    many = [
        event
        for index in range(5)
        for event in (
            proposed(f"{RUN}/{index}/0", TOOL, {}),
            intent(
                call=f"{RUN}/{index}/0",
                effect_key=f"refund:{index % 2}",
                object_totals={"amount_usd:ch_1": Decimal("0.1"), f"amount_usd:{index}": Decimal(7)},
            ),
        )
    ]
    state = folded(*many)
    assert state.total_of("amount_usd:ch_1", besides=other) == Decimal("0.4")
    assert state.total_of("amount_usd:2", besides="") == 7
    assert state.total_of("amount_usd:ch_2", besides="") == 0
    assert (state.holder_of("refund:0"), state.holder_of("refund:1")) == (f"{RUN}/0/0", f"{RUN}/1/0")
    assert state.holder_of("refund:2") is None


def test_the_story_of_a_refund() -> None:
    """A whole run, folded: two calls done, one refused, the approval used, the budget as settled."""
    state = folded(*refund_story())
    assert {call: item.status for call, item in state.calls.items()} == {
        f"{RUN}/0/0": "answered",
        f"{RUN}/1/0": "answered",
        f"{RUN}/1/1": "refused",
    }
    assert state.approvals[approval_of(f"{RUN}/1/0")].consumed_by == f"{RUN}/1/0"
    assert (state.refusals, state.reviews, state.spend.settled.tool_calls) == (1, 1, 2)
    assert state.spend.settled.cost_usd == Decimal("0.0032")


def test_a_fold_can_be_cut_anywhere() -> None:
    """State after a prefix, taken on by the rest, is state after all: resume is no special case."""
    records = chained(RUN, refund_story())
    for cut in range(len(records)):
        state = fold(records[:cut])
        for record in records[cut:]:
            state = evolve(state, record)
        assert state == fold(records)


# -- any life a call can have ---------------------------------------------------------------------


@dataclass
class Life:
    """What really happened to one call, told without the fold: the oracle of the test below."""

    call: str
    effect: str
    attempts: list[str] = field(default_factory=list)
    confirmed: str | None = None
    refused: bool = False
    asked_again: bool = False
    stopped: bool = False

    @property
    def flying(self) -> bool:
        """Whether an attempt is under way."""
        return self.attempts[-1:] == ["flying"]

    @property
    def happened(self) -> bool:
        """Whether it certainly happened."""
        return "ok" in self.attempts or self.confirmed == "executed"

    @property
    def hidden(self) -> bool:
        """Whether a change may have happened that nobody has seen."""
        lost = {"unknown", "cut", "flying"} & set(self.attempts)
        return self.effect != "read" and bool(lost) and not self.happened and self.confirmed is None

    @property
    def over(self) -> bool:
        """Whether nothing may follow."""
        ended = self.attempts[-1:] == ["error"] or self.refused
        return self.happened or self.confirmed is not None or (ended and not self.hidden)

    def next_events(self) -> list[tuple[AnyEvent, Callable[[], None]]]:
        """Return what could come next, each with how it is remembered here."""
        if self.over:
            return []
        number = len(self.attempts)
        if self.flying:
            ends: dict[str, AnyEvent] = {
                "ok": ok(number, self.call),
                "error": error(number, self.call),
                "busy": error(number, self.call, final=False),
                "unknown": unknown(number, self.call),
            }
            return [(event, self._ended(how)) for how, event in ends.items()] + self._after_a_crash()
        if self.stopped:
            words: tuple[Verdict, ...] = ("executed", "not_executed", "retry")
            return [(resolved(word, self.call), self._confirmed(word)) for word in words]
        return self._open()

    def _after_a_crash(self) -> list[tuple[AnyEvent, Callable[[], None]]]:
        return self._open() if len(self.attempts) < 4 else []

    def _open(self) -> list[tuple[AnyEvent, Callable[[], None]]]:
        found: list[tuple[AnyEvent, Callable[[], None]]] = [
            (decided(self.call), lambda: None),
            (refused(self.call), self._refuse),
            (intent(len(self.attempts) + 1, self.call, self.effect), self._begin),
        ]
        if self.hidden or self.flying or "unknown" in self.attempts[-1:]:
            found.append((in_doubt(self.call), self._stop))
        return found

    def _begin(self) -> None:
        self._cut_off()
        self.attempts.append("flying")

    def _refuse(self) -> None:
        self._cut_off()
        self.refused = True
        self.stopped = self.hidden

    def _stop(self) -> None:
        self._cut_off()
        self.stopped = True

    def _cut_off(self) -> None:
        if self.flying:
            self.attempts[-1] = "cut"

    def _ended(self, how: str) -> Callable[[], None]:
        def end() -> None:
            self.attempts[-1] = how
            self.stopped = how == "error" and self.hidden

        return end

    def _confirmed(self, word: Verdict) -> Callable[[], None]:
        def confirm() -> None:
            self.stopped = False
            self.refused = False
            if word != "retry":
                self.confirmed = word

        return confirm


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_whatever_happens_nothing_is_told_that_is_not_certain(data: st.DataObject) -> None:
    """For any interleaved lives of two calls, with crashes anywhere.

    Settled stays settled; a change that may have happened unseen is never shown to the model and holds its effect until
    it is certain; the first intent never changes.
    """
    effects = st.sampled_from(["read", "write", "irreversible"])
    lives = [Life(f"{RUN}/1/{index}", data.draw(effects)) for index in range(2)]
    state = folded(*(proposed(life.call, TOOL, {}) for life in lives))
    for _ in range(data.draw(st.integers(0, 14))):
        choices = [choice for life in lives for choice in life.next_events()]
        if not choices:
            break
        event, remember = data.draw(st.sampled_from(choices))
        before, state = state, evolve(state, chained(RUN, [event])[0])
        remember()
        for life in lives:
            assert_true(life, before.calls[life.call], state.calls[life.call])


def assert_true(life: Life, before: CallState, after: CallState) -> None:
    """Compare a call's state with what really happened."""
    if before.settled:
        assert after.shown == before.shown
    if before.first_intent is not None:
        assert after.first_intent is before.first_intent
    assert after.attempts == len(life.attempts)
    assert after.settled == life.over
    assert after.may_have_effect == (
        after.first_intent is not None and (after.ok or after.status in {"in_flight", "unknown", "in_doubt"})
    )
    if life.hidden:
        assert not after.settled
        assert after.may_have_effect
    if life.happened:
        assert after.ok
        assert after.may_have_effect
    if life.confirmed == "not_executed":
        assert not after.may_have_effect
