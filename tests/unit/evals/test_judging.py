"""Judging: every assertion holds where it should, and says what was expected, what was found and where, where it does not."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from msgspec.structs import replace

from agentctl.contract.golden import GoldenCase
from agentctl.evals.evidence import Evidence, Left, evidence_of
from agentctl.evals.judging import holds, judge, problems_of
from agentctl.events.approval import ApprovalExpired
from agentctl.events.budget import BudgetStopped
from agentctl.events.loop import LoopDetected
from agentctl.events.record import AnyEvent
from agentctl.events.run import RunFinished, RunSuspended
from agentctl.foundation.canonical import JsonValue
from agentctl.foundation.errors import InternalError, UsageError
from tests.fakes.journals import (
    RUN,
    approval_of,
    chained,
    decided,
    model_call,
    proposed,
    refund_story,
    requested,
    started,
)

REFUND = f"{RUN}/1/0"
LEFT = Left(
    refunds=({"charge": "ch_1001", "amount": 4900, "currency": "usd"},),
    charges=({"id": "ch_1001", "amount_refunded": 4900, "disputed": False},),
    tickets=({"id": 1001, "status": "open"},),
    requests=({"method": "POST", "path": "/stripe/v1/refunds"},),
)


def nothing(_sql: str) -> Sequence[Sequence[JsonValue]]:
    """Find nothing."""
    return ()


STORY = evidence_of(chained(RUN, refund_story()), LEFT, nothing)
"""A ticket was read, a refund approved by a rule and made, a payout refused."""


def case_with(**keys: object) -> GoldenCase:
    """Return a case with these keys."""
    return GoldenCase.model_validate({"id": "a", "input": "x", **keys})


def said(evidence: Evidence, **assertion: object) -> str:
    """Return what one assertion says: nothing where it holds."""
    kind = str(assertion["type"])
    extra = [] if kind.startswith("run:") else [{"type": "run:exit-code", "value": int(evidence.exit_code)}]
    scores = judge(case_with(**{"assert": [assertion, *extra]}), evidence)
    assert scores[0].passed == (scores[0].detail == "")
    assert scores[0].type == kind
    return scores[0].detail


def ended(*events: AnyEvent) -> Evidence:
    """Return what a run with these events says."""
    return evidence_of(chained(RUN, [started(), *model_call(0, "hm"), *events]), None, nothing)


HOLD: list[dict[str, object]] = [
    {"type": "equals", "value": "Refunded 49.00 USD."},
    {"type": "not-equals", "value": {"a": 1}},
    {"type": "contains", "value": "49.00"},
    {"type": "icontains", "value": "REFUNDED"},
    {"type": "starts-with", "value": "Refunded"},
    {"type": "ends-with", "value": "USD."},
    {"type": "not-ends-with", "value": "EUR."},
    {"type": "contains-any", "value": ["no", "USD"]},
    {"type": "contains-all", "value": ["Ref", "USD"]},
    {"type": "icontains-any", "value": ["usd"]},
    {"type": "not-icontains-all", "value": ["usd", "eur"]},
    {"type": "regex", "value": r"\d+\.\d{2} USD"},
    {"type": "not-regex", "value": "EUR"},
    {"type": "not-is-json"},
    {"type": "not-contains-json"},
    {"type": "cost", "threshold": 1},
    {"type": "latency", "threshold": 1},
    {"type": "budget:wall", "threshold": 1},
    {"type": "budget:tokens", "threshold": 1350},
    {"type": "budget:input-tokens", "threshold": 1236},
    {"type": "budget:output-tokens", "threshold": 114},
    {"type": "budget:tool-calls", "threshold": 2},
    {"type": "budget:steps", "threshold": 3},
    {"type": "budget:bytes", "threshold": 0},
    {"type": "budget:cost", "threshold": 1},
    {"type": "trajectory:tool-used", "value": "stripe.refund"},
    {"type": "trajectory:tool-used", "value": ["stripe.refund", "stripe.payout"], "max": 1},
    {
        "type": "not-trajectory:tool-used",
        "value": "stripe.read_charge",
    },  # a reviewer's look-up is not the agent's
    {"type": "trajectory:tool-sequence", "value": ["zendesk.read_ticket", "stripe.payout"]},
    {"type": "trajectory:tool-args-match", "tool": "stripe.refund", "value": {"amount": 4900}},
    {"type": "trajectory:step-count", "min": 3, "max": 3},
    {
        "type": "trajectory",
        "mode": "superset",
        "value": [
            {"tool": "stripe.refund", "arguments": {"charge": "ch_1001", "amount": 4900, "currency": "usd"}}
        ],
    },
    {
        "type": "trajectory",
        "arguments": "exact",
        "per_tool": {"stripe.refund": "superset"},
        "value": [
            {"tool": "zendesk.read_ticket", "arguments": {"ticket_id": 1001}},
            {"tool": "stripe.refund", "arguments": {"amount": 4900}},
            {"tool": "stripe.payout"},
        ],
    },
    {"type": "policy:decision", "tool": "stripe.refund", "decision": "needs_approval"},
    {"type": "policy:decision", "tool": "stripe.refund", "decision": "allow", "policy": "contract:allowlist"},
    {"type": "policy:decision", "tool": "stripe.payout", "decision": "deny", "stage": "registered"},
    {"type": "policy:decision", "tool": "stripe.payout", "decision": "deny", "reason": "there is no tool"},
    {"type": "not-policy:decision", "tool": "stripe.refund", "decision": "deny"},
    {
        "type": "approval:requested",
        "tool": "stripe.refund",
        "reviewers": ["alice"],
        "answer": "granted",
        "max": 1,
    },
    {"type": "approval:requested", "by": ["system:sandbox-reviewer"]},
    {"type": "not-approval:requested", "tool": "stripe.payout"},
    {"type": "not-budget:stopped"},
    {"type": "not-loop:detected"},
    {"type": "call:outcome", "tool": "stripe.refund", "outcome": "ok"},
    {"type": "call:outcome", "tool": "stripe.payout", "outcome": "refused", "reason": "no tool"},
    {"type": "run:outcome", "value": "answered"},
    {"type": "run:exit-code", "value": 0},
    {
        "type": "state:equals",
        "value": {"refunds": [{"amount": 4900}], "tickets": [{"id": 1001, "status": "open"}]},
    },
    {"type": "state:equals", "value": {"charges": [{"id": "ch_1001", "disputed": False}], "requests": [{}]}},
    {"type": "sql", "value": "SELECT 1 WHERE false"},
]


@pytest.mark.parametrize(
    "assertion", HOLD, ids=[f"{item['type']}-{number}" for number, item in enumerate(HOLD)]
)
def test_it_holds(assertion: dict[str, object]) -> None:
    """What is so holds, and nothing is said of it."""
    assert said(STORY, **assertion) == ""


FAIL: list[tuple[dict[str, object], str]] = [
    ({"type": "equals", "value": "No."}, "expected the answer `No.`; found `Refunded 49.00 USD.`"),
    ({"type": "equals", "value": {"a": 1}}, 'expected the answer to be the JSON {"a": 1}'),
    ({"type": "contains", "value": "EUR"}, "the answer to contain `EUR`"),
    ({"type": "not-contains", "value": "USD"}, "expected not the answer to contain `USD`"),
    ({"type": "icontains", "value": "eur"}, "in any case"),
    ({"type": "starts-with", "value": "x"}, "to begin with"),
    ({"type": "ends-with", "value": "x"}, "to end with"),
    ({"type": "contains-all", "value": ["USD", "EUR"]}, "all of `USD`, `EUR`"),
    ({"type": "regex", "value": "^EUR"}, "`^EUR` to be found"),
    ({"type": "is-json"}, "the answer to be JSON"),
    ({"type": "contains-json", "value": {"type": "object"}}, "that keeps to"),
    ({"type": "cost", "threshold": Decimal("0.001")}, "expected at most 0.001 USD; found 0.0032 USD"),
    ({"type": "budget:steps", "threshold": 2}, "found 3 steps"),
    (
        {"type": "trajectory:tool-used", "value": "x.y", "min": 2},
        "`x.y` to be asked for at least 2 times; found `x.y` 0",
    ),
    ({"type": "trajectory:tool-used", "value": "stripe.refund", "min": 2, "max": 3}, "2 to 3 times"),
    (
        {"type": "trajectory:tool-sequence", "value": ["stripe.payout", "stripe.refund"]},
        "number 2 of 2 calls in this order",
    ),
    (
        {
            "type": "trajectory:tool-sequence",
            "mode": "strict",
            "value": ["zendesk.read_ticket", "stripe.payout"],
        },
        "found 1/0 `stripe.refund(",
    ),
    ({"type": "trajectory:tool-args-match", "tool": "x.y", "value": {}}, "found no call of `x.y`"),
    (
        {"type": "trajectory:tool-args-match", "tool": "stripe.refund", "value": {"amount": 1}},
        'found 1/0 `stripe.refund({"amount": 4900',
    ),
    ({"type": "trajectory:step-count", "max": 2}, "expected the model to be asked at most 2 times; found 3"),
    ({"type": "trajectory", "value": []}, "found 0/0 `zendesk.read_ticket"),
    (
        {"type": "policy:decision", "tool": "stripe.refund", "decision": "deny"},
        "1/0 `stripe.refund` needs_approval, allow",
    ),
    ({"type": "policy:decision", "tool": "x.y", "decision": "allow"}, "no such call of `x.y`"),
    (
        {
            "type": "policy:decision",
            "tool": "stripe.payout",
            "decision": "deny",
            "stage": "permitted",
            "reason": "r",
            "policy": "p",
        },
        "at `permitted` by `p` for a reason with `r`; found 1/1 `stripe.payout` refused at `registered` (there is no tool",
    ),
    ({"type": "policy:no-deny"}, "found 1/1 `stripe.payout` refused at `registered`"),
    (
        {"type": "approval:requested", "answer": "denied", "by": ["bob"], "reviewers": ["alice"]},
        "answered by `bob` and to be denied, at least once;"  # noqa: ISC004 - one sentence
        " found 1/0 `stripe.refund` granted (may answer: `alice`, `bob`; `system:sandbox-reviewer`: approve)",
    ),
    ({"type": "not-approval:requested"}, "expected not some call to wait for approval"),
    ({"type": "budget:stopped", "value": "steps"}, "the budget `steps` to stop the run; found no stop"),
    ({"type": "loop:detected"}, "a loop to be seen; found none"),
    ({"type": "loop:detected", "value": "cycle"}, "of the kind `cycle`"),
    ({"type": "call:outcome", "tool": "stripe.refund", "outcome": "error", "reason": "r"}, "found 1/0 ok"),
    (
        {"type": "call:outcome", "tool": "stripe.payout", "outcome": "refused", "reason": "zz"},
        "1/1 refused (there is no tool",
    ),
    ({"type": "run:outcome", "value": "waiting"}, "found the run ended with an answer"),
    ({"type": "run:exit-code", "value": 4}, "expected exit code 4; found 0"),
    (
        {"type": "state:equals", "value": {"refunds": []}},
        "exactly these refunds in the ledger: none; found {",
    ),
    ({"type": "state:equals", "value": {"refunds": [{"amount": 1}]}}, 'found {"amount": 4900}'),
    ({"type": "state:equals", "value": {"requests": [{"method": "GET"}]}}, 'found {"method": "POST"}'),
    ({"type": "state:equals", "value": {"charges": [{"id": "ch_2"}]}}, "no charge `ch_2`"),
    (
        {"type": "state:equals", "value": {"tickets": [{"id": 1001, "status": "closed"}]}},
        'found {"id": 1001, "status": "open"}',
    ),
]


@pytest.mark.parametrize(
    ("assertion", "detail"), FAIL, ids=[f"{item['type']}-{number}" for number, (item, _) in enumerate(FAIL)]
)
def test_it_says_what_is_wrong(assertion: dict[str, object], detail: str) -> None:
    """What is not so says what was expected and what was found."""
    assert detail in said(STORY, **assertion)


@pytest.mark.parametrize(
    ("answer", "assertion", "is_so"),
    [
        ('{"a": 1}', {"type": "is-json"}, True),
        ('{"a": 1}', {"type": "equals", "value": {"a": 1.0}}, True),
        ('{"a": 1}', {"type": "is-json", "value": {"required": ["a"]}}, True),
        ('{"a": 1}', {"type": "is-json", "value": {"required": ["b"]}}, False),
        ('Here: {"b": [2]} and so on', {"type": "contains-json", "value": {"required": ["b"]}}, True),
        ("Here: { and [ and so on", {"type": "contains-json"}, False),
        ("[" * 60_000, {"type": "contains-json"}, False),
        ("[1] then {}", {"type": "contains-json", "value": {"type": "object"}}, True),
        ("no", {"type": "is-json", "value": {"type": "nonsense"}}, False),
        ('"no"', {"type": "is-json", "value": {"type": "nonsense"}}, False),
    ],
)  # fmt: skip
def test_json_in_answers(answer: str, assertion: dict[str, object], is_so: bool) -> None:  # noqa: FBT001
    """JSON is found as the answer and in it, judged by a schema, and no text makes looking for it take long."""
    assert (said(ended(RunFinished(status="answered", answer=answer)), **assertion) == "") is is_so


def test_a_run_without_an_answer_fails_what_is_said_of_answers() -> None:
    """Nothing holds of an answer that is not there, except with `not-` before it; the reason is told."""
    waiting = ended(RunSuspended(reason="approval", detail="somebody must answer"))
    detail = said(waiting, type="contains", value="x")
    assert "no answer: the run waits for approval: somebody must answer" in detail
    assert said(waiting, type="not-contains", value="x") == ""
    assert said(waiting, type="run:outcome", value="waiting") == ""


@pytest.mark.parametrize(
    ("reason", "end"),
    [
        ("approval", "waiting"),
        ("in_doubt", "in_doubt"),
        ("budget", "budget"),
        ("loop", "loop"),
        ("provider_failed", "provider_failed"),
        ("interrupted", "interrupted"),
    ],
)
def test_how_a_run_stops(reason: str, end: str) -> None:
    """Each way of stopping has its word; one that has not stopped cannot be judged."""
    evidence = ended(RunSuspended(reason=reason, detail="d"))  # type: ignore[arg-type]  # checked by the model
    assert evidence.end == end
    assert evidence.why.endswith(": d")
    with pytest.raises(InternalError):
        assert ended().end


def test_a_case_expects_an_answer_unless_it_says_otherwise() -> None:
    """The end comes first, the calls in order next, and then the assertions; a soft one fails nothing."""
    case = case_with(
        trajectory=[{"tool": "stripe.payout"}, {"tool": "stripe.refund"}],
        **{
            "assert": [
                {"type": "contains", "value": "EUR", "severity": "soft", "metric": "words", "weight": 2}
            ]
        },
    )
    scores = judge(case, STORY)
    assert [(score.type, score.passed, score.hard) for score in scores] == [
        ("run:outcome", True, True),
        ("trajectory", False, True),
        ("contains", False, False),
    ]
    assert (scores[2].metric, scores[2].weight) == ("words", "2")
    assert not holds(scores)
    assert holds((scores[0], scores[2]))


@pytest.mark.parametrize(("threshold", "is_so"), [("0.25", True), ("0.26", False)])
def test_a_share_of_the_weights_can_be_asked_for(threshold: str, is_so: bool) -> None:  # noqa: FBT001
    """The weighted share of what holds is compared with the case's threshold."""
    soft = {"severity": "soft", "type": "contains"}
    case = case_with(threshold=Decimal(threshold), **{"assert": [{**soft, "value": "EUR", "weight": 3}]})
    (*_, share) = judge(case, STORY)
    assert (share.type, share.passed, share.value) == ("threshold", is_so, "0.25")
    assert share.detail == ("" if is_so else "expected a weighted share of at least 0.26; found 0.25")


def test_rows_that_should_not_be_there() -> None:
    """A query that finds rows fails and shows some; one that is refused fails with the reason."""
    rows = replace(STORY, find=lambda _: [[number, "x"] for number in range(5)])
    assert said(rows, type="sql", value="SELECT 1") == (
        'expected the query to find no rows; found 5: [0, "x"], [1, "x"], [2, "x"]'
    )

    def refused(_sql: str) -> Sequence[Sequence[JsonValue]]:
        raise UsageError("there is no table `x`")

    assert "no answer: command line: there is no table `x`" in said(
        replace(STORY, find=refused), type="sql", value="SELECT"
    )


def test_a_ledger_that_is_not_there() -> None:
    """Where there is no back office, nothing can be said of its ledger, and that is a failure."""
    assert "the environment has no back office" in said(
        replace(STORY, left=None), type="state:equals", value={"refunds": []}
    )


def test_approvals_that_came_to_nothing() -> None:
    """A request nobody answered, and one that ran out."""
    open_one = [
        proposed(REFUND, "stripe.refund", {}),
        decided(REFUND, "needs_approval"),
        requested(REFUND, "stripe.refund"),
    ]
    waiting = ended(*open_one, RunSuspended(reason="approval", detail="d"))
    expired = ended(
        *open_one, ApprovalExpired(approval=approval_of(REFUND)), RunFinished(status="answered", answer="x")
    )
    assert said(waiting, type="approval:requested", answer="waiting") == ""
    assert "nobody answered" in said(waiting, type="approval:requested", answer="granted")
    assert said(expired, type="approval:requested", answer="expired") == ""


def test_ceilings_and_loops() -> None:
    """A stop and a loop are found by their kind, and told with their numbers."""
    stop = BudgetStopped(meter="steps", limit="3", used="3", asked="1")
    loop = LoopDetected(
        call=f"{RUN}/0/1", kind="same_call", meter="repeats", tools=("a.b",), repeats=3, limit=3,
        calls=(f"{RUN}/0/0",), stops=True,
    )  # fmt: skip
    evidence = ended(stop, loop, RunSuspended(reason="budget", detail="d"))
    assert said(evidence, type="budget:stopped", value="steps") == ""
    assert "`steps`: 3 used of 3, 1 asked" in said(evidence, type="not-budget:stopped")
    assert said(evidence, type="loop:detected", value="same_call") == ""
    assert "`same_call` at 0/1" in said(evidence, type="loop:detected", value="cycle")


def test_what_is_told_is_short_and_holds_no_secret() -> None:
    """No address and no card number that is not redacted in a file of cases comes out in a detail; long texts are cut."""
    detail = said(
        STORY, type="equals", value="write to eve@example.com or 4111 1111 1111 1111 " + "x" * 5_000
    )
    assert "eve@" not in detail
    assert "4111" not in detail
    assert "[email]" in detail
    assert len(detail) < 1_100


def test_a_schema_that_cannot_be_used_is_told_before_anything_runs() -> None:
    """A schema that no value can be judged with is a problem of the case."""
    case = case_with(**{"assert": [{"type": "is-json", "value": {"type": "nonsense"}}, {"type": "is-json"}]})
    (problem,) = problems_of(case)
    assert problem.startswith("`is-json` has a schema that cannot be used")
