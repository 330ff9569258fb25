"""The smallest single change with another answer is found, whatever the authorities judge by."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from agentctl.contract.policy_cases import PolicyCase
from agentctl.contract.project import ProjectFiles
from agentctl.events.tool import Decision
from agentctl.policy.engine import PolicyRequest
from agentctl.review.decisions.case_runs import Stand, question_of
from agentctl.review.decisions.flips import Flip, FlipSearch, flips_of
from agentctl.tools.registry import Registry
from tests.fakes.runs import REPOSITORY, repository_tools

REGISTRY = Registry.of(repository_tools().values())
LOOK_UP = {"tool": "stripe.lookup_charge", "arguments": {"charge": "ch_1"}}
OTHER_LOOK_UP = {"tool": "stripe.lookup_charge", "arguments": {"charge": "ch_2"}}


def stand() -> Stand:
    """Return our own agent in its sandbox, without authorities."""
    files = ProjectFiles(REPOSITORY)
    contract, environment = files.agent("refund-assistant"), files.environment("sandbox")
    return Stand(contract.document, environment.document, REGISTRY, (), "2026-03-14")


async def flips(
    judge: Callable[[PolicyRequest], Decision], words: tuple[str, ...] = (), **said: object
) -> tuple[Flip, ...]:
    """Return the flips of a refund of 49 dollars under a rule of the test."""
    case = PolicyCase.model_validate(
        {
            "id": "one",
            "tool": "stripe.create_refund",
            "arguments": {"charge": "ch_1", "amount": 4900, "currency": "usd"},
            "expect": "allow",
            **said,
        }
    )
    question = question_of(stand(), case)

    async def decide(request: PolicyRequest) -> Decision:
        return judge(request)

    tool = REGISTRY.get("stripe.create_refund")
    assert tool is not None
    return await flips_of(
        FlipSearch(
            question=question,
            decision=judge(question.request),
            decide=decide,
            fits=lambda arguments: not tool.arguments_validator.problems(arguments),
            words=words,
            teams=("support", "finance"),
        )
    )


@pytest.mark.parametrize(("limit", "amount"), [("48.99", "4899"), ("20", "2000"), ("0.01", "1")])
async def test_a_number_is_found_to_the_unit(limit: str, amount: str) -> None:
    """The nearest amount that would have been allowed, in the unit of the argument."""
    (first, *_) = await flips(
        lambda request: "allow" if Decimal(request.facts["amount_usd"]) <= Decimal(limit) else "deny"
    )
    assert first == Flip("the argument `amount`", "4900", amount, "allow")


async def test_a_total_counts_what_was_refunded_before() -> None:
    """What follows from a change is computed as the gateway computes it."""
    earlier = {
        "tool": "stripe.create_refund",
        "arguments": {"charge": "ch_1", "amount": 3000, "currency": "usd"},
    }
    (first, *_) = await flips(
        lambda request: "allow" if Decimal(request.facts.get("amount_usd_total", "999")) <= 50 else "deny",
        history=[earlier],
    )
    assert (first.what, first.after) == ("the argument `amount`", "2000")


async def test_what_needs_an_approval_would_be_allowed_with_one() -> None:
    """That is the first thing to say."""
    (first, *_) = await flips(lambda _: "needs_approval")
    assert first == Flip("the approval that it needs", "not given", "given", "allow")


async def test_an_earlier_call_that_is_missing_is_found() -> None:
    """One more call that went well, about the same thing."""
    found = await flips(
        lambda request: (
            "allow" if "ch_1" in request.history["stripe.lookup_charge"].facts.get("charge", ()) else "deny"
        )
    )
    assert [(flip.what, flip.decision) for flip in found] == [
        ("earlier calls of `stripe.lookup_charge` that went well", "allow")
    ]


async def test_another_thing_that_was_spoken_of_before_is_found() -> None:
    """The charge that was looked up, in place of the one that was to be refunded."""

    def judge(request: PolicyRequest) -> Decision:
        seen = request.history["stripe.lookup_charge"].facts.get("charge", ())
        return "allow" if request.arguments["charge"] in seen else "deny"

    found = await flips(judge, history=[OTHER_LOOK_UP])
    assert Flip("the argument `charge`", "ch_1", "ch_2", "allow") in found


async def test_an_earlier_call_too_many_is_found() -> None:
    """As many fewer as are needed."""
    found = await flips(
        lambda request: "allow" if request.history["stripe.lookup_charge"].ok <= 1 else "deny",
        history=[{**LOOK_UP, "times": 3}],
    )
    assert [(flip.before, flip.after) for flip in found] == [("3", "1")]


async def test_a_word_of_the_policy_is_tried_where_the_schema_takes_it() -> None:
    """Whatever a policy speaks of may be what it wants."""
    found = await flips(
        lambda request: "allow" if request.arguments["currency"] == "chf" else "deny",
        words=("chf", "no currency at all"),
    )
    assert [(flip.what, flip.after) for flip in found] == [("the argument `currency`", "chf")]


@pytest.mark.parametrize(
    ("judge", "what"),
    [
        (lambda request: "deny" if "untrusted" in request.labels_seen else "allow", "the label `untrusted`"),
        (lambda request: "allow" if "finance" in request.teams else "deny", "the team `finance`"),
        (lambda request: "deny" if request.run.tool_calls else "allow", "what the run used before"),
        (
            lambda request: "allow" if request.environment_kind == "live" else "deny",
            "the kind of environment",
        ),
    ],
)
async def test_whatever_surrounds_a_call_may_be_it(
    judge: Callable[[PolicyRequest], Decision], what: str
) -> None:
    """Labels, teams, what was used, and where it runs."""
    assert [flip.what for flip in await flips(judge, history=[LOOK_UP])] == [what]


async def test_where_no_single_change_helps_nothing_is_made_up() -> None:
    """Two things would have to change at once."""
    both = lambda request: (  # noqa: E731 - a rule of two conditions
        "allow" if "finance" in request.teams and request.environment_kind == "live" else "deny"
    )
    assert await flips(both) == ()


async def test_laxer_answers_come_first() -> None:
    """Who was refused wants to know what would have been allowed."""

    def judge(request: PolicyRequest) -> Decision:
        if request.environment_kind == "live":
            return "deny"
        return "allow" if "finance" in request.teams else "needs_approval"

    assert [flip.decision for flip in await flips(judge)] == ["allow", "allow", "deny"]
