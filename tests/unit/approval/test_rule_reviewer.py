"""Tests of the reviewer that is a rule: it reads for itself, and what it cannot judge it denies."""

from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from agentctl.approval.reviewer import Case, Evidence, Opinion
from agentctl.approval.rule_reviewer import RuleReviewer
from agentctl.contract.environment import LookUp, ReviewRule, SameValue
from agentctl.events.approval import ReviewerRecord
from agentctl.foundation.canonical import JsonObject, JsonValue
from tests.fakes.journals import RUN, requested

NAME = "system:sandbox-reviewer"
TOOL = "stripe.create_refund"
RULE = ReviewRule(
    tool=TOOL,
    look_up=LookUp(tool="stripe.lookup_charge", arguments={"charge": "/charge"}),
    amount_fact="amount_usd",
    total_usd_le=Decimal(200),
    amount="/amount",
    amount_spent="/amount_refunded",
    same=(
        SameValue(looked_up="/currency", argument="/currency", message="the charge is in another currency"),
        SameValue(
            looked_up="/customer_email",
            result_of="zendesk.read_ticket",
            result="/requester_email",
            message="the charge belongs to another customer",
        ),
    ),
)
CHARGE: JsonObject = {
    "amount": 30_000,
    "amount_refunded": 0,
    "currency": "usd",
    "customer_email": "[email:1]",
}
ARGUMENTS: JsonObject = {"charge": "ch_1", "amount": 4_900, "currency": "usd"}
FACTS = {"amount_usd": "49", "amount_usd_total": "49"}
TICKET: JsonObject = {"requester_email": "[email:1]"}


@dataclass
class Backend:
    """Answers look-ups and remembers them."""

    evidence: Evidence
    asked: list[tuple[str, str, JsonObject]] = field(default_factory=list)

    async def look_up(self, reviewer: str, tool: str, arguments: JsonObject) -> Evidence:
        """Return what there is to find."""
        self.asked.append((reviewer, tool, arguments))
        return self.evidence


def case(
    facts: dict[str, str] = FACTS,
    arguments: JsonObject = ARGUMENTS,
    results: dict[str, JsonValue] | None = None,
    **changes: object,
) -> Case:
    """Return a request to review."""
    request = requested(f"{RUN}/1/0", TOOL).model_copy(update={"reviewers": (NAME, "alice"), **changes})
    return Case(
        request, arguments, facts, {"zendesk.read_ticket": TICKET} if results is None else results, ""
    )


async def review(
    case: Case, found: JsonValue = CHARGE, failure: str | None = None, rule: ReviewRule = RULE
) -> Opinion:
    """Return the rule's opinion."""
    backend = Backend(Evidence(found, failure, f"{RUN}/review/0"))
    opinion = await RuleReviewer(NAME, rule).review(case, backend.look_up)
    assert opinion is not None
    return opinion


def charge(**changes: JsonValue) -> JsonObject:
    """Return the charge as it is found, with differences."""
    return {**CHARGE, **changes}


async def test_a_small_refund_is_approved_by_its_own_look_up() -> None:
    """It reads under its own name, with the arguments under review, and says what it found."""
    backend = Backend(Evidence(CHARGE, None, f"{RUN}/review/7"))
    opinion = await RuleReviewer(NAME, RULE).review(case(), backend.look_up)
    assert backend.asked == [(NAME, "stripe.lookup_charge", {"charge": "ch_1"})]
    assert opinion == Opinion(
        answer="approve",
        reason="49 USD in this run, 300 USD left, by its own look-up",
        reviewer=ReviewerRecord(id=NAME, kind="rule", assurance="platform"),
        looked_up=(f"{RUN}/review/7",),
        ends_run=False,
    )


@pytest.mark.parametrize(
    "changes", [{"tool": "stripe.payout"}, {"reviewers": ("alice", "bob")}, {"reviewers": ()}]
)
async def test_what_is_not_its_business_it_leaves_alone(changes: dict[str, object]) -> None:
    """Another tool, or a request that does not name it: no opinion, and nothing is read."""
    backend = Backend(Evidence(CHARGE, None, "call"))
    assert await RuleReviewer(NAME, RULE).review(case(**changes), backend.look_up) is None
    assert backend.asked == []


async def test_a_look_up_that_fails_is_a_denial() -> None:
    """Also where a value came with the failure."""
    opinion = await review(case(), failure="the backend answered 404")
    assert (opinion.answer, opinion.looked_up) == ("deny", (f"{RUN}/review/0",))
    assert opinion.reason == "stripe.lookup_charge could not be read: the backend answered 404"
    assert (await review(case(), failure="")).answer == "deny"


async def test_an_argument_that_is_missing_is_looked_up_as_nothing() -> None:
    """The look-up's own schema then refuses it; the rule makes no guess."""
    backend = Backend(Evidence(None, "the arguments are not right", "call"))
    opinion = await RuleReviewer(NAME, RULE).review(case(arguments={}), backend.look_up)
    assert backend.asked == [(NAME, "stripe.lookup_charge", {"charge": None})]
    assert opinion is not None
    assert opinion.answer == "deny"


@pytest.mark.parametrize("currency", ["eur", "USD", "", None, 840, ["usd"]])
async def test_another_currency_is_a_denial(currency: JsonValue) -> None:
    """Absent is another one too."""
    opinion = await review(case(), charge(currency=currency))
    assert (opinion.answer, opinion.reason) == ("deny", "the charge is in another currency")


@pytest.mark.parametrize("email", ["[email:2]", "", None])
async def test_another_customers_charge_is_a_denial(email: JsonValue) -> None:
    """Whoever is not the one who asks, or is not known."""
    opinion = await review(case(), charge(customer_email=email))
    assert (opinion.answer, opinion.reason) == ("deny", "the charge belongs to another customer")


@pytest.mark.parametrize(
    "results", [{}, {"zendesk.read_ticket": None}, {"zendesk.read_ticket": {}}, {"zendesk.other": TICKET}]
)
async def test_a_ticket_that_was_not_read_is_equal_to_nothing(results: dict[str, JsonValue]) -> None:
    """Two absences are not an agreement: with no e-mail on either side it is denied as well."""
    assert (await review(case(results=results))).answer == "deny"
    assert (await review(case(results=results), charge(customer_email=None))).answer == "deny"


async def test_values_are_equal_as_json_not_as_python() -> None:
    """`true` is not 1; 1 and 1.0 are one number."""
    same = SameValue(looked_up="/currency", argument="/currency", message="different")
    rule = RULE.model_copy(update={"same": (same,)})
    for here, there, answer in ((True, 1, "deny"), (1, 1.0, "approve"), ("1", 1, "deny")):
        judged = case(arguments={**ARGUMENTS, "currency": here})
        assert (await review(judged, charge(currency=there), rule=rule)).answer == answer


@pytest.mark.parametrize(
    ("amount", "refunded", "asked", "answer"),
    [
        (4_900, 0, "49", "approve"),
        (4_899, 0, "49", "deny"),
        (10_000, 5_100, "49", "approve"),
        (10_000, 5_101, "49", "deny"),
        (4_900, 0, "49.001", "deny"),
        (4_900, 4_900, "0.01", "deny"),
        (4_900, 5_000, "0.01", "deny"),
    ],
)
async def test_no_more_than_what_is_left(amount: int, refunded: int, asked: str, answer: str) -> None:
    """The charge less what went back already, to the cent."""
    facts = {"amount_usd": asked, "amount_usd_total": asked}
    assert (await review(case(facts), charge(amount=amount, amount_refunded=refunded))).answer == answer


async def test_what_is_too_much_is_told_with_both_amounts() -> None:
    """A person reads what was asked and what is there."""
    opinion = await review(case(), charge(amount=4_000))
    assert opinion.reason == "49 USD is more than the 40 USD that are left"


@pytest.mark.parametrize(
    ("total", "answer"),
    [
        ("199.99", "approve"),
        ("200", "approve"),
        ("200.00", "approve"),
        ("200.01", "escalate"),
        ("245", "escalate"),
    ],
)
async def test_above_its_limit_a_person_decides(total: str, answer: str) -> None:
    """Exactly 200 is within; the run's total counts, not this call alone."""
    opinion = await review(case({"amount_usd": "49", "amount_usd_total": total}))
    assert opinion.answer == answer


async def test_an_escalation_says_why() -> None:
    """People see the total and the limit."""
    opinion = await review(case({"amount_usd": "49", "amount_usd_total": "245"}))
    assert opinion.reason == "245 USD in this run; above 200 USD a person decides"


@pytest.mark.parametrize("amount", [None, "", "49 USD", "NaN", "Infinity", "1e999", "-49", "0"])
async def test_an_amount_that_cannot_be_judged_is_a_denial(amount: str | None) -> None:
    """Missing, no number, no finite one, or nothing that could be paid."""
    facts = {"amount_usd_total": "49"} | ({} if amount is None else {"amount_usd": amount})
    opinion = await review(case(facts))
    assert opinion.answer == "deny"
    assert "the amount cannot be judged" in opinion.reason


@pytest.mark.parametrize("total", [None, "", "many", "-1"])
async def test_a_total_that_is_not_known_is_a_denial(total: str | None) -> None:
    """Five small refunds might be a large one."""
    facts = {"amount_usd": "49"} | ({} if total is None else {"amount_usd_total": total})
    opinion = await review(case(facts))
    assert (opinion.answer, opinion.reason) == ("deny", "this run's total of `amount_usd` is not known")


@pytest.mark.parametrize("key", ["amount", "amount_refunded"])
@pytest.mark.parametrize("value", [None, True, False, "30000", 300.0, -1, [30_000], {}])
async def test_what_was_read_must_be_whole_cents(key: str, value: JsonValue) -> None:
    """A boolean, a text, a fraction, a debt or nothing is no amount."""
    opinion = await review(case(), charge(**{key: value}))
    assert opinion.answer == "deny"
    assert "the amount cannot be judged" in opinion.reason


@pytest.mark.parametrize("found", [None, "a charge", [], 7])
async def test_what_is_no_object_holds_nothing(found: JsonValue) -> None:
    """A backend that answers something else entirely convinces nobody."""
    rule = RULE.model_copy(update={"same": ()})
    assert (await review(case(), found, rule=rule)).answer == "deny"
    assert (await review(case(), found)).answer == "deny"
