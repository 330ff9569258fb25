"""The questions with names, asked of stories whose answers are known."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from agentctl.audit.asking import Bounds
from agentctl.audit.canned import CANNED, DIMENSIONS, canned_named, question_of
from agentctl.cli.audit.canned import COMMANDS
from agentctl.events.approval import GrantGiven, ReviewerRecord
from agentctl.events.base import Principal, Reservation
from agentctl.events.budget import BudgetRaised, BudgetStopped
from agentctl.events.loop import LoopDetected
from agentctl.events.model import ModelAsked, ModelFailed
from agentctl.events.record import AnyEvent
from agentctl.events.run import RunSuspended
from agentctl.events.tool import (
    DecisionMade,
    PolicyAnswer,
    ToolInDoubt,
    ToolRefused,
    ToolResolved,
    ToolUnknown,
)
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import UsageError
from agentctl.trace.index.reading import Reader
from tests.fakes.journals import (
    answered,
    decided,
    intended,
    model_call,
    proposed,
    refund_story,
    requested,
    run_id,
    started,
    write_journal,
)

STORY, DOUBT, DENIED, STOPPED = (run_id(number) for number in range(4))
ALICE = ReviewerRecord(id="alice", kind="person", assurance="signed", key="SHA256:a")


def doubt() -> list[AnyEvent]:
    """Return a run whose refund may have happened, resolved by a person; a second one nobody resolved."""
    first, second = f"{DOUBT}/0/0", f"{DOUBT}/0/1"
    money = {"charge": "ch_2", "amount": 100}
    return [
        started(DOUBT),
        proposed(first, "stripe.refund", money),
        decided(first),
        intended(first, "stripe.refund", money).model_copy(update={"effect_key": "refund:ch_2:100"}),
        ToolUnknown(call=first, attempt=1, reason="the line went dead", status=0, latency_ms=1.0),
        ToolInDoubt(call=first, reason="it may not be tried again"),
        ToolResolved(
            call=first,
            verdict="executed",
            by=Principal(id="bob", kind="user", assurance="asserted"),
            reason="seen at the bank",
            message="m",
        ),
        proposed(second, "stripe.refund", money),
        decided(second),
        intended(second, "stripe.refund", money, attempt=2),
        ToolUnknown(call=second, attempt=2, reason="the line went dead", status=0, latency_ms=1.0),
        ToolInDoubt(call=second, reason="it may not be tried again"),
        RunSuspended(reason="in_doubt", detail="somebody must look"),
    ]


def denied() -> list[AnyEvent]:
    """Return a run of another agent: one call denied by a policy, one by a person."""
    first, second = f"{DENIED}/0/0", f"{DENIED}/0/1"
    answer = PolicyAnswer(
        authority="policy",
        policy="cedar:limits",
        digest="sha256:" + "a1" * 32,
        decision="deny",
        reasons=("too much",),
    )
    judged = decided(first).model_dump() | {"decision": "deny", "answers": (answer,)}
    return [
        started(DENIED, agent="billing-assistant"),
        proposed(first, "stripe.refund", {"charge": "ch_3"}),
        DecisionMade(**judged),
        ToolRefused(call=first, stage="permitted", reasons=("too much",)),
        proposed(second, "stripe.refund", {"charge": "ch_3"}),
        decided(second, "needs_approval"),
        requested(second, "stripe.refund"),
        answered(second, "deny", reason="not his charge"),
        ToolRefused(call=second, stage="approved", reasons=("alice denied it",)),
    ]


def stopped() -> list[AnyEvent]:
    """Return a run that fell back to another model, was given a grant, stopped at a ceiling, and had it raised."""
    route, asked, last = model_call(0, "hello", cost="0.05")
    assert isinstance(asked, ModelAsked)
    failed = ModelFailed(
        step=0,
        attempt=1,
        failure="rate_limited",
        message="slow down",
        settlement=Reservation(),
        latency_ms=7.0,
    )
    other = {"attempt": 2, "deployment": "big", "model": "big-1"}
    limits = started().envelope.limits
    return [
        started(STOPPED),
        route,
        asked,
        failed,
        asked.model_copy(update=other),
        last.model_copy(update={"attempt": 2}),
        GrantGiven(
            grant="g1", tool="stripe.refund", facts={}, up_to={"amount_usd": Decimal(50)}, until="2026-03-15T00:00:00.000000Z",
            version="v", reviewer=ALICE, reason="a busy day", message="m",
        ),
        BudgetStopped(meter="cost_usd", limit="0.05", used="0.05", asked="0.01"),
        LoopDetected(
            call=f"{STOPPED}/1/0", kind="same_call", meter="repeats", tools=("x",), repeats=3, limit=3, calls=(), stops=False
        ),
        RunSuspended(reason="budget", detail="raise it"),
        BudgetRaised(limits=limits, reviewer=ALICE, reason="worth it", message="m"),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Four runs: a refund, one in doubt, one denied, one stopped."""
    folder: Path = tmp_path_factory.mktemp("journal")
    stories = {STORY: refund_story(STORY), DOUBT: doubt(), DENIED: denied(), STOPPED: stopped()}
    for run, events in stories.items():
        write_journal(folder, run, events)
    with Reader(None, folder) as reader:
        yield reader


def ask(
    reader: Reader, name: str, argument: str | None = None, *columns: str, **narrowed: JsonValue
) -> list[Sequence[object]]:
    """Return some columns of a question's answer."""
    question = question_of(canned_named(name), argument, narrowed, kind=None, bounds=Bounds())
    sql = f"SELECT {', '.join(columns) or '*'} FROM ({question.sql.rstrip().removesuffix(';')})"  # noqa: S608 - ours
    return list(reader.rows(sql, **question.parameters))


def test_who_approved(reader: Reader) -> None:
    """The platform's reviewer approved the refund of the story; a denial is no approval."""
    (row,) = ask(reader, "who-approved", None, "reviewer", "reviewer_kind", "tool", "call")
    assert row == ("system:sandbox-reviewer", "rule", "stripe.refund", f"{STORY}/1/0")


def test_why_denied(reader: Reader) -> None:
    """Each refusal with its stage, its reasons, and the policies that said no."""
    rows = ask(reader, "why-denied", None, "call", "stage", "reasons", "policies")
    assert sorted(rows) == [
        (f"{STORY}/1/1", "registered", ["there is no tool `stripe.payout`"], None),
        (f"{DENIED}/0/0", "permitted", ["too much"], ["cedar:limits"]),
        (f"{DENIED}/0/1", "approved", ["alice denied it"], None),
    ]


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ("agent", [("refund-assistant", Decimal("0.0532")), ("billing-assistant", Decimal(0))]),
        ("principal", [("casey", Decimal("0.0532"))]),
        ("model", [("big-1", Decimal("0.05")), ("scripted/small", Decimal("0.0032"))]),
        ("tool", [("stripe.read_charge", Decimal(0)), ("stripe.refund", Decimal(0)), ("zendesk.read_ticket", Decimal(0))]),
        ("day", [("2026-03-14", Decimal("0.0532"))]),
        ("run", [(STOPPED, Decimal("0.05")), (STORY, Decimal("0.0032")), (DOUBT, Decimal(0)), (DENIED, Decimal(0))]),
    ],
)  # fmt: skip
def test_spend_by(reader: Reader, dimension: str, expected: list[Sequence[object]]) -> None:
    """The sums are exact, the most comes first, and a failed attempt counts where it was made."""
    assert ask(reader, "spend-by", dimension, "spender", "cost_usd") == expected


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_spend_by_any_dimension_comes_to_the_same(reader: Reader, dimension: str) -> None:
    """What was spent is what was spent, however it is divided; only models cost anything here."""
    total = sum(Decimal(str(cost)) for (cost,) in ask(reader, "spend-by", dimension, "cost_usd"))
    assert total == (0 if dimension == "tool" else Decimal("0.0532"))


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        ("ch_2", [(f"{DOUBT}/0/0", ["arguments", "effect_key"]), (f"{DOUBT}/0/1", ["arguments"])]),
        ("1001", [(f"{STORY}/0/0", ["arguments"])]),
        ("ch_", []),
        ("100", [(f"{DOUBT}/0/0", ["arguments", "effect_key"]), (f"{DOUBT}/0/1", ["arguments"])]),
    ],
)
def test_touched(reader: Reader, resource: str, found: list[tuple[str, list[str]]]) -> None:
    """Whatever names it is found, text or number, and nothing that only begins so; tried or not."""
    assert sorted(ask(reader, "touched", resource, "call", "named_in")) == found


def test_touched_looks_at_facts(reader: Reader) -> None:
    """What a call was judged on names things too."""
    found = ask(reader, "touched", "49", "call", "named_in")
    assert (f"{STORY}/1/0", ["facts"]) in found
    assert all(places == ["facts"] for _, places in found)


def test_in_doubt(reader: Reader) -> None:
    """Only what nobody resolved is in doubt."""
    assert ask(reader, "in-doubt", None, "call", "outcome", "run_status") == [
        (f"{DOUBT}/0/1", "in_doubt", "suspended")
    ]


def test_budget_stops(reader: Reader) -> None:
    """The ceiling, what was used, and what was asked; a loop is one of them."""
    assert ask(reader, "budget-stops", None, "run", "meter", "allowed", "used", "asked") == [
        (STOPPED, "repeats", 3, 3, None),
        (STOPPED, "cost_usd", Decimal("0.05"), Decimal("0.05"), Decimal("0.01")),
    ]


def test_overrides(reader: Reader) -> None:
    """Answers of people, grants, raised ceilings and resolved doubts; a rule's answer is none."""
    rows = ask(reader, "overrides", None, "run", "act", "reviewer")
    assert sorted(rows) == [
        (DOUBT, "executed", "bob"),
        (DENIED, "deny", "alice"),
        (STOPPED, "grant", "alice"),
        (STOPPED, "raise", "alice"),
    ]


@pytest.mark.parametrize("canned", CANNED, ids=lambda canned: canned.name)
def test_every_question_can_be_narrowed(reader: Reader, canned: object) -> None:
    """To an agent, to a time, and to what has an id; a narrower question never finds more."""
    name = getattr(canned, "name", "")
    argument = {"spend-by": "run", "touched": "ch_3"}.get(name)
    everything = ask(reader, name, argument)
    assert ask(reader, name, argument, agent="nobody") == []
    assert ask(reader, name, argument, since="2027-01-01") == []
    assert ask(reader, name, argument, since="2026-01-01") == everything
    if name not in {"spend-by", "touched"}:
        assert ask(reader, name, run_id(99)) == []
        assert all(ask(reader, name, str(run).lower()) is not None for run in (STORY, DOUBT))


def test_every_question_is_a_command() -> None:
    """Nothing can be asked by name that the command line does not know, and the other way round."""
    assert list(COMMANDS) == [canned.name for canned in CANNED]


@pytest.mark.parametrize(("name", "nearest"), [("spend-bye", "spend-by"), ("xyz", "")])
def test_an_unknown_question_is_refused(name: str, nearest: str) -> None:
    """With the nearest name."""
    with pytest.raises(UsageError) as caught:
        canned_named(name)
    assert caught.value.problems[0].nearest == nearest


def test_nothing_is_counted_by_what_does_not_exist() -> None:
    """A mistyped dimension is no empty answer."""
    with pytest.raises(UsageError) as caught:
        question_of(canned_named("spend-by"), "modell", {}, kind=None, bounds=Bounds())
    assert caught.value.problems[0].nearest == "model"


def test_the_views_tell_what_went_wrong(reader: Reader) -> None:
    """Retries, errors and fallbacks of a run, and which attempt was which."""
    assert reader.rows(
        "SELECT retries, errors, fallbacks, models FROM runs WHERE run = $run", run=STOPPED
    ) == [(1, 1, 1, ["big-1", "scripted/small"])]
    sql = "SELECT attempt, outcome, retry, fallback, error_type FROM model_calls WHERE run = $run ORDER BY attempt"
    assert reader.rows(sql, run=STOPPED) == [
        (1, "failed", False, False, "rate_limited"),
        (2, "answered", True, True, None),
    ]


def test_a_second_model_that_reviews_is_not_the_agents_call(tmp_path: Path) -> None:
    """Its attempts have the same step and number as the agent's own, and are told apart."""
    own = model_call(0, "hello")[1:]
    write_journal(
        tmp_path, STORY, [started(STORY), *own, *(one.model_copy(update={"review": "r"}) for one in own)]
    )
    with Reader(None, tmp_path) as reader:
        assert reader.rows("SELECT review, outcome FROM model_calls ORDER BY seq") == [
            (None, "answered"),
            ("r", "answered"),
        ]
        assert reader.rows("SELECT fallbacks, retries FROM runs") == [(0, 0)]
