"""What observed calls had in common becomes bounds, and the bounds become Cedar that says exactly that."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from msgspec.structs import replace

from agentctl.contract.policy_cases import PolicyCase
from agentctl.contract.project import ProjectFiles
from agentctl.contract.tool import ToolDescriptor
from agentctl.contract.version import ToolVersion
from agentctl.events.tool import Decision, DecisionMade
from agentctl.policy.cedar.judge import CedarJudge
from agentctl.review.decisions.case_runs import Stand, question_of
from agentctl.review.decisions.court import Question
from agentctl.review.decisions.draft import cedar_of
from agentctl.review.decisions.needs import Absent, ByFact, Largest, Need, OneOf, Open, needs_of
from agentctl.review.decisions.past import PastDecision
from agentctl.tools.registry import Registry
from tests.fakes.runs import REPOSITORY, repository_tools

READ, LOOK_UP, REFUND = "zendesk.read_ticket", "stripe.lookup_charge", "stripe.create_refund"
HISTORY = [
    {"tool": READ, "arguments": {"ticket_id": "4201"}},
    {"tool": LOOK_UP, "arguments": {"charge": "ch_1"}},
]


def tools(**properties: object) -> dict[str, ToolVersion]:
    """Return our tools, the refund with more arguments."""
    found = repository_tools()
    arguments = found[REFUND].descriptor.arguments
    known = arguments["properties"]
    assert isinstance(known, Mapping)
    more = {**arguments, "properties": {**known, **properties}}
    changed = found[REFUND].descriptor.model_copy(update={"arguments": more})
    return {**found, REFUND: replace(found[REFUND], descriptor=changed)}


def question(known: dict[str, ToolVersion], tool: str = REFUND, **said: object) -> Question:
    """Return a question; without a word, a refund of 49 dollars after its charge was looked up."""
    files = ProjectFiles(REPOSITORY)
    stand = Stand(
        files.agent("refund-assistant").document,
        files.environment("sandbox").document,
        Registry.of(known.values()),
        (),
        "2026-03-14",
    )
    usual = {"arguments": {"charge": "ch_1", "amount": 4900, "currency": "usd"}, "history": HISTORY}
    case = PolicyCase.model_validate({"id": "one", "tool": tool, "expect": "allow", **usual, **said})
    return question_of(stand, case)


def past(asked: Question, decision: Decision = "allow") -> PastDecision:
    """Return a decision that was executed."""
    made = DecisionMade(
        call=asked.asked.proposal.call,
        attempt=1,
        decision=decision,
        answers=(),
        facts={},
        facts_missing={},
        inputs_digest="",
    )
    return PastDecision(made, 0, asked, agrees=True, executed=True)


def need_of(*asked: Question) -> Need:
    """Return what some calls of one tool needed."""
    (need,) = needs_of(past(one) for one in asked)
    return need


def test_the_largest_and_the_words_are_the_bounds() -> None:
    """Over all calls together."""
    known = tools()
    need = need_of(
        question(known),
        question(
            known, arguments={"charge": "ch_1", "amount": 900, "currency": "chf", "reason": "duplicate"}
        ),
    )
    assert (need.count, need.principals, need.environments) == (2, ("casey",), ("sandbox",))
    assert need.arguments["currency"] == OneOf(("chf", "usd"))
    assert need.arguments["reason"] == OneOf(("duplicate",))
    assert need.arguments["instructions_email"] == Absent()
    assert need.always_given == {"charge", "amount", "currency"}


def test_an_amount_is_bounded_by_the_total_of_its_object() -> None:
    """Five small refunds of one charge are one large one."""
    known = tools()
    earlier = {"tool": REFUND, "arguments": {"charge": "ch_1", "amount": 100, "currency": "usd"}}
    need = need_of(question(known, history=[*HISTORY, earlier]))
    assert need.amounts == {"amount_usd_total": Decimal(50)}
    assert need.arguments["amount"] == ByFact("amount_usd_total")
    assert need.most_earlier == 1


def test_an_amount_that_was_not_always_known_bounds_nothing() -> None:
    """Then the number itself is bounded."""
    known = tools()
    need = need_of(
        question(known), question(known, arguments={"charge": "ch_1", "amount": 90, "currency": "eur"})
    )
    assert need.amounts == {}
    assert need.arguments["amount"] == Largest(4900)


def test_what_was_spoken_of_before_bounds_a_name() -> None:
    """The charge that was looked up; a ticket that nobody spoke of before stays open."""
    known = tools()
    assert need_of(question(known)).same == {"charge": LOOK_UP}
    read = need_of(question(known, READ, arguments={"ticket_id": "4201"}, history=[]))
    assert read.open == {"ticket_id": "it names a thing, or is free text"}


def test_only_what_always_came_before_must_come_before() -> None:
    """An order that one call did not keep is none."""
    known = tools()
    assert need_of(question(known)).after == (READ, LOOK_UP)
    assert need_of(question(known), question(known, history=HISTORY[1:])).after == (LOOK_UP,)


def test_labels_that_no_call_had_seen_are_noted() -> None:
    """A call that never followed a stranger's text need not follow one."""
    known = tools()
    assert need_of(question(known, labels={"input": []})).unseen_labels == ("private", "untrusted")
    assert need_of(question(known)).unseen_labels == ("private",)


def test_what_cedar_cannot_carry_is_open_with_the_reason() -> None:
    """Nothing is bounded in silence."""
    known = tools(share={"type": "number"})
    need = need_of(question(known))
    assert isinstance(need.arguments["share"], Open)
    assert "a number that is not whole" in need.open["share"]


def test_calls_with_and_without_an_approval_are_apart() -> None:
    """A small refund that was allowed does not lift the approval of a large one."""
    known = tools()
    large = question(known, arguments={"charge": "ch_1", "amount": 9000, "currency": "usd"})
    needs = needs_of([past(question(known)), past(large, "needs_approval")])
    assert [(need.approved, need.amounts["amount_usd_total"]) for need in needs] == [(False, 49), (True, 90)]


FLAG = {"urgent": {"type": "boolean"}, "copies": {"type": "integer"}, "odd-name": {"type": "integer"}}


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ({}, True),
        ({"arguments": {"charge": "ch_1", "amount": 4901, "currency": "usd"}}, False),
        ({"arguments": {"charge": "ch_1", "amount": 4900, "currency": "chf"}}, False),
        ({"arguments": {"charge": "ch_2", "amount": 4900, "currency": "usd"}}, False),
        ({"arguments": {"charge": "ch_1", "amount": 1, "currency": "usd", "copies": 2, "odd-name": 1}}, True),
        ({"arguments": {"charge": "ch_1", "amount": 1, "currency": "usd", "copies": 3}}, False),
        ({"arguments": {"charge": "ch_1", "amount": 1, "currency": "usd", "odd-name": 2}}, False),
        ({"arguments": {"charge": "ch_1", "amount": 1, "currency": "usd", "urgent": False}}, False),
        ({"arguments": {"charge": "ch_1", "amount": 1, "currency": "usd", "reason": "duplicate"}}, False),
        ({"principal": "kim"}, False),
        ({"environment_of": "elsewhere"}, False),
        ({"labels": {"input": ["untrusted", "private"]}}, False),
        ({"history": HISTORY[1:]}, False),
        (
            {
                "history": [
                    *HISTORY,
                    {"tool": REFUND, "arguments": {"charge": "ch_9", "amount": 1, "currency": "usd"}},
                ]
            },
            False,
        ),
    ],
)
async def test_the_policy_says_what_the_needs_say(said: dict[str, object], *, allowed: bool) -> None:
    """It is valid against the schema, permits what was seen, and denies whatever is one step beyond it."""
    known = tools(**FLAG)
    both = {"charge": "ch_1", "amount": 100, "currency": "usd", "copies": 2, "odd-name": 1, "urgent": True}
    needs = needs_of([past(question(known)), past(question(known, arguments=both))])
    descriptors: dict[str, ToolDescriptor] = {name: tool.descriptor for name, tool in known.items()}
    judge = CedarJudge({"least.cedar": cedar_of(needs, "A test.")}, descriptors, "policy")
    environment = said.pop("environment_of", None)
    request = question(known, **said).request
    if environment is not None:
        request = replace(request, environment=str(environment))
    assert (await judge.judge(request)).allowed is allowed


async def test_what_was_approved_needs_an_approval() -> None:
    """As it did before."""
    known = tools()
    needs = needs_of([past(question(known), "needs_approval")])
    descriptors = {name: tool.descriptor for name, tool in known.items()}
    judge = CedarJudge({"least.cedar": cedar_of(needs, "A test.")}, descriptors, "policy")
    request = question(known).request
    assert not (await judge.judge(request)).allowed
    assert (await judge.judge(request.if_approved())).allowed


async def test_several_people_and_places_are_listed() -> None:
    """Whoever was not among them is nobody."""
    known = tools()
    kim = past(question(known, principal="kim"))
    needs = needs_of([past(question(known)), kim])
    descriptors = {name: tool.descriptor for name, tool in known.items()}
    judge = CedarJudge({"least.cedar": cedar_of(needs, "A test.")}, descriptors, "policy")
    assert (await judge.judge(question(known, principal="kim").request)).allowed
    assert not (await judge.judge(question(known, principal="lee").request)).allowed
