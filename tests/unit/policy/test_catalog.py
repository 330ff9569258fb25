"""Tests of which engine judges by which policy set, and of what a set that cannot be used says."""

import sys
from collections.abc import Mapping
from subprocess import run

import pytest
from typing_extensions import override

from agentctl.contract.policy_source import CedarPolicies
from agentctl.contract.policy_version import PolicyVersion
from agentctl.foundation.clock import SystemClock
from agentctl.foundation.errors import InvalidInput
from agentctl.policy.catalog import Around, engines_for
from tests.fakes.policy import refund_request, sample_policy, sample_tools

AROUND = Around(sample_tools(), {}, lambda _: None)


class LeapingClock(SystemClock):
    """A clock by which so many seconds lie between two looks at it."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._looks = 0

    @override
    def monotonic_ns(self) -> int:
        """Return a later moment with each look."""
        self._looks += 1
        return self._looks * self._seconds * 1_000_000_000


def version(texts: Mapping[str, str]) -> PolicyVersion:
    """Return a Cedar policy set."""
    return PolicyVersion(CedarPolicies(engine="cedar", files=tuple(texts)), texts)


async def test_each_policy_set_is_an_authority_of_its_own() -> None:
    """With its name and digest, and a clock that measures it."""
    sets = (version(sample_policy("refund-assistant")), version(sample_policy("platform")))
    engines = engines_for(sets, "platform", AROUND)
    for engine, policies in zip(engines, sets, strict=True):
        said = await engine.decide(refund_request())
        assert (said.authority, said.policy, said.digest) == ("platform", policies.name, policies.digest)
        assert said.decision == "needs_approval"
        assert 0 < said.latency_us < 5_000_000


async def test_a_busy_machine_is_no_denial() -> None:
    """A decision for which the process had to wait three seconds for its turn still counts; half a minute is too long."""
    for seconds, decision in ((3, "needs_approval"), (30, "deny")):
        slow = Around(sample_tools(), {}, lambda _: None, LeapingClock(seconds))
        (engine,) = engines_for((version(sample_policy("platform")),), "platform", slow)
        assert (await engine.decide(refund_request())).decision == decision


def test_no_policies_are_no_authorities() -> None:
    """Whether that is enough, the other authorities say."""
    assert engines_for((), "policy", AROUND) == ()


def test_a_policy_set_that_cannot_be_used_stops_before_the_run() -> None:
    """Nothing is judged by half a set."""
    broken = version({"a.cedar": "permit (principal, action, resource) when { context.nothing };"})
    with pytest.raises(InvalidInput, match=r"a\.cedar:1"):
        engines_for((version(sample_policy("platform")), broken), "policy", AROUND)


def test_the_authority_decides_whether_other_contracts_tools_may_be_named() -> None:
    """The platform's policies hold over all contracts; a contract's own only over its tools."""
    elsewhere = version({"a.cedar": 'forbid (principal, action == Action::"hr.fire", resource);'})
    assert engines_for((elsewhere,), "platform", AROUND)
    with pytest.raises(InvalidInput, match=r"hr\.fire"):
        engines_for((elsewhere,), "policy", AROUND)


def test_cedar_is_loaded_only_where_it_is_used() -> None:
    """The catalog itself costs nothing."""
    code = "import sys; import agentctl.policy.catalog; sys.exit('cedarpy' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
