"""Random requests, judged by all authorities of the sample project and by an oracle that was written from their meaning.

The oracle is what a person would say who knows what the contract and the platform are for; it shares no line with the
policies and none with the engine. A disagreement is a hole in one of the three.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from agentctl.contract.agent import AgentContract
from agentctl.contract.platform import PlatformRules
from agentctl.contract.project import ProjectFiles
from agentctl.events.base import Principal
from agentctl.events.tool import Decision
from agentctl.foundation.money import plain
from agentctl.policy.allowlist import AllowlistPolicy
from agentctl.policy.decision import strictest
from agentctl.policy.engine import PolicyEngine, PolicyRequest, ToolHistory
from agentctl.policy.platform import PlatformPolicy, ProvedPrincipals
from tests.fakes.policy import (
    CONTRACTS,
    LOOK_UP,
    READ,
    REFUND,
    cedar,
    described,
    policy_request,
    refund_request,
    sample_policy,
    sample_tools,
)

CHARGES = ("ch_1", "ch_2", "ch_3")
CENTS = (1, 4_900, 49_999, 50_000, 50_001, 75_000, 99_999, 100_000, 100_001, 250_000)
WRONG_VALUES: tuple[Any, ...] = (
    None,
    5,
    1.5,
    ["ch_1"],
    {"__entity": {"type": "User", "id": "casey"}},
    True,
    2**63,
)


@dataclass(frozen=True)
class Story:
    """What happened before a call, and what is asked; in words of the people involved, not of any policy."""

    tool: str
    charge: str
    cents: int
    cents_before: int
    currency_is_dollars: bool
    ticket_was_read: bool
    looked_up: frozenset[str]
    amount_from_stranger: bool
    is_person: bool
    is_proved: bool
    for_real: bool
    is_rehearsal: bool
    strange_value: Any


def told(chance: random.Random) -> Story:
    """Return a random story; what makes the interesting cases is likely."""
    return Story(
        tool=chance.choices((REFUND, LOOK_UP, READ, "admin.delete_all"), (80, 8, 8, 4))[0],
        charge=chance.choice(CHARGES),
        cents=chance.choice(CENTS),
        cents_before=chance.choice((0, 0, 0, 1, 25_000)),
        currency_is_dollars=chance.random() < 0.9,
        ticket_was_read=chance.random() < 0.9,
        looked_up=frozenset(chance.choices(CHARGES, k=chance.choice((0, 2, 3, 5)))),
        amount_from_stranger=chance.random() < 0.5,
        is_person=chance.random() < 0.95,
        is_proved=chance.random() < 0.7,
        for_real=chance.random() < 0.3,
        is_rehearsal=chance.random() < 0.2,
        strange_value=chance.choice(WRONG_VALUES) if chance.random() < 0.03 else None,
    )


def meant(story: Story) -> tuple[Decision, int]:
    """Return what should be said, and how many must approve; from the meaning of contract and policies alone."""
    if story.tool not in {REFUND, LOOK_UP, READ} or story.strange_value is not None:
        return "deny", 1
    if story.tool != REFUND:
        return "allow", 1  # looking things up is what the assistant is for
    changes_something_real = story.for_real
    if changes_something_real and (story.is_rehearsal or not story.is_proved):
        return "deny", 1
    well_prepared = story.ticket_was_read and story.charge in story.looked_up
    in_all = story.cents + story.cents_before
    if not story.is_person or not well_prepared or not story.currency_is_dollars or in_all > 1_000_00:
        return "deny", 1
    return "needs_approval", 2 if story.amount_from_stranger and in_all >= 500_00 else 1


def asked(story: Story) -> PolicyRequest:
    """Return the request that the gateway would make of a story."""
    called = {
        READ: ToolHistory(ok=int(story.ticket_was_read), failed=1, refused=2),
        LOOK_UP: ToolHistory(ok=len(story.looked_up), facts={"charge": tuple(sorted(story.looked_up))}),
        REFUND: ToolHistory(ok=int(story.cents_before > 0)),
    }
    assurance = "authenticated" if story.is_proved else "asserted"
    common = {
        "history": called,
        "principal": Principal(
            id="casey",
            kind="user" if story.is_person else "system",
            assurance=assurance,  # type: ignore[arg-type]  # one of its words
        ),
        "environment_kind": "live" if story.for_real else "sandbox",
        "environment": "live" if story.for_real else "sandbox",
        "run": replace(policy_request().run, kind="eval" if story.is_rehearsal else "live"),
        "entry": contract().allowed(story.tool),
    }
    if story.tool == REFUND:
        return _refund(story, common)
    name, value = {READ: ("ticket_id", "4201")}.get(story.tool, ("charge", story.charge))
    argument = value if story.strange_value is None else story.strange_value
    descriptor = sample_tools().get(
        story.tool, described(story.tool, {"properties": {name: {"type": "string"}}})
    )
    return replace(
        policy_request(),
        descriptor=descriptor,
        arguments={name: argument},
        facts={name: value},
        sources={f"/{name}": ("input",)},
        **common,
    )


def _refund(story: Story, common: dict[str, Any]) -> PolicyRequest:
    usual = refund_request(story.cents, story.charge, **common)
    total = plain(Decimal(story.cents + story.cents_before) / 100)
    facts = {**usual.facts, "amount_usd_total": total}
    if not story.currency_is_dollars:
        facts = {"charge": story.charge, "currency": "eur"}
    wrong = {} if story.strange_value is None else {"currency": story.strange_value}
    whence = "RUN/0/0" if story.amount_from_stranger else "RUN/1/0"
    return replace(
        usual,
        facts=facts,
        arguments={**usual.arguments, **wrong},
        sources={**usual.sources, "/amount": (whence,)},
    )


@cache
def contract() -> AgentContract:
    """Return the sample contract."""
    return ProjectFiles(CONTRACTS.parent).agent("refund-assistant").document


def authorities(**instead: dict[str, str]) -> tuple[PolicyEngine, ...]:
    """Return every authority of the sample project, with other policies where a test says so."""
    rules = PlatformRules()
    return (
        AllowlistPolicy(contract()),
        PlatformPolicy(rules),
        ProvedPrincipals(rules),
        cedar(instead.get("contract", sample_policy("refund-assistant"))),
        cedar(instead.get("platform", sample_policy("platform")), authority="platform"),
    )


async def disagreement(engines: Iterable[PolicyEngine], seed: int, count: int) -> Story | None:
    """Return the first story on which authorities and oracle disagree."""
    chance = random.Random(seed)
    for _ in range(count):
        story = told(chance)
        answers = [await engine.decide(asked(story)) for engine in engines]
        quorum = max((answer.terms.quorum for answer in answers if answer.terms is not None), default=1)
        decision = strictest(answers)
        expected, needed = meant(story)
        if decision != expected or (decision == "needs_approval" and quorum != needed):
            return story
    return None


@pytest.mark.parametrize("seed", [1, 2])
async def test_authorities_and_oracle_agree(seed: int) -> None:
    """A slice of the long count, the same every time."""
    assert await disagreement(authorities(), seed, count=1_000) is None


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(3, 13))
async def test_authorities_and_oracle_agree_on_a_hundred_thousand(seed: int) -> None:
    """Ten times ten thousand stories, other ones than above."""
    assert await disagreement(authorities(), seed, count=10_000) is None


def test_the_stories_are_worth_telling() -> None:
    """Each decision is meant often enough, or agreement proves nothing."""
    chance = random.Random(1)
    said = [meant(told(chance)) for _ in range(1_000)]
    assert {("deny", 1), ("allow", 1), ("needs_approval", 1), ("needs_approval", 2)} == set(said)
    assert all(said.count(one) > 40 for one in set(said))


PLANTED = {
    "any charge": ("contract", "facts.charge.contains(context.facts.charge)", "ok > 0"),
    "no ticket": ("contract", '["zendesk.read_ticket"].ok > 0', '["zendesk.read_ticket"].ok >= 0'),
    "a cent too much": ("contract", 'decimal("1000.0")', 'decimal("1000.01")'),
    "a cent too little": ("contract", "lessThanOrEqual", "lessThan"),
    "one approver": ("contract", '@quorum("2")', '@quorum("1")'),
    "two above, not at": ("contract", "lessThan(", "lessThanOrEqual("),
    "this call's amount only": ("contract", "amount_usd_total", "amount_usd"),
    "reads are not permitted": (
        "contract",
        "permit (\n  principal,\n  action in",
        "forbid (\n  principal,\n  action in",
    ),
    "rehearsals may": ("platform", 'context.run.kind == "live"', 'context.run.kind != "replay"'),
    "systems may": ("platform", 'principal.kind == "user"', 'principal.kind != "robot"'),
    "the platform says nothing": (
        "platform",
        "(principal, action, resource);",
        '(principal == User::"nobody", action, resource);',
    ),
}


@pytest.mark.parametrize("name", PLANTED)
async def test_a_planted_fault_is_found(name: str) -> None:
    """A wrong word in a policy, and the oracle disagrees."""
    which, right, wrong = PLANTED[name]
    sample = sample_policy("platform" if which == "platform" else "refund-assistant")
    planted = {file: text.replace(right, wrong) for file, text in sample.items()}
    assert planted != sample
    assert await disagreement(authorities(**{which: planted}), seed=1, count=1_000) is not None
