"""Tests of the fakes for policies: what they pass off as the gateway's requests is what the gateway makes."""

from agentctl.foundation.money import plain
from agentctl.policy.engine import PolicyRequest
from agentctl.policy.judge import Judgement
from agentctl.tools.facts import facts_of
from tests.fakes.policy import ScriptedJudge, policy_request, refund_request, sample_tools


def test_a_refunds_facts_are_those_of_its_arguments() -> None:
    """Computed as the registry does; the total is that of a first refund."""
    for cents in (1, 4_900, 123_456):
        request = refund_request(cents)
        facts = facts_of(request.descriptor, request.arguments)
        assert facts.missing == {}
        computed = {
            name: value if isinstance(value, str) else plain(value) for name, value in facts.values.items()
        }
        assert request.facts == {**computed, "amount_usd_total": computed["amount_usd"]}


def test_a_refund_has_sources_and_history_for_all() -> None:
    """Every argument has a source with labels, every tool of the contract a history."""
    request: PolicyRequest = refund_request()
    assert set(request.sources) == {f"/{name}" for name in request.arguments}
    assert {source for ids in request.sources.values() for source in ids} <= set(request.labels)
    assert set(request.history) == set(sample_tools())


async def test_a_scripted_judge_says_what_it_was_told() -> None:
    """Once as things are, once under an assumption, and it remembers both."""
    judge = ScriptedJudge(Judgement(allowed=False), lambda: Judgement(allowed=True))
    request = policy_request()
    assert (await judge.judge(request)).allowed is False
    assert (await judge.judge(request.if_approved())).allowed is True
    assert judge.asked == [False, True]
