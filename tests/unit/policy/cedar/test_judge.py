"""Tests of Cedar as an engine: what policies can say, and that neither files' order nor names change what they decide."""

import random
from collections.abc import Mapping

import cedarpy
import pytest
from msgspec.structs import replace

from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.events.approval import ApprovalTerms
from agentctl.events.base import Principal
from agentctl.events.tool import PolicyAnswer
from agentctl.foundation.errors import InvalidInput
from agentctl.policy.cedar.rules import read_rules
from agentctl.policy.engine import ToolHistory
from tests.fakes.policy import (
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

OPEN = '@id("open") permit (principal, action, resource);\n'


async def test_nothing_permits_nothing() -> None:
    """No rule, or none that matches: denied, and the answer says by whom."""
    for text in ("", 'permit (principal == User::"dana", action, resource);'):
        said = await cedar(text).decide(refund_request())
        assert (said.decision, said.errors) == ("deny", ())
        assert said.reasons == ("`test:policy` does not permit it",)


async def test_the_rules_that_decided_are_named() -> None:
    """All permits that match; for a denial the forbids."""
    text = OPEN + '@id("too") permit (principal, action, resource);\n'
    assert (await cedar(text).decide(refund_request())).reasons == ("open", "too")
    text += '@id("no") forbid (principal, action, resource);'
    assert (await cedar(text).decide(refund_request())).reasons == ("no",)


async def test_the_same_question_is_put_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cedar says the same of the same; a difference in anything that its rules look at is another question."""
    asked: list[object] = []
    ask = cedarpy.is_authorized

    def counted(*question: object) -> cedarpy.AuthzResult:
        asked.append(question)
        return ask(*question)

    monkeypatch.setattr(cedarpy, "is_authorized", counted)
    engine = cedar(
        'permit (principal == User::"casey", action, resource) when { context.run.tool_calls < 3 };'
    )
    dana = Principal(id="dana", kind="user", assurance="asserted")
    so_far = refund_request().run
    later = "2026-12-24T00:00:00.000000Z"
    requests = (
        (refund_request(), "allow", 1),
        (refund_request(step=7, now=later), "allow", 0),  # no rule looks at these
        (refund_request(run=replace(so_far, tool_calls=3)), "deny", 1),  # nor at whether it is approved
        (refund_request(principal=dana), "deny", 1),
        (refund_request(principal=dana, teams=("payments",)), "deny", 1),
        (refund_request(), "allow", 0),
    )
    for request, decision, times in requests:
        asked.clear()
        assert ((await engine.decide(request)).decision, len(asked)) == (decision, times)


async def test_what_could_not_be_said_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash denies, and is not remembered."""
    engine = cedar(OPEN)

    def broken(*question: object) -> cedarpy.AuthzResult:
        raise RuntimeError(f"no answer to {len(question)}")

    with monkeypatch.context() as planted:
        planted.setattr(cedarpy, "is_authorized", broken)
        assert (await engine.decide(refund_request())).decision == "deny"
    assert (await engine.decide(refund_request())).decision == "allow"


async def test_only_after() -> None:
    """A call only after another went well; an attempt that failed or is in doubt does not count."""
    engine = cedar(f'permit (principal, action, resource) when {{ context.history["{READ}"].ok > 0 }};')
    assert (await engine.decide(refund_request())).decision == "allow"
    for history in ({}, {READ: ToolHistory(failed=1)}, {READ: ToolHistory(refused=3, in_doubt=1)}):
        assert (await engine.decide(refund_request(history=history))).decision == "deny"


async def test_at_most_so_often() -> None:
    """What may have happened counts as happened."""
    engine = cedar(
        f'{OPEN} forbid (principal, action == Action::"{REFUND}", resource) when '
        f'{{ context.history["{REFUND}"].ok + context.history["{REFUND}"].in_doubt >= 2 }};'
    )
    for called, decision in (
        (ToolHistory(), "allow"),
        (ToolHistory(ok=1, failed=9), "allow"),
        (ToolHistory(ok=1, in_doubt=1), "deny"),
        (ToolHistory(ok=3), "deny"),
    ):
        assert (await engine.decide(refund_request(history={REFUND: called}))).decision == decision


async def test_the_same_that_was_read() -> None:
    """Only for the very charge that was looked up in this run."""
    engine = cedar(
        f'permit (principal, action == Action::"{REFUND}", resource) when {{ context.facts has charge && '
        f'context.history["{LOOK_UP}"].facts.charge.contains(context.facts.charge) }};'
    )
    assert (await engine.decide(refund_request(charge="ch_1"))).decision == "allow"
    assert (await engine.decide(refund_request(charge="ch_2"))).decision == "deny"
    assert (await engine.decide(refund_request(facts={}))).decision == "deny"


async def test_where_an_argument_came_from() -> None:
    """Not on a stranger's word; where nobody says whence, everything that was seen may be the source."""
    engine = cedar(
        f'{OPEN} forbid (principal, action == Action::"{REFUND}", resource) '
        'when { context.sources.amount.labels.contains("untrusted") };'
    )
    assert (await engine.decide(refund_request(sources={"/amount": ("RUN/1/0",)}))).decision == "allow"
    assert (await engine.decide(refund_request(sources={"/amount": ("RUN/0/0",)}))).decision == "deny"
    assert (await engine.decide(refund_request(sources={}))).decision == "deny"


async def test_policies_may_ask_for_an_approval() -> None:
    """Denied as things are, allowed if approved; what permits and what forbids may both demand something of it."""
    text = (
        '@id("lifted") @quorum("2") @reviewers("alice,bob") permit (principal, action, resource) '
        "when { context.approval.granted };\n"
        '@id("gate") @expires_in("2h") @valid_for("10m") forbid (principal, action, resource) '
        "unless { context.approval.granted };"
    )
    said = await cedar(text).decide(refund_request())
    assert (said.decision, said.reasons) == ("needs_approval", ("gate", "lifted"))
    assert said.terms == ApprovalTerms(
        quorum=2, reviewers=("alice", "bob"), expires_in_seconds=7_200, valid_for_seconds=600
    )


async def test_a_forbid_that_no_approval_lifts_stays() -> None:
    """A broad permit under approval does not turn it round."""
    text = OPEN + '@id("never") forbid (principal, action, resource) when { context.run.step > 1 };'
    said = await cedar(text).decide(refund_request())
    assert (said.decision, said.reasons) == ("deny", ("never",))


async def test_rules_for_other_tools_play_no_part() -> None:
    """Only rules whose scope takes the call are asked, so none of the others can fail on it."""
    text = f'{OPEN} forbid (principal, action == Action::"{READ}", resource) when {{ context.args.ticket_id == "1" }};'
    assert (await cedar(text).decide(refund_request())).decision == "allow"


async def test_a_tool_beyond_the_schema_is_denied() -> None:
    """Whoever asks for it, and whatever is permitted."""
    said = await cedar(OPEN).decide(policy_request("x.y"))
    assert said.decision == "deny"
    assert "x.y" in said.errors[0]


async def test_a_decision_does_not_leak_into_the_next() -> None:
    """Entities and policies are kept between calls; who asks is not."""
    engine = cedar('permit (principal in Team::"support", action, resource);')
    for team, decision in (("support", "allow"), ("finance", "deny"), ("support", "allow")):
        assert (await engine.decide(refund_request(teams=(team,)))).decision == decision


def test_what_is_wrong_stops_before_the_first_decision() -> None:
    """Every problem of every file, each with its place."""
    with pytest.raises(InvalidInput) as raised:
        cedar(
            {
                "a.cedar": "permit (principal, action);",
                "b.cedar": "permit (principal, action, resource) when { 1 };",
            }
        )
    assert {problem.place.file for problem in raised.value.problems} == {"a.cedar", "b.cedar"}


async def test_an_argument_that_cedar_cannot_carry_stands_in_nobodys_way() -> None:
    """Policies that do not speak of it decide as ever."""
    tool = described("a.b", {"properties": {"x": {"type": "number"}}}, effect="read")
    request = refund_request(descriptor=tool, arguments={"x": 0.5}, facts={}, sources={})
    assert (await cedar(OPEN, {"a.b": tool}).decide(request)).decision == "allow"


# -- the order of files --------------------------------------------------------------------------

REQUESTS = (
    refund_request(),
    refund_request(60_000),
    refund_request(charge="ch_2"),
    refund_request(history={}),
    refund_request(200_000, principal=Principal(id="system:a", kind="system", assurance="platform")),
    refund_request(descriptor=sample_tools()[LOOK_UP], arguments={"charge": "ch_1"}),
)


def in_pieces() -> dict[str, str]:
    """Return the sample's policies with one rule per file."""
    rules = [
        rule for name in ("refund-assistant", "platform") for rule in read_rules(sample_policy(name)).rules
    ]
    return {f"{number}.cedar": rule.text for number, rule in enumerate(rules)}


def shuffled(texts: Mapping[str, str], seed: int) -> PolicyVersion:
    """Return a policy set with its files in some order, and rules in some order within one of them."""
    order = random.Random(seed)
    files = list(texts.items())
    order.shuffle(files)
    kept, joined = files[: len(files) // 2], files[len(files) // 2 :]
    names = tuple(name for name, _ in files)
    together = {"joined.cedar": "\n".join(text for _, text in joined)} if seed % 2 else dict(joined)
    return PolicyVersion(CedarPolicies(engine="cedar", files=names), {**dict(kept), **together})


async def answers_of(version: PolicyVersion) -> list[PolicyAnswer]:
    """Return what a policy set says of all requests."""
    engine = cedar(version.texts)
    return [await engine.decide(request) for request in REQUESTS]


async def see_no_difference(seeds: range) -> None:
    """Fail where the order of files changes a decision, a reason, a demand or the digest."""
    expected = await answers_of(shuffled(in_pieces(), 0))
    assert {answer.decision for answer in expected} == {"allow", "needs_approval", "deny"}
    digest = shuffled(in_pieces(), 0).digest
    for seed in seeds:
        version = shuffled(in_pieces(), seed)
        assert await answers_of(version) == expected, seed
        if seed % 2 == 0:
            assert version.digest == digest, seed


async def test_the_order_of_files_changes_nothing() -> None:
    """Same decisions, reasons, demands and digest, in any order of files and of rules within them."""
    await see_no_difference(range(1, 25))


@pytest.mark.campaign
async def test_the_order_of_files_changes_nothing_in_a_thousand_orders() -> None:
    """The long count of the same."""
    await see_no_difference(range(1, 1_001))
